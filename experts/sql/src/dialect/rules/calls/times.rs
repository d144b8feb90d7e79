//! Calls about times of day and zones: ADDTIME, SUBTIME, CONVERT_TZ.

use sqlparser::ast::Expr;

use super::call_parts::Call;
use crate::catalog::ValueKind;
use crate::dialect::moments;
use crate::dialect::syntax::literal;
use crate::dialect::template::build;

/// A call about times.
pub(super) fn times(call: &Call<'_>) -> Option<Expr> {
    let Call { rewriter, name, arguments, mysql, .. } = *call;
    match (name, arguments) {
        // Beyond 24 hours a time is a span.
        ("addtime" | "subtime", [time, span]) if mysql => {
            let moment = rewriter.scopes.kind(time) == Some(ValueKind::Timestamp);
            let written = literal(time).map(|(text, _)| moments::has_time(text.trim()).is_some());
            let template = match (name, moment, written) {
                ("addtime", true, _) => "$1 + CAST($2 AS INTERVAL)",
                ("subtime", true, _) => "$1 - CAST($2 AS INTERVAL)",
                ("addtime", _, Some(true)) => "CAST($1 AS TIMESTAMP) + CAST($2 AS INTERVAL)",
                (_, _, Some(true)) => "CAST($1 AS TIMESTAMP) - CAST($2 AS INTERVAL)",
                ("addtime", ..) => "CAST($1 AS INTERVAL) + CAST($2 AS INTERVAL)",
                _ => "CAST($1 AS INTERVAL) - CAST($2 AS INTERVAL)",
            };
            build(template, &[time, span])
        }
        // By a distance from Greenwich: as a text PostgreSQL would take it the other way round.
        ("convert_tz", [value, from, to]) => {
            let zone = |zone: &Expr| match literal(zone) {
                Some((text, false)) if text.starts_with(['+', '-']) => build("CAST($1 AS INTERVAL)", &[zone]),
                _ => Some(zone.clone()),
            };
            build("$1 AT TIME ZONE $2 AT TIME ZONE $3", &[value, &zone(from)?, &zone(to)?])
        }
        _ => call.by_template(),
    }
}
