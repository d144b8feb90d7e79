//! Parts of a date or a point in time, as numbers and names.

use sqlparser::ast::Expr;

use super::moment::moment;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;

/// Functions of one moment, and what each is.
const PARTS: [(&str, &str); 18] = [
    ("day", "EXTRACT(DAY FROM $1)"),
    ("dayname", "TO_CHAR($1, 'FMDay')"),
    ("dayofmonth", "EXTRACT(DAY FROM $1)"),
    // MySQL counts from Sunday as 1, PostgreSQL as 0; WEEKDAY from Monday as 0.
    ("dayofweek", "EXTRACT(DOW FROM $1) + 1"),
    ("dayofyear", "EXTRACT(DOY FROM $1)"),
    ("hour", "EXTRACT(HOUR FROM $1)"),
    ("last_day", "CAST(DATE_TRUNC('month', $1) + INTERVAL '1 month - 1 day' AS DATE)"),
    ("microsecond", "MOD(EXTRACT(MICROSECONDS FROM $1), 1000000)"),
    ("minute", "EXTRACT(MINUTE FROM $1)"),
    ("month", "EXTRACT(MONTH FROM $1)"),
    ("monthname", "TO_CHAR($1, 'FMMonth')"),
    ("quarter", "EXTRACT(QUARTER FROM $1)"),
    ("to_days", "CAST($1 AS DATE) - DATE '0001-01-01' + 366"),
    ("to_seconds", "CAST(EXTRACT(EPOCH FROM $1) AS BIGINT) + 62167219200"),
    ("unix_timestamp", "CAST(EXTRACT(EPOCH FROM $1) AS BIGINT)"),
    ("weekday", "EXTRACT(ISODOW FROM $1) - 1"),
    ("weekofyear", "EXTRACT(WEEK FROM $1)"),
    ("year", "EXTRACT(YEAR FROM $1)"),
];

/// A call for one part of one moment.
pub(super) fn part(rewriter: &Rewriter<'_>, name: &str, arguments: &[&Expr]) -> Option<Expr> {
    let [value] = arguments else { return None };
    let template = match name {
        "second" => seconds(value),
        _ => PARTS.iter().find(|(part, _)| *part == name)?.1,
    };
    build(template, &[&moment(rewriter, value)])
}

/// The seconds of a moment: a column of MySQL's has no parts of one, what is computed may.
pub(super) fn seconds(value: &Expr) -> &'static str {
    match value {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => "EXTRACT(SECOND FROM $1)",
        _ => "FLOOR(EXTRACT(SECOND FROM $1))",
    }
}
