//! Intervals and their units: sums, differences, and spans of two units.

use sqlparser::ast::{BinaryOperator, Expr, Interval, Value};

use super::moment::{moment, text};
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;

fn is_days(unit: &str) -> bool {
    ["day", "week", "month", "quarter", "year", "year_month"].contains(&unit)
}

/// MySQL's units of two parts, whose digits stand side by side.
pub(super) fn double_unit(unit: &str) -> Option<&'static str> {
    Some(match unit.to_lowercase().as_str() {
        "year_month" => "CAST(TO_CHAR($1, 'YYYYMM') AS INTEGER)",
        "day_hour" => "CAST(TO_CHAR($1, 'DDHH24') AS INTEGER)",
        "day_minute" => "CAST(TO_CHAR($1, 'DDHH24MI') AS INTEGER)",
        "day_second" => "CAST(TO_CHAR($1, 'DDHH24MISS') AS INTEGER)",
        "hour_minute" => "CAST(TO_CHAR($1, 'HH24MI') AS INTEGER)",
        "hour_second" => "CAST(TO_CHAR($1, 'HH24MISS') AS INTEGER)",
        "minute_second" => "CAST(TO_CHAR($1, 'MISS') AS INTEGER)",
        _ => return None,
    })
}

/// `TIMESTAMPDIFF`: whole units between two moments.
pub(super) fn difference(rewriter: &Rewriter<'_>, unit: &str, earlier: &Expr, later: &Expr) -> Option<Expr> {
    let template = match unit.to_lowercase().as_str() {
        "year" => "EXTRACT(YEAR FROM AGE($2, $1))",
        "quarter" => "TRUNC((EXTRACT(YEAR FROM AGE($2, $1)) * 12 + EXTRACT(MONTH FROM AGE($2, $1))) / 3)",
        "month" => "(EXTRACT(YEAR FROM AGE($2, $1)) * 12 + EXTRACT(MONTH FROM AGE($2, $1)))",
        "week" => "TRUNC(EXTRACT(EPOCH FROM (CAST($2 AS TIMESTAMP) - CAST($1 AS TIMESTAMP))) / 604800)",
        "day" => "TRUNC(EXTRACT(EPOCH FROM (CAST($2 AS TIMESTAMP) - CAST($1 AS TIMESTAMP))) / 86400)",
        "hour" => "TRUNC(EXTRACT(EPOCH FROM (CAST($2 AS TIMESTAMP) - CAST($1 AS TIMESTAMP))) / 3600)",
        "minute" => "TRUNC(EXTRACT(EPOCH FROM (CAST($2 AS TIMESTAMP) - CAST($1 AS TIMESTAMP))) / 60)",
        "second" => "TRUNC(EXTRACT(EPOCH FROM (CAST($2 AS TIMESTAMP) - CAST($1 AS TIMESTAMP))))",
        _ => return None,
    };
    build(template, &[&moment(rewriter, earlier), &moment(rewriter, later)])
}

/// A moment plus or minus an interval, which stays a date where MySQL's does.
pub(super) fn sum(rewriter: &Rewriter<'_>, value: &Expr, interval: &Interval, template: &'static str) -> Option<Expr> {
    let unit = unit_of(interval)?;
    let span = if interval.leading_field.is_some() && written_out(interval).is_none() {
        // So many units, counted by an expression. All but seconds are whole.
        let fraction = matches!(rewriter.scopes.kind(&interval.value), Some(ValueKind::Number | ValueKind::Float));
        let count = match fraction && rewriter.certain && unit != "second" {
            true => build("ROUND($1)", &[&interval.value])?,
            false => (*interval.value).clone(),
        };
        build(counted(&unit)?, &[&count])?
    } else {
        written_out(interval).map_or_else(|| Expr::Interval(interval.clone()), Expr::Interval)
    };
    added(rewriter, value, &span, &unit, template)
}

/// A moment and a span of so many of a unit.
pub(super) fn added(
    rewriter: &Rewriter<'_>,
    value: &Expr,
    span: &Expr,
    unit: &str,
    template: &'static str,
) -> Option<Expr> {
    let (day, date) = (is_days(unit), is_date(rewriter, value));
    let moment = moment(rewriter, value);
    let sum = build(template, &[&moment, span])?;
    if day && date { build("CAST($1 AS DATE)", &[&sum]) } else { Some(Expr::Nested(Box::new(sum))) }
}

/// The unit of an interval, one word in lower case without a plural.
pub(super) fn unit_of(interval: &Interval) -> Option<String> {
    let unit = match &interval.leading_field {
        Some(field) => field.to_string(),
        None => text(&interval.value)?.rsplit(' ').next()?.to_owned(),
    };
    Some(unit.to_lowercase().trim_end_matches('s').to_owned())
}

/// As many units as an expression says.
pub(super) fn counted(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "second" => "$1 * INTERVAL '1 second'",
        "minute" => "$1 * INTERVAL '1 minute'",
        "hour" => "$1 * INTERVAL '1 hour'",
        "day" => "$1 * INTERVAL '1 day'",
        "week" => "$1 * INTERVAL '1 week'",
        "month" => "$1 * INTERVAL '1 month'",
        "quarter" => "$1 * INTERVAL '3 months'",
        "year" => "$1 * INTERVAL '1 year'",
        _ => return None,
    })
}

/// `INTERVAL '1:30' HOUR_MINUTE`: numbers with anything between them, the last of the last unit. A sign
/// counts for all.
fn several_units(units: &str, numbers: &str, negative: bool) -> Option<String> {
    const UNITS: [&str; 5] = ["day", "hour", "minute", "second", "microsecond"];
    let (from, to) = units.split_once('_')?;
    let units: Vec<&str> = match (from, to) {
        ("year", "month") => vec!["year", "month"],
        _ => {
            let place = |unit: &str| UNITS.iter().position(|known| *known == unit);
            UNITS.get(place(from)?..=place(to)?)?.to_vec()
        }
    };
    let trimmed = numbers.trim_start();
    let sign = if negative != trimmed.starts_with('-') { "-" } else { "" };
    let numbers: Vec<&str> = trimmed.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    // A fraction of a second has as many places as it has digits.
    if numbers.is_empty() || numbers.len() > units.len() || to == "microsecond" {
        return None;
    }
    let last = units.iter().skip(units.len() - numbers.len());
    Some(
        last.zip(numbers)
            .map(|(unit, number)| format!("{sign}{number} {}", unit.to_uppercase()))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// `INTERVAL 1 DAY` as `INTERVAL '1 DAY'`; `None` when it is written so already, or counts by an
/// expression that is no number.
pub(super) fn written_out(interval: &Interval) -> Option<Interval> {
    let unit = interval.leading_field.as_ref()?.to_string();
    let (count, sign) = match &*interval.value {
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } => (&**expr, "-"),
        other => (other, ""),
    };
    let Expr::Value(value) = count else { return None };
    let count = match &value.value {
        Value::Number(number, _) => number.to_string(),
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
        _ => return None,
    };
    let lower = unit.to_lowercase();
    let span = match lower.as_str() {
        two if two.contains('_') => several_units(two, &count, !sign.is_empty())?,
        // PostgreSQL has no quarters in intervals.
        "quarter" => format!("{sign}{} MONTH", count.parse::<i64>().ok()? * 3),
        "second" | "microsecond" => format!("{sign}{count} {unit}"),
        // MySQL rounds a number of units that has a fraction.
        _ => match count.parse::<f64>() {
            Ok(number) if number.fract() != 0.0 && matches!(value.value, Value::Number(..)) => {
                format!("{sign}{} {unit}", number.round())
            }
            _ => format!("{sign}{count} {unit}"),
        },
    };
    Some(Interval {
        value: Box::new(Expr::Value(Value::SingleQuotedString(span).into())),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

/// Whether a value is a date without a time of day, be it one plus some days.
pub(super) fn is_date(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    match value {
        Expr::Nested(inner) => is_date(rewriter, inner),
        Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => match &**right {
            Expr::Interval(interval) => unit_of(interval).is_some_and(|unit| is_days(&unit)) && is_date(rewriter, left),
            _ => rewriter.scopes.kind(value) == Some(ValueKind::Date),
        },
        _ => rewriter.scopes.kind(value) == Some(ValueKind::Date) || text(value).is_some_and(|t| t.len() == 10),
    }
}
