//! Sums and differences of dates, and dates that are made of numbers.

use sqlparser::ast::Expr;

use super::intervals::{added, counted, difference, sum};
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;

/// A call that adds to dates or subtracts them.
pub(super) fn arithmetic(rewriter: &Rewriter<'_>, name: &str, arguments: &[&Expr]) -> Option<Expr> {
    match (name, arguments) {
        ("timediff", [later, earlier])
            if [later, earlier].iter().all(|e| rewriter.scopes.kind(e) == Some(ValueKind::Timestamp)) =>
        {
            build("$1 - $2", &[later, earlier])
        }
        ("timestampadd", [Expr::Identifier(unit), count, value]) => {
            let unit = unit.value.to_lowercase();
            let unit = unit.strip_prefix("sql_tsi_").unwrap_or(&unit);
            let span = build(counted(unit)?, &[count])?;
            added(rewriter, value, &span, unit, "$1 + $2")
        }
        ("datediff", [later, earlier]) => {
            build("CAST($1 AS DATE) - CAST($2 AS DATE)", &[later, earlier]).map(|e| Expr::Nested(Box::new(e)))
        }
        ("timestampdiff", [Expr::Identifier(unit), earlier, later]) => {
            difference(rewriter, &unit.value, earlier, later)
        }
        ("date_add" | "adddate", [value, Expr::Interval(interval)]) => sum(rewriter, value, interval, "$1 + $2"),
        ("date_sub" | "subdate", [value, Expr::Interval(interval)]) => sum(rewriter, value, interval, "$1 - $2"),
        ("adddate" | "date_add", [value, days]) if rewriter.scopes.kind(value) == Some(ValueKind::Timestamp) => {
            build("$1 + $2 * INTERVAL '1 day'", &[value, days])
        }
        ("subdate" | "date_sub", [value, days]) if rewriter.scopes.kind(value) == Some(ValueKind::Timestamp) => {
            build("$1 - $2 * INTERVAL '1 day'", &[value, days])
        }
        ("adddate", [value, days]) => build("CAST($1 AS DATE) + $2", &[value, &whole(rewriter, days)]),
        ("subdate", [value, days]) => build("CAST($1 AS DATE) - $2", &[value, &whole(rewriter, days)]),
        ("makedate", [year, day @ Expr::Value(_)]) => {
            build("MAKE_DATE(CAST($1 AS INTEGER), 1, 1) + $2 - 1", &[year, day])
        }
        ("makedate", [year, day]) => {
            build("CASE WHEN $2 > 0 THEN MAKE_DATE(CAST($1 AS INTEGER), 1, 1) + $2 - 1 END", &[year, day])
        }
        _ => None,
    }
}

/// A number of days, of which a date takes whole ones.
fn whole(rewriter: &Rewriter<'_>, days: &Expr) -> Expr {
    match rewriter.scopes.kind(days) {
        Some(ValueKind::Integer) => days.clone(),
        _ => build("CAST($1 AS INTEGER)", &[days]).unwrap_or_else(|| days.clone()),
    }
}
