//! MySQL's idiom for the first day of a month, a quarter, a year or a week: as many whole ones as lie
//! between an early date and the value, added to that date. PostgreSQL has DATE_TRUNC. The two differ
//! for values before the early date, so that has to be early; and where it is none, such as
//! `0000-00-00`, MySQL's result is NULL and nothing is changed here.

use sqlparser::ast::{BinaryOperator, DateTimeField, Expr, Function, Interval, Value};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief};
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// The latest year of a date that is early.
const EARLY: i64 = 1900;

/// Writes the idiom with DATE_TRUNC.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if rewriter.dialect != Dialect::MySql {
        return;
    }
    let Some((unit, value)) = truncation(expr) else { return };
    let text = rewriter.scopes.kind(&value) == Some(ValueKind::Text);
    let Some(value) = (if text { build("CAST($1 AS TIMESTAMP)", &[&value]) } else { Some(value) }) else { return };
    let Some(written) = build(unit.template(), &[&value]) else { return };
    rewriter.changed("truncated-date", format!("{} is written {}", brief(expr), brief(&written)));
    *expr = written;
}

/// To what a date is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hour,
    Day,
    /// From Monday.
    Week,
    /// From Sunday.
    SundayWeek,
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn template(self) -> &'static str {
        match self {
            Unit::Hour => "DATE_TRUNC('hour', $1)",
            Unit::Day => "CAST($1 AS DATE)",
            Unit::Week => "CAST(DATE_TRUNC('week', $1) AS DATE)",
            Unit::SundayWeek => "CAST(DATE_TRUNC('week', $1 + INTERVAL '1 day') - INTERVAL '1 day' AS DATE)",
            Unit::Month => "CAST(DATE_TRUNC('month', $1) AS DATE)",
            Unit::Quarter => "CAST(DATE_TRUNC('quarter', $1) AS DATE)",
            Unit::Year => "CAST(DATE_TRUNC('year', $1) AS DATE)",
        }
    }
}

/// What the idiom cuts, and to what.
fn truncation(expr: &Expr) -> Option<(Unit, Expr)> {
    let (anchor, unit, count) = match expr {
        Expr::Function(function) => of_call(function)?,
        Expr::BinaryOp { left, op: BinaryOperator::Plus, right } => match &**right {
            Expr::Interval(interval) => added(left, interval)?,
            _ => return None,
        },
        _ => return None,
    };
    let Expr::Function(function) = bare(&count) else { return None };
    if last_part(&function.name) != "timestampdiff" {
        return None;
    }
    let arguments = arguments(function)?;
    let [Expr::Identifier(between), from, value] = arguments[..] else { return None };
    if !between.value.eq_ignore_ascii_case(&unit) || date(from)? != date(&anchor)? {
        return None;
    }
    Some((cut(&unit, date(from)?)?, value.clone()))
}

/// The date, the unit and the number of units that a call adds.
fn of_call(function: &Function) -> Option<(Expr, String, Expr)> {
    let arguments = arguments(function)?;
    match (last_part(&function.name).as_str(), &arguments[..]) {
        ("date_add" | "adddate", [anchor, Expr::Interval(interval)]) => added(anchor, interval),
        ("timestampadd", [Expr::Identifier(unit), count, anchor]) => {
            Some(((*anchor).clone(), unit.value.clone(), (*count).clone()))
        }
        _ => None,
    }
}

fn added(anchor: &Expr, interval: &Interval) -> Option<(Expr, String, Expr)> {
    let unit = match interval.leading_field.as_ref()? {
        DateTimeField::Week(None) => "week".to_owned(),
        field => field.to_string().to_lowercase(),
    };
    Some((anchor.clone(), unit, (*interval.value).clone()))
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// A literal date: year, month and day.
fn date(expr: &Expr) -> Option<(i64, u32, u32)> {
    let text = match bare(expr) {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text,
            _ => return None,
        },
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => text,
            _ => return None,
        },
        Expr::Cast { expr, .. } => return date(expr),
        _ => return None,
    };
    let day = text.strip_suffix(" 00:00:00").unwrap_or(text);
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// To what whole units since a date cut, if that date begins one.
fn cut(unit: &str, (year, month, day): (i64, u32, u32)) -> Option<Unit> {
    if year > EARLY || month == 0 || day == 0 {
        return None;
    }
    match unit.to_lowercase().as_str() {
        "hour" => Some(Unit::Hour),
        "day" => Some(Unit::Day),
        // Of the year 0 calendars have different opinions.
        "week" if year > 0 => match days(year, month, day).rem_euclid(7) {
            0 => Some(Unit::Week),
            6 => Some(Unit::SundayWeek),
            _ => None,
        },
        "month" if day == 1 => Some(Unit::Month),
        "quarter" if day == 1 && month % 3 == 1 => Some(Unit::Quarter),
        "year" if day == 1 && month == 1 => Some(Unit::Year),
        _ => None,
    }
}

/// Days since a Monday, in the Gregorian calendar.
fn days(year: i64, month: u32, day: u32) -> i64 {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years = year - 1;
    let month_days = before.get(month as usize - 1).copied().unwrap_or_default();
    years * 365 + years / 4 - years / 100 + years / 400 + month_days + i64::from(leap && month > 2) + i64::from(day) - 1
}
