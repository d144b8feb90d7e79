//! Calls about the characters and bytes of a text: CONCAT, LENGTH, HEX, CHAR, QUOTE, SHA2.

use sqlparser::ast::Expr;

use super::call_parts::Call;
use super::texts::joined;
use crate::catalog::ValueKind;
use crate::dialect::syntax::number;
use crate::dialect::template::build;
use crate::dialect::values::shown;
use crate::syntax::Dialect;

/// A call about the characters and bytes of a text.
pub(super) fn encodings(call: &Call<'_>) -> Option<Expr> {
    let Call { rewriter, name, arguments, mysql, .. } = *call;
    match (name, arguments) {
        ("concat", [first, rest @ ..]) if rewriter.dialect == Dialect::MySql && !rest.is_empty() => {
            let mut parts = vec![*first];
            parts.extend(rest);
            joined(rewriter, &parts)
        }
        // In bytes; that of a text in characters is CHAR_LENGTH.
        ("length", [value]) if rewriter.dialect == Dialect::MySql => match rewriter.scopes.kind(value) {
            None | Some(ValueKind::Text | ValueKind::Other) => build("OCTET_LENGTH($1)", &[value]),
            _ => build("OCTET_LENGTH($1)", &[&shown::as_text(rewriter, value)?]),
        },
        ("hex", [value]) => match rewriter.scopes.kind(value) {
            // In MySQL a number in base 16, in SQLite the digits of its text.
            Some(kind) if mysql && kind.is_number() => build("UPPER(TO_HEX(CAST($1 AS BIGINT)))", &[value]),
            Some(ValueKind::Other) if mysql => build("UPPER(ENCODE($1, 'hex'))", &[value]),
            Some(ValueKind::Other) => build("COALESCE(UPPER(ENCODE($1, 'hex')), '')", &[value]),
            // SQLite's of NULL is the empty text.
            Some(ValueKind::Text) if !mysql && !rewriter.scopes.known(value).is_some_and(|known| known.not_null) => {
                build("COALESCE(UPPER(ENCODE(CONVERT_TO($1, 'UTF8'), 'hex')), '')", &[value])
            }
            Some(ValueKind::Text) => build("UPPER(ENCODE(CONVERT_TO($1, 'UTF8'), 'hex'))", &[value]),
            _ if !mysql && !rewriter.scopes.known(value).is_some_and(|known| known.not_null) => {
                build("COALESCE(UPPER(ENCODE(CONVERT_TO(CAST($1 AS TEXT), 'UTF8'), 'hex')), '')", &[value])
            }
            _ => build("UPPER(ENCODE(CONVERT_TO(CAST($1 AS TEXT), 'UTF8'), 'hex'))", &[value]),
        },
        ("char", [first, rest @ ..]) => {
            let mut whole = build("CHR($1)", &[first])?;
            for code in rest {
                whole = build("$1 || CHR($2)", &[&whole, code])?;
                if let Expr::BinaryOp { left, .. } = &mut whole
                    && let Expr::Nested(inner) = &**left
                {
                    *left = inner.clone();
                }
            }
            Some(whole)
        }
        // Numbers stand bare in SQLite's.
        ("quote", [value]) if !mysql && rewriter.scopes.kind(value).is_some_and(ValueKind::is_number) => {
            let shown = shown::as_text(rewriter, value)?;
            match rewriter.scopes.known(value).is_some_and(|known| known.not_null) {
                true => Some(shown),
                false => build("COALESCE($1, 'NULL')", &[&shown]),
            }
        }
        ("unicode", [value]) if !mysql => build("NULLIF(ASCII($1), 0)", &[value]),
        ("sha2", [value, Expr::Value(length)]) => {
            let template = match number(length)? {
                0 | 256 => "ENCODE(SHA256(CONVERT_TO($1, 'UTF8')), 'hex')",
                224 => "ENCODE(SHA224(CONVERT_TO($1, 'UTF8')), 'hex')",
                384 => "ENCODE(SHA384(CONVERT_TO($1, 'UTF8')), 'hex')",
                512 => "ENCODE(SHA512(CONVERT_TO($1, 'UTF8')), 'hex')",
                _ => return None,
            };
            build(template, &[value])
        }
        _ => call.by_template(),
    }
}
