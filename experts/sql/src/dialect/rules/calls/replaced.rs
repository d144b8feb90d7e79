//! Calls that become another expression.

use sqlparser::ast::{
    CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, UnaryOperator, Value,
};

use super::rounding::rounded;
use super::texts::{joined, printed};
use super::{regexps, templates};
use crate::dialect::dialects::Dialect;
use crate::dialect::moments;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, case, case_of, integer, is_condition, literal, number};
use crate::dialect::template::build;
use crate::dialect::value_kind::ValueKind;
use crate::dialect::values::{numbers, shown};

/// A call that becomes another expression altogether.
pub(super) fn replaced(rewriter: &Rewriter<'_>, name: &str, function: &Function) -> Option<Expr> {
    if matches!(function.args, FunctionArguments::None) {
        return templates::replaced(rewriter.dialect, function);
    }
    let arguments = arguments(function)?;
    let mysql = rewriter.dialect == Dialect::MySql;
    match (name, &arguments[..]) {
        ("if" | "iif", [condition, yes]) => Some(case(condition, yes, None)),
        ("if" | "iif", [condition, yes, no]) => Some(case(condition, yes, Some(no))),
        ("isnull", [value]) => build("$1 IS NULL", &[value]),
        ("isnull", [value, other]) => build("COALESCE($1, $2)", &[value, other]),
        ("locate", [part, whole]) => build("STRPOS($1, $2)", &[whole, part]),
        ("substring_index", [text, mark, Expr::Value(count)]) if number(count) == Some(1) => {
            build("SPLIT_PART($1, $2, 1)", &[text, mark])
        }
        ("substring_index", [text, mark, Expr::UnaryOp { op: UnaryOperator::Minus, expr }]) if matches!(&**expr, Expr::Value(count) if number(count) == Some(1)) => {
            build("SPLIT_PART($1, $2, -1)", &[text, mark])
        }
        ("concat", [first, rest @ ..]) if rewriter.dialect == Dialect::MySql && !rest.is_empty() => {
            let mut parts = vec![*first];
            parts.extend(rest);
            joined(rewriter, &parts)
        }
        ("elt", [position, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[position, &integer(i + 1)])?;
                    Some(CaseWhen { condition, result: (*item).clone() })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, None))
        }
        ("find_in_set", [value, list]) => {
            let known = |e: &Expr| rewriter.scopes.known(e).is_some_and(|known| known.not_null);
            let template = match known(value) && known(list) {
                true => "COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0)",
                false => {
                    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN COALESCE(ARRAY_POSITION(STRING_TO_ARRAY($2, ','), $1), 0) END"
                }
            };
            build(template, &[value, list])
        }
        // Beyond 24 hours a time is a span.
        ("addtime" | "subtime", [time, span]) if mysql => {
            let moment = rewriter.scopes.kind(time) == Some(ValueKind::Timestamp);
            let written = literal(time).map(|(text, _)| moments::has_time(text.trim()).is_some());
            let template = match (name, moment, written) {
                ("addtime", true, _) => "$1 + CAST($2 AS INTERVAL)",
                ("subtime", true, _) => "$1 - CAST($2 AS INTERVAL)",
                ("addtime", _, Some(true)) => "CAST($1 AS TIMESTAMP) + CAST($2 AS INTERVAL)",
                (_, _, Some(true)) => "CAST($1 AS TIMESTAMP) - CAST($2 AS INTERVAL)",
                ("addtime", ..) => "CAST($1 AS INTERVAL) + CAST($2 AS INTERVAL)",
                _ => "CAST($1 AS INTERVAL) - CAST($2 AS INTERVAL)",
            };
            build(template, &[time, span])
        }
        ("mid", [text, from, length]) => build("SUBSTRING($1, $2, $3)", &[text, from, length]),
        ("mid", [text, from]) => build("SUBSTRING($1, $2)", &[text, from]),
        ("log", [base, value]) => build("LN($1) / LN($2)", &[value, base]),
        // In bytes; that of a text in characters is CHAR_LENGTH.
        ("length", [value]) if rewriter.dialect == Dialect::MySql => match rewriter.scopes.kind(value) {
            None | Some(ValueKind::Text | ValueKind::Other) => build("OCTET_LENGTH($1)", &[value]),
            _ => build("OCTET_LENGTH($1)", &[&shown::as_text(rewriter, value)?]),
        },
        // Of no rows it is 0, and always with a fraction.
        ("total", [value]) if rewriter.dialect == Dialect::Sqlite => {
            let number = match rewriter.scopes.kind(value) {
                Some(ValueKind::Text) => numbers::of_text(rewriter, value)?,
                Some(ValueKind::Boolean) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ if is_condition(value) => build("CASE WHEN $1 THEN 1 ELSE 0 END", &[value])?,
                _ => (*value).clone(),
            };
            let mut sum = function.clone();
            sum.name = ObjectName::from(vec![Ident::new("SUM")]);
            if let FunctionArguments::List(list) = &mut sum.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(build(
                    "CAST($1 AS DOUBLE PRECISION)",
                    &[&number],
                )?))];
            }
            build("COALESCE($1, 0)", &[&Expr::Function(sum)])
        }
        ("printf" | "format", [Expr::Value(format), values @ ..]) if rewriter.dialect == Dialect::Sqlite => {
            let Value::SingleQuotedString(format) = &format.value else { return None };
            printed(rewriter, format, values)
        }
        ("format", [value, Expr::Value(places)]) if rewriter.dialect == Dialect::MySql => {
            let places = usize::try_from(number(places)?).ok().filter(|n| *n <= 20)?;
            let point = if places == 0 { String::new() } else { format!(".{}", "0".repeat(places)) };
            let format = Expr::Value(Value::SingleQuotedString(format!("FM999,999,999,999,990{point}")).into());
            // A floating-point number is rounded by its binary value.
            let power = matches!(value, Expr::Value(n) if n.to_string().contains(['e', 'E']));
            let float = power || rewriter.scopes.kind(value) == Some(ValueKind::Float);
            let value = match (float && rewriter.certain, places) {
                (true, 0) => build("ROUND(CAST($1 AS DOUBLE PRECISION))", &[value])?,
                (true, _) => rounded(rewriter, "round", value, &integer(places)).unwrap_or_else(|| (*value).clone()),
                _ => (*value).clone(),
            };
            build("TO_CHAR(CAST($1 AS NUMERIC), $2)", &[&value, &format])
        }
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
        ("field", [value, list @ ..]) if !list.is_empty() => {
            let conditions = list
                .iter()
                .enumerate()
                .map(|(i, item)| {
                    let condition = build("$1 = $2", &[value, item])?;
                    Some(CaseWhen { condition, result: integer(i + 1) })
                })
                .collect::<Option<Vec<_>>>()?;
            Some(case_of(conditions, Some(integer(0))))
        }
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
        ("conv", [value, from, to]) => {
            let base = |e: &Expr| match e {
                Expr::Value(value) => number(value),
                _ => None,
            };
            let template = match (base(from)?, base(to)?) {
                (10, 16) => "UPPER(TO_HEX(CAST($1 AS BIGINT)))",
                (10, 8) => "TO_OCT(CAST($1 AS BIGINT))",
                (10, 2) => "TO_BIN(CAST($1 AS BIGINT))",
                _ => return None,
            };
            build(template, &[value])
        }
        // By a distance from Greenwich: as a text PostgreSQL would take it the other way round.
        ("convert_tz", [value, from, to]) => {
            let zone = |zone: &Expr| match literal(zone) {
                Some((text, false)) if text.starts_with(['+', '-']) => build("CAST($1 AS INTERVAL)", &[zone]),
                _ => Some(zone.clone()),
            };
            build("$1 AT TIME ZONE $2 AT TIME ZONE $3", &[value, &zone(from)?, &zone(to)?])
        }
        ("lpad" | "rpad", [_, Expr::UnaryOp { op: UnaryOperator::Minus, .. }, _]) if mysql => {
            Some(Expr::Value(Value::Null.into()))
        }
        // Numbers stand bare in SQLite's.
        ("quote", [value]) if !mysql && rewriter.scopes.kind(value).is_some_and(ValueKind::is_number) => {
            let shown = shown::as_text(rewriter, value)?;
            match rewriter.scopes.known(value).is_some_and(|known| known.not_null) {
                true => Some(shown),
                false => build("COALESCE($1, 'NULL')", &[&shown]),
            }
        }
        // Its arguments stay of two kinds, and nothing of one equals anything of the other.
        ("nullif", [value, other])
            if !mysql
                && rewriter.certain
                && rewriter.scopes.kind(value).is_some_and(ValueKind::is_number)
                && matches!(literal(other), Some((_, false))) =>
        {
            Some((*value).clone())
        }
        ("unicode", [value]) if !mysql => build("NULLIF(ASCII($1), 0)", &[value]),
        ("round" | "truncate", [value, digits]) => rounded(rewriter, name, value, digits),
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
        ("substring_index", [text, mark, Expr::Value(count)]) => {
            let count = integer(usize::try_from(number(count)?).ok()?);
            build("ARRAY_TO_STRING((STRING_TO_ARRAY($1, $2))[:$3], $2)", &[text, mark, &count])
        }
        ("locate", [part, whole, from]) => build(
            "CASE WHEN STRPOS(SUBSTRING($1 FROM $3), $2) = 0 THEN 0 ELSE STRPOS(SUBSTRING($1 FROM $3), $2) + $3 - 1 END",
            &[whole, part, from],
        ),
        _ => regexps::call(rewriter, function).or_else(|| templates::replaced(rewriter.dialect, function)),
    }
}
