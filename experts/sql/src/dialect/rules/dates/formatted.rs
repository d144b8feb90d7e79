//! Dates written as texts in a given format, and read from such texts.

use sqlparser::ast::Expr;

use super::formats::{MYSQL, SQLITE, format_text};
use super::modifiers::modified;
use super::moment::{moment, text};
use super::weeks::{WEEK, WEEK_FROM_MONDAY};
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;

/// A call that formats a date, or reads one by a format.
pub(super) fn formatted(rewriter: &Rewriter<'_>, name: &str, arguments: &[&Expr]) -> Option<Expr> {
    match (name, arguments) {
        ("time_format", [value, format]) => {
            let time = match rewriter.scopes.kind(value) {
                Some(ValueKind::Timestamp) => (*value).clone(),
                _ => build("CAST($1 AS TIME)", &[value])?,
            };
            build("TO_CHAR($1, $2)", &[&time, &format_text(text(format)?, MYSQL)?])
        }
        ("from_unixtime", [seconds, format]) => {
            build("TO_CHAR(TO_TIMESTAMP($1) AT TIME ZONE 'UTC', $2)", &[seconds, &format_text(text(format)?, MYSQL)?])
        }
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
        _ => None,
    }
}
