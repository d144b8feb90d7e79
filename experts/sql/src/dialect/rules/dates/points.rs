//! Calls that return a date, a time of day, a point in time or the seconds since 1970.

use sqlparser::ast::Expr;

use super::modifiers::modified;
use super::moment::{moment, text};
use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::syntax::Dialect;

/// SQLite's number of a day, with its fraction.
const JULIAN_DAY: &str = "EXTRACT(JULIAN FROM $1) - 0.5";

/// A call for a date, a time of day or a point in time.
pub(super) fn point(rewriter: &Rewriter<'_>, name: &str, arguments: &[&Expr]) -> Option<Expr> {
    match (name, arguments) {
        ("unix_timestamp", []) => build("CAST(EXTRACT(EPOCH FROM NOW()) AS BIGINT)", &[]),
        ("from_unixtime", [seconds]) => build("TO_TIMESTAMP($1) AT TIME ZONE 'UTC'", &[seconds]),
        ("time", [value]) if rewriter.dialect == Dialect::MySql => {
            build("CAST($1 AS TIME)", &[&moment(rewriter, value)])
        }
        ("curdate", []) => build("CURRENT_DATE", &[]),
        ("current_date", []) => build("CURRENT_DATE", &[]),
        ("sysdate", []) => build("CURRENT_TIMESTAMP", &[]),
        ("current_timestamp", []) => build("CURRENT_TIMESTAMP", &[]),
        ("time_to_sec", [value]) => build("CAST(EXTRACT(EPOCH FROM CAST($1 AS TIME)) AS INTEGER)", &[value]),
        ("unixepoch", rest) => build("CAST(EXTRACT(EPOCH FROM $1) AS BIGINT)", &[&modified(rewriter, rest)?]),
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
