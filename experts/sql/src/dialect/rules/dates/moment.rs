//! A value as a date or a point in time.

use sqlparser::ast::{Expr, Value};

use crate::catalog::ValueKind;
use crate::dialect::number_texts;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// `value` as a point in time, cast unless it is one.
pub(super) fn moment(rewriter: &Rewriter<'_>, value: &Expr) -> Expr {
    let known = rewriter.scopes.kind(value);
    let is_moment = matches!(known, Some(ValueKind::Date | ValueKind::Timestamp))
        || matches!(
            value,
            Expr::Cast { data_type: sqlparser::ast::DataType::Date | sqlparser::ast::DataType::Timestamp(..), .. }
        )
        || matches!(value, Expr::Function(f) if matches!(last_part(&f.name).as_str(), "now" | "current_date" | "current_timestamp"));
    if is_moment {
        return value.clone();
    }
    // Of a text that is no time string SQLite has NULL, where PostgreSQL may find a date.
    let template = match shows_none(rewriter, value) {
        true => {
            r"CAST(SUBSTRING($1 FROM '^\s*\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:\d\d)?)?\s*$') AS TIMESTAMP)"
        }
        false => "CAST($1 AS TIMESTAMP)",
    };
    build(template, &[value]).unwrap_or_else(|| value.clone())
}

/// Whether rows, or the value itself, show a text that SQLite does not read as a date. It reads times of day
/// and numbers as well, which PostgreSQL refuses.
fn shows_none(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    if rewriter.dialect != Dialect::Sqlite || !rewriter.certain {
        return false;
    }
    let shape = |text: &str, shape: &str| {
        text.len() >= shape.len()
            && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    let date = |text: &str| {
        let text = text.trim();
        shape(text, "0000-00-00") && (text.len() == 10 || shape(text.get(11..).unwrap_or_default(), "00:00"))
    };
    let other = |text: &str| shape(text, "00:00") || number_texts::is_number(text);
    let texts: Vec<&str> = match (text(value), rewriter.scopes.declared(value)) {
        (Some(text), _) => vec![text],
        (None, Some(column)) => column.texts.iter().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    };
    texts.iter().any(|text| !date(text)) && !texts.iter().any(|text| other(text))
}

/// The text that an expression is.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        // A format in double quotes, read as a name.
        Expr::Identifier(ident) if ident.quote_style == Some('"') => Some(&ident.value),
        _ => None,
    }
}
