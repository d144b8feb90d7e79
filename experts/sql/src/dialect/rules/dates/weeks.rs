//! Weeks of the year, in MySQL's eight ways to count them.
//! <https://dev.mysql.com/doc/refman/8.4/en/date-and-time-functions.html#function_week>

use sqlparser::ast::Expr;

use super::moment::moment;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::number;
use crate::dialect::template::build;

/// MySQL's weeks of a year: from its first Sunday, those before it 0.
pub(super) const WEEK: &str = "FLOOR((EXTRACT(DOY FROM $1) + 6 - EXTRACT(DOW FROM $1)) / 7)";

/// MySQL's weeks of a year that begin on Monday, the first of them with four days or more in the year.
pub(super) const WEEK_FROM_MONDAY: &str = "CASE EXTRACT(ISOYEAR FROM $1) - EXTRACT(YEAR FROM $1) WHEN 0 THEN EXTRACT(WEEK FROM $1) WHEN 1 THEN 53 WHEN -1 THEN 0 END";

/// A call for the number of a week.
pub(super) fn week(rewriter: &Rewriter<'_>, name: &str, arguments: &[&Expr]) -> Option<Expr> {
    match (name, arguments) {
        // From the first Sunday of the year, or the first Monday.
        ("week", [value]) => build(WEEK, &[&moment(rewriter, value)]),
        ("week", [value, Expr::Value(mode)]) => {
            let template = match number(mode)? {
                0 => WEEK,
                5 => "FLOOR((EXTRACT(DOY FROM $1) + 7 - EXTRACT(ISODOW FROM $1)) / 7)",
                3 => "EXTRACT(WEEK FROM $1)",
                // By ISO's weeks, but for the days that those count to another year.
                1 => WEEK_FROM_MONDAY,
                // A week belongs to the year that its first day or most of its days are in.
                2 => "FLOOR((EXTRACT(DOY FROM $1 - EXTRACT(DOW FROM $1) * INTERVAL '1 day') + 6) / 7)",
                6 => "FLOOR((EXTRACT(DOY FROM $1 + (3 - EXTRACT(DOW FROM $1)) * INTERVAL '1 day') + 6) / 7)",
                4 => {
                    "CASE EXTRACT(YEAR FROM $1 + (3 - EXTRACT(DOW FROM $1)) * INTERVAL '1 day') - EXTRACT(YEAR FROM $1) WHEN 0 THEN FLOOR((EXTRACT(DOY FROM $1 + (3 - EXTRACT(DOW FROM $1)) * INTERVAL '1 day') + 6) / 7) WHEN 1 THEN 53 WHEN -1 THEN 0 END"
                }
                7 => "FLOOR((EXTRACT(DOY FROM $1 + (1 - EXTRACT(ISODOW FROM $1)) * INTERVAL '1 day') + 6) / 7)",
                _ => return None,
            };
            build(template, &[&moment(rewriter, value)])
        }
        ("yearweek", [value]) => build(
            "CAST(TO_CHAR($1 - EXTRACT(DOW FROM $1) * INTERVAL '1 day', 'YYYYWW') AS INTEGER)",
            &[&moment(rewriter, value)],
        ),
        ("yearweek", [value, Expr::Value(mode)]) => match number(mode)? {
            0 => build(
                "CAST(TO_CHAR($1 - EXTRACT(DOW FROM $1) * INTERVAL '1 day', 'YYYYWW') AS INTEGER)",
                &[&moment(rewriter, value)],
            ),
            1 | 3 => build("CAST(TO_CHAR($1, 'IYYYIW') AS INTEGER)", &[&moment(rewriter, value)]),
            _ => None,
        },
        _ => None,
    }
}
