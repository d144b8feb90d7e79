//! SQLite's time values and their modifiers: `'now', '-1 month', 'start of year'`.
//! <https://www.sqlite.org/lang_datefunc.html#modifiers>

use sqlparser::ast::{Expr, Value};

use super::moment::{moment, text};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::integer;
use crate::dialect::template::build;

/// SQLite's time value with its modifiers: `'now', '-1 month', 'start of year'`.
pub(super) fn modified(rewriter: &Rewriter<'_>, rest: &[&Expr]) -> Option<Expr> {
    let (value, modifiers) = rest.split_first().map_or((None, rest), |(value, modifiers)| (Some(value), modifiers));
    let mut expr = match value {
        None => build("CURRENT_TIMESTAMP", &[])?,
        Some(value) if text(value) == Some("now") => build("CURRENT_TIMESTAMP", &[])?,
        Some(value) => moment(rewriter, value),
    };
    for modifier in modifiers {
        let Some(modifier) = text(modifier) else {
            // `'+' || days || ' days'`.
            expr = build("$1 + CAST($2 AS INTERVAL)", &[&expr, modifier])?;
            continue;
        };
        let modifier = modifier.trim().to_lowercase();
        expr = match modifier.as_str() {
            "localtime" | "utc" => expr,
            "start of month" => build("DATE_TRUNC('month', $1)", &[&expr])?,
            "start of year" => build("DATE_TRUNC('year', $1)", &[&expr])?,
            "start of day" => build("DATE_TRUNC('day', $1)", &[&expr])?,
            "unixepoch" => build("TO_TIMESTAMP($1) AT TIME ZONE 'UTC'", &[value?])?,
            weekday if weekday.starts_with("weekday ") => {
                let day = weekday.strip_prefix("weekday ")?.trim().parse::<usize>().ok().filter(|day| *day < 7)?;
                let day = integer(day + 7);
                build("$1 + CAST(($2 - EXTRACT(DOW FROM $1)) AS INTEGER) % 7 * INTERVAL '1 day'", &[&expr, &day])?
            }
            sum => {
                let (count, unit) = sum.split_once(' ')?;
                count.parse::<f64>().ok()?;
                let unit = unit.trim_end_matches('s');
                if !["second", "minute", "hour", "day", "month", "year"].contains(&unit) {
                    return None;
                }
                let span =
                    Expr::Value(Value::SingleQuotedString(format!("{} {unit}", count.trim_start_matches('+'))).into());
                if matches!(unit, "month" | "year") && value.is_some_and(|value| at_end_of_month(rewriter, value)) {
                    // The days that the other month does not have run over into the next.
                    build(
                        "DATE_TRUNC('month', $1) + CAST($2 AS INTERVAL) + ($1 - DATE_TRUNC('month', $1))",
                        &[&expr, &span],
                    )?
                } else {
                    build("$1 + CAST($2 AS INTERVAL)", &[&expr, &span])?
                }
            }
        };
    }
    Some(expr)
}

/// Whether the record shows a day here that not every month has.
fn at_end_of_month(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    let late = |text: &str| text.get(8..10).and_then(|day| day.parse::<u32>().ok()).is_some_and(|day| day > 28);
    match text(value) {
        Some(text) => late(text),
        None => rewriter.scopes.declared(value).is_some_and(|column| column.texts.iter().any(|text| late(text))),
    }
}
