//! Calls about dates: parts, differences, sums and formats, MySQL's and SQLite's.

use sqlparser::ast::{BinaryOperator, DateTimeField, Expr, Function, FunctionArguments, Value};

use super::formats::{MYSQL, SQLITE, format_text};
use super::intervals::{added, counted, difference, double_unit, is_date, sum, unit_of, written_out};
use super::moment::{moment, text};
use crate::dialect::dialects::Dialect;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, integer, number};
use crate::dialect::template::build;
use crate::dialect::value_kind::ValueKind;
use crate::schema::last_part;

/// Rewrites a call about dates, if it is one that PostgreSQL does not take.
pub(in crate::dialect) fn expr(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let replacement = match expr {
        Expr::Function(function) => call(rewriter, function),
        // `d + INTERVAL 1 DAY`: PostgreSQL's interval is one text, or so many of one.
        Expr::Interval(interval) => written_out(interval).map(Expr::Interval),
        Expr::BinaryOp { op: BinaryOperator::Plus | BinaryOperator::Minus, right, .. } => {
            if let Expr::Interval(interval) = &**right
                && interval.leading_field.is_some()
                && let Some(span) = unit_of(interval).and_then(|unit| build(counted(&unit)?, &[&interval.value]))
            {
                rewriter.changed("date-function", format!("{} is written {}", brief(right), brief(&span)));
                **right = span;
            }
            None
        }
        Expr::Extract { field: DateTimeField::Custom(field), expr: value, .. } => {
            double_unit(&field.value).and_then(|template| build(template, &[&moment(rewriter, value)]))
        }
        // Weeks that begin on Sunday, as WEEK counts them.
        Expr::Extract { field: DateTimeField::Week(None), expr: value, .. } if rewriter.dialect == Dialect::MySql => {
            build(WEEK, &[&moment(rewriter, value)])
        }
        // The fraction alone; in PostgreSQL the seconds as well.
        Expr::Extract { field: DateTimeField::Microsecond, expr: value, .. } if rewriter.dialect == Dialect::MySql => {
            build("MOD(EXTRACT(MICROSECONDS FROM $1), 1000000)", &[&moment(rewriter, value)])
        }
        Expr::Extract { field: DateTimeField::Second | DateTimeField::Seconds, expr: value, .. }
            if rewriter.dialect == Dialect::MySql && seconds(value).starts_with("FLOOR") =>
        {
            build(seconds(value), &[&moment(rewriter, value)])
        }
        Expr::Extract { expr: value, .. }
            if rewriter.dialect == Dialect::MySql && rewriter.scopes.kind(value) == Some(ValueKind::Text) =>
        {
            let at = moment(rewriter, value);
            **value = at;
            rewriter.changed("date-function", "`EXTRACT` takes a date".to_owned());
            None
        }
        _ => None,
    };
    if let Some(replacement) = replacement {
        let before = match expr {
            Expr::Function(function) => last_part(&function.name).to_uppercase(),
            _ => "INTERVAL".to_owned(),
        };
        rewriter.changed("date-function", format!("`{before}` is written {}", brief(&replacement)));
        *expr = replacement;
    }
}

/// `d + INTERVAL 1 DAY` of MySQL's, which is a date where `d` is one. Before the interval is written out.
pub(in crate::dialect) fn plus_interval(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } = &*expr else {
        return;
    };
    let Expr::Interval(interval) = &**right else { return };
    let known = is_date(rewriter, left) || rewriter.scopes.kind(left) == Some(ValueKind::Text);
    if rewriter.dialect != Dialect::MySql || !rewriter.certain || interval.leading_field.is_none() || !known {
        return;
    }
    let template = if *op == BinaryOperator::Plus { "$1 + $2" } else { "$1 - $2" };
    if let Some(sum) = sum(rewriter, left, interval, template) {
        rewriter.changed("date-function", format!("{} is written {}", brief(expr), brief(&sum)));
        *expr = sum;
    }
}

fn call(rewriter: &Rewriter<'_>, function: &Function) -> Option<Expr> {
    let name = last_part(&function.name);
    let none = matches!(function.args, FunctionArguments::None);
    let arguments = if none { Vec::new() } else { arguments(function)? };
    let one = |template| match &arguments[..] {
        [value] => build(template, &[&moment(rewriter, value)]),
        _ => None,
    };
    match (name.as_str(), &arguments[..]) {
        ("year", _) => one("EXTRACT(YEAR FROM $1)"),
        ("month", _) => one("EXTRACT(MONTH FROM $1)"),
        ("day" | "dayofmonth", _) => one("EXTRACT(DAY FROM $1)"),
        ("hour", _) => one("EXTRACT(HOUR FROM $1)"),
        ("minute", _) => one("EXTRACT(MINUTE FROM $1)"),
        ("second", [value]) => build(seconds(value), &[&moment(rewriter, value)]),
        ("microsecond", _) => one("MOD(EXTRACT(MICROSECONDS FROM $1), 1000000)"),
        ("quarter", _) => one("EXTRACT(QUARTER FROM $1)"),
        ("weekofyear", [_]) => one("EXTRACT(WEEK FROM $1)"),
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
        ("to_days", _) => one("CAST($1 AS DATE) - DATE '0001-01-01' + 366"),
        ("to_seconds", _) => one("CAST(EXTRACT(EPOCH FROM $1) AS BIGINT) + 62167219200"),
        ("time_to_sec", [value]) => build("CAST(EXTRACT(EPOCH FROM CAST($1 AS TIME)) AS INTEGER)", &[value]),
        ("time_format", [value, format]) => {
            let time = match rewriter.scopes.kind(value) {
                Some(ValueKind::Timestamp) => (*value).clone(),
                _ => build("CAST($1 AS TIME)", &[value])?,
            };
            build("TO_CHAR($1, $2)", &[&time, &format_text(text(format)?, MYSQL)?])
        }
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
        ("unixepoch", rest) => build("CAST(EXTRACT(EPOCH FROM $1) AS BIGINT)", &[&modified(rewriter, rest)?]),
        ("dayofyear", _) => one("EXTRACT(DOY FROM $1)"),
        // MySQL counts from Sunday as 1, PostgreSQL as 0; WEEKDAY from Monday as 0.
        ("dayofweek", _) => one("EXTRACT(DOW FROM $1) + 1"),
        ("weekday", _) => one("EXTRACT(ISODOW FROM $1) - 1"),
        ("dayname", _) => one("TO_CHAR($1, 'FMDay')"),
        ("monthname", _) => one("TO_CHAR($1, 'FMMonth')"),
        ("last_day", _) => one("CAST(DATE_TRUNC('month', $1) + INTERVAL '1 month - 1 day' AS DATE)"),
        ("unix_timestamp", [_]) => one("CAST(EXTRACT(EPOCH FROM $1) AS BIGINT)"),
        ("unix_timestamp", []) => build("CAST(EXTRACT(EPOCH FROM NOW()) AS BIGINT)", &[]),
        ("from_unixtime", [seconds]) => build("TO_TIMESTAMP($1) AT TIME ZONE 'UTC'", &[seconds]),
        ("from_unixtime", [seconds, format]) => {
            build("TO_CHAR(TO_TIMESTAMP($1) AT TIME ZONE 'UTC', $2)", &[seconds, &format_text(text(format)?, MYSQL)?])
        }
        ("time", [value]) if rewriter.dialect == Dialect::MySql => {
            build("CAST($1 AS TIME)", &[&moment(rewriter, value)])
        }
        ("makedate", [year, day @ Expr::Value(_)]) => {
            build("MAKE_DATE(CAST($1 AS INTEGER), 1, 1) + $2 - 1", &[year, day])
        }
        ("makedate", [year, day]) => {
            build("CASE WHEN $2 > 0 THEN MAKE_DATE(CAST($1 AS INTEGER), 1, 1) + $2 - 1 END", &[year, day])
        }
        ("curdate", []) => build("CURRENT_DATE", &[]),
        ("current_date", []) if !none => build("CURRENT_DATE", &[]),
        ("sysdate", []) => build("CURRENT_TIMESTAMP", &[]),
        ("current_timestamp", []) if !none => build("CURRENT_TIMESTAMP", &[]),
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
        ("date_format", [value, format]) => {
            let moment_of = || moment(rewriter, value);
            match text(format)? {
                "%w" => return build("CAST(EXTRACT(DOW FROM $1) AS TEXT)", &[&moment_of()]),
                "%U" => {
                    let week = build(WEEK, &[&moment_of()])?;
                    return build("LPAD(CAST($1 AS TEXT), 2, '0')", &[&week]);
                }
                "%u" => {
                    let week = build(WEEK_FROM_MONDAY, &[&moment_of()])?;
                    return build("LPAD(CAST($1 AS TEXT), 2, '0')", &[&week]);
                }
                _ => {}
            }
            let format = format_text(text(format)?, MYSQL)?;
            build("TO_CHAR($1, $2)", &[&moment(rewriter, value), &format])
        }
        ("str_to_date", [value, format]) => {
            let given = text(format)?;
            let timed = ["%H", "%h", "%i", "%s", "%T", "%k", "%l"].iter().any(|code| given.contains(code));
            let format = format_text(given, MYSQL)?;
            let dated = ["%Y", "%y", "%m", "%c", "%M", "%b", "%d", "%e", "%j", "%D"].iter().any(|c| given.contains(c));
            let template = match (timed, dated) {
                (true, true) => "CAST(TO_TIMESTAMP($1, $2) AS TIMESTAMP)",
                (true, false) => "CAST(TO_TIMESTAMP($1, $2) AS TIME)",
                (false, _) => "TO_DATE($1, $2)",
            };
            build(template, &[value, &format])
        }
        ("strftime", [format, rest @ ..]) => {
            let moment = modified(rewriter, rest)?;
            match text(format)? {
                "%s" => build("CAST(CAST(EXTRACT(EPOCH FROM $1) AS BIGINT) AS TEXT)", &[&moment]),
                "%w" => build("CAST(EXTRACT(DOW FROM $1) AS TEXT)", &[&moment]),
                "%W" => build(
                    "LPAD(CAST(FLOOR((EXTRACT(DOY FROM $1) + 7 - EXTRACT(ISODOW FROM $1)) / 7) AS TEXT), 2, '0')",
                    &[&moment],
                ),
                "%J" => build("RTRIM(TO_CHAR(EXTRACT(JULIAN FROM $1) - 0.5, 'FM9999999.999999999'), '.')", &[&moment]),
                "%u" => build("CAST(EXTRACT(ISODOW FROM $1) AS TEXT)", &[&moment]),
                "%U" => {
                    let week = build(WEEK, &[&moment])?;
                    build("LPAD(CAST($1 AS TEXT), 2, '0')", &[&week])
                }
                given => build("TO_CHAR($1, $2)", &[&moment, &format_text(given, SQLITE)?]),
            }
        }
        // Its days begin at noon.
        ("julianday", rest) => build(JULIAN_DAY, &[&modified(rewriter, rest)?]),
        ("date", rest) if rewriter.dialect == Dialect::Sqlite => match rest {
            [] => build("CURRENT_DATE", &[]),
            [now] if text(now) == Some("now") => build("CURRENT_DATE", &[]),
            rest => build("CAST($1 AS DATE)", &[&modified(rewriter, rest)?]),
        },
        ("date", [value]) => build("CAST($1 AS DATE)", &[value]),
        ("datetime", rest) if rewriter.dialect == Dialect::Sqlite => {
            let moment = modified(rewriter, rest)?;
            match rewriter.scopes.kind(&moment) {
                Some(ValueKind::Date) => build("CAST($1 AS TIMESTAMP)", &[&moment]),
                _ => Some(moment),
            }
        }
        ("time", rest) if rewriter.dialect == Dialect::Sqlite => {
            build("CAST($1 AS TIME)", &[&modified(rewriter, rest)?])
        }
        _ => None,
    }
}

/// SQLite's number of a day, with its fraction.
const JULIAN_DAY: &str = "EXTRACT(JULIAN FROM $1) - 0.5";

/// The seconds of a moment: a column of MySQL's has no parts of one, what is computed may.
fn seconds(value: &Expr) -> &'static str {
    match value {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => "EXTRACT(SECOND FROM $1)",
        _ => "FLOOR(EXTRACT(SECOND FROM $1))",
    }
}

/// A number of days, of which a date takes whole ones.
fn whole(rewriter: &Rewriter<'_>, days: &Expr) -> Expr {
    match rewriter.scopes.kind(days) {
        Some(ValueKind::Integer) => days.clone(),
        _ => build("CAST($1 AS INTEGER)", &[days]).unwrap_or_else(|| days.clone()),
    }
}

/// SQLite's time value with its modifiers: `'now', '-1 month', 'start of year'`.
fn modified(rewriter: &Rewriter<'_>, rest: &[&Expr]) -> Option<Expr> {
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

/// MySQL's weeks of a year: from its first Sunday, those before it 0.
const WEEK: &str = "FLOOR((EXTRACT(DOY FROM $1) + 6 - EXTRACT(DOW FROM $1)) / 7)";

/// MySQL's weeks of a year that begin on Monday, the first of them with four days or more in the year.
const WEEK_FROM_MONDAY: &str = "CASE EXTRACT(ISOYEAR FROM $1) - EXTRACT(YEAR FROM $1) WHEN 0 THEN EXTRACT(WEEK FROM $1) WHEN 1 THEN 53 WHEN -1 THEN 0 END";
