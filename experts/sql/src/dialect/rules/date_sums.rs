//! Dates as operands of plus and minus.

use sqlparser::ast::{BinaryOperator, Expr};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal};
use crate::dialect::template::build;
use crate::syntax::Dialect;

/// Dates in sums, before any other rule has changed them: SQLite takes a date for the number that it begins
/// with, its year, MySQL for one such as 20240131; PostgreSQL counts days.
pub(in crate::dialect) fn of_dates(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } = expr else { return };
    let kind = |e: &Expr| rewriter.scopes.kind(e);
    let date = |e: &Expr| matches!(kind(e), Some(ValueKind::Date | ValueKind::Timestamp));
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres || !(date(left) || date(right)) {
        return;
    }
    let sqlite = rewriter.dialect == Dialect::Sqlite;
    let text = |e: &Expr| sqlite && literal(e).is_none() && kind(e) == Some(ValueKind::Text);
    if sqlite && *op == BinaryOperator::Minus && [&*left, &*right].iter().all(|side| date(side) || text(side)) {
        let dates = [date(left), date(right)];
        for (side, is_date) in [left, right].into_iter().zip(dates) {
            if is_date && let Some(year) = build("EXTRACT(YEAR FROM $1)", &[side]) {
                **side = year;
            }
        }
        rewriter.changed("difference-of-dates", "dates are subtracted by their years".to_owned());
        return;
    }
    let counts = |e: &Expr| date(e) || literal(e).is_some() || kind(e).is_some_and(ValueKind::is_number);
    if counts(left) && counts(right) {
        let means = if sqlite { "its year" } else { "a number such as 20240131" };
        let what = if date(left) { brief(left) } else { brief(right) };
        let why = format!("in a sum {} counts as {means} in {}, in PostgreSQL as days", what, rewriter.dialect.title());
        rewriter.refuse("other-meaning", why);
    }
}
