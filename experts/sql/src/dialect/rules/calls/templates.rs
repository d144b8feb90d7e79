//! Calls that become one expression whatever their arguments are: the name, the number of arguments, the expression.
//! Calls for which the arguments matter have functions of their own. What each means is proved by examples, see
//! `functions/README.md`.

use sqlparser::ast::{Expr, Function, FunctionArguments};

use crate::dialect::syntax::arguments;
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// MySQL's.
const MYSQL: &[(&str, usize, &str)] = &[
    ("atan", 2, "ATAN2($1, $2)"),
    ("bin", 1, "TO_BIN(CAST($1 AS BIGINT))"),
    ("bit_and", 1, "COALESCE(BIT_AND($1), 18446744073709551615)"),
    ("bit_or", 1, "COALESCE(BIT_OR($1), 0)"),
    ("bit_xor", 1, "COALESCE(BIT_XOR($1), 0)"),
    ("bit_count", 1, "BIT_COUNT(CAST(CAST($1 AS BIGINT) AS BIT(64)))"),
    ("connection_id", 0, "PG_BACKEND_PID()"),
    ("current_user", 0, "CURRENT_USER"),
    ("curtime", 0, "LOCALTIME(0)"),
    ("current_time", 0, "LOCALTIME(0)"),
    ("database", 0, "CURRENT_DATABASE()"),
    ("from_base64", 1, "CONVERT_FROM(DECODE($1, 'base64'), 'UTF8')"),
    ("from_days", 1, "DATE '0001-01-01' + ($1 - 366)"),
    ("inet_aton", 1, "CAST($1 AS INET) - '0.0.0.0'"),
    ("inet_ntoa", 1, "HOST(CAST('0.0.0.0' AS INET) + $1)"),
    ("insert", 4, "CASE WHEN $2 BETWEEN 1 AND LENGTH($1) THEN OVERLAY($1 PLACING $4 FROM $2 FOR $3) ELSE $1 END"),
    ("interval", 3, "COALESCE(WIDTH_BUCKET($1, ARRAY[$2, $3]), -1)"),
    ("interval", 4, "COALESCE(WIDTH_BUCKET($1, ARRAY[$2, $3, $4]), -1)"),
    ("json_merge_patch", 2, "CAST($1 AS JSONB) || CAST($2 AS JSONB)"),
    ("json_pretty", 1, "JSONB_PRETTY(CAST($1 AS JSONB))"),
    ("json_quote", 1, "CAST(TO_JSON(CAST($1 AS TEXT)) AS TEXT)"),
    ("json_valid", 1, "$1 IS JSON"),
    ("last_insert_id", 0, "LASTVAL()"),
    ("localtime", 0, "LOCALTIMESTAMP"),
    ("log10", 1, "LOG($1)"),
    ("log2", 1, "LN($1) / LN(2)"),
    ("maketime", 3, "MAKE_TIME($1, $2, $3)"),
    ("name_const", 2, "$2"),
    ("oct", 1, "TO_OCT(CAST($1 AS BIGINT))"),
    (
        "period_add",
        2,
        "CAST(TO_CHAR(TO_DATE(CAST($1 AS TEXT), 'YYYYMM') + $2 * INTERVAL '1 month', 'YYYYMM') AS INTEGER)",
    ),
    ("period_diff", 2, "$1 / 100 * 12 + $1 % 100 - ($2 / 100 * 12 + $2 % 100)"),
    ("quote", 1, "QUOTE_NULLABLE($1)"),
    ("schema", 0, "CURRENT_DATABASE()"),
    ("sec_to_time", 1, "MAKE_INTERVAL(secs => $1)"),
    ("session_user", 0, "SESSION_USER"),
    ("space", 1, "REPEAT(' ', $1)"),
    ("strcmp", 2, "CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 WHEN $1 = $2 THEN 0 END"),
    ("system_user", 0, "SESSION_USER"),
    ("timestamp", 1, "CAST($1 AS TIMESTAMP)"),
    ("timestamp", 2, "CAST($1 AS TIMESTAMP) + CAST($2 AS INTERVAL)"),
    ("to_base64", 1, "ENCODE(CONVERT_TO($1, 'UTF8'), 'base64')"),
    ("unhex", 1, "DECODE($1, 'hex')"),
    ("user", 0, "CURRENT_USER"),
    ("utc_date", 0, "CAST(NOW() AT TIME ZONE 'UTC' AS DATE)"),
    ("utc_time", 0, "CAST(NOW() AT TIME ZONE 'UTC' AS TIME(0))"),
    ("utc_timestamp", 0, "NOW() AT TIME ZONE 'UTC'"),
    ("uuid", 0, "GEN_RANDOM_UUID()"),
];

/// SQLite's.
const SQLITE: &[(&str, usize, &str)] = &[
    ("count", 0, "COUNT(*)"),
    ("current_time", 0, "LOCALTIME(0)"),
    ("json_group_array", 1, "COALESCE(JSON_AGG($1), '[]')"),
    ("json_group_object", 2, "COALESCE(JSON_OBJECT_AGG($1, $2), '{}')"),
    ("json_patch", 2, "CAST($1 AS JSONB) || CAST($2 AS JSONB)"),
    ("json_pretty", 1, "JSONB_PRETTY(CAST($1 AS JSONB))"),
    ("json_quote", 1, "CAST(TO_JSON(CAST($1 AS TEXT)) AS TEXT)"),
    ("json_valid", 1, "$1 IS JSON"),
    ("jsonb", 1, "CAST($1 AS JSONB)"),
    ("last_insert_rowid", 0, "LASTVAL()"),
    ("like", 2, "$2 ILIKE $1"),
    ("likelihood", 2, "$1"),
    ("likely", 1, "$1"),
    ("log2", 1, "LN($1) / LN(2)"),
    ("median", 1, "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY $1)"),
    ("percentile", 2, "PERCENTILE_CONT($2 / 100.0) WITHIN GROUP (ORDER BY $1)"),
    ("percentile_cont", 2, "PERCENTILE_CONT($2) WITHIN GROUP (ORDER BY $1)"),
    ("percentile_disc", 2, "PERCENTILE_DISC($2) WITHIN GROUP (ORDER BY $1)"),
    ("quote", 1, "QUOTE_NULLABLE($1)"),
    ("unhex", 1, "DECODE($1, 'hex')"),
    ("unlikely", 1, "$1"),
];

/// What a call becomes, if it is one of these.
pub(super) fn replaced(dialect: Dialect, function: &Function) -> Option<Expr> {
    let name = last_part(&function.name);
    let bare = matches!(function.args, FunctionArguments::None);
    let arguments = if bare { Vec::new() } else { arguments(function)? };
    let calls = match dialect {
        Dialect::MySql => MYSQL,
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => return None,
    };
    // `CURRENT_USER` and the like stand without parentheses in PostgreSQL as well.
    if bare && matches!(name.as_str(), "current_user" | "session_user" | "user" | "schema" | "database") {
        return None;
    }
    let plain = function.over.is_none() && function.filter.is_none();
    let (_, _, template) = calls.iter().find(|(n, count, _)| *n == name && *count == arguments.len())?;
    plain.then(|| build(template, &arguments)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn every_template_parses_and_names_are_in_order() {
        check_all([MYSQL, SQLITE], |calls| {
            for (name, _, template) in calls {
                assert!(build(template, &[]).is_some(), "{name}: {template}");
            }
        });
    }
}
