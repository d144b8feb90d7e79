//! PostgreSQL's key words as the check of names needs them, and its functions.
//! <https://www.postgresql.org/docs/17/sql-keywords-appendix.html>

use std::sync::OnceLock;

/// Words that are no name without quotes.
pub(super) static RESERVED: [&str; 78] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "localtime",
    "localtimestamp",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "references",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "system_user",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// Words that may name a function or a type but neither a column nor a table.
pub(super) static FUNCTION_OR_TYPE: [&str; 23] = [
    "authorization",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "overlaps",
    "right",
    "similar",
    "tablesample",
    "verbose",
];

/// Words that an output column's name without AS cannot be, besides those that stand for an operator there.
pub(super) static NEEDS_AS: [&str; 39] = [
    "array",
    "as",
    "char",
    "character",
    "create",
    "day",
    "except",
    "fetch",
    "filter",
    "for",
    "from",
    "grant",
    "group",
    "having",
    "hour",
    "intersect",
    "into",
    "isnull",
    "limit",
    "minute",
    "month",
    "notnull",
    "offset",
    "on",
    "order",
    "over",
    "overlaps",
    "precision",
    "returning",
    "second",
    "to",
    "union",
    "varying",
    "where",
    "window",
    "with",
    "within",
    "without",
    "year",
];

/// Values without parentheses.
static VALUES: [&str; 16] = [
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "false",
    "localtime",
    "localtimestamp",
    "null",
    "session_user",
    "system_user",
    "true",
    "user",
];

/// Names of types that may stand before a text: `date '2020-01-01'`.
pub(super) static TYPES: [&str; 52] = [
    "bigint",
    "bit",
    "bool",
    "boolean",
    "bpchar",
    "bytea",
    "char",
    "character",
    "cidr",
    "circle",
    "date",
    "daterange",
    "dec",
    "decimal",
    "double",
    "float",
    "float4",
    "float8",
    "inet",
    "int",
    "int2",
    "int4",
    "int4range",
    "int8",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "money",
    "name",
    "nchar",
    "numeric",
    "numrange",
    "path",
    "point",
    "polygon",
    "real",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsquery",
    "tsrange",
    "uuid",
    "varchar",
];

/// Aggregate functions; with OVER they aggregate nothing.
static AGGREGATES: [&str; 47] = [
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "dense_rank",
    "every",
    "json_agg",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "max",
    "min",
    "mode",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "range_intersect_agg",
    "rank",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// Other words that may follow or begin an expression; with the lists above, all that a name that has just begun may
/// turn out to be.
static OTHERS: [&str; 43] = [
    "at",
    "between",
    "bit",
    "coalesce",
    "cube",
    "else",
    "escape",
    "exists",
    "extract",
    "filter",
    "greatest",
    "grouping",
    "groups",
    "least",
    "national",
    "no",
    "normalize",
    "nothing",
    "nullif",
    "nulls",
    "out",
    "over",
    "overlay",
    "partition",
    "position",
    "range",
    "recursive",
    "rollup",
    "row",
    "rows",
    "setof",
    "sets",
    "substring",
    "ties",
    "treat",
    "trim",
    "values",
    "with",
    "within",
    "without",
    "xmlelement",
    "xmlforest",
    "xmlparse",
];

fn has(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Whether a word is reserved.
pub(super) fn is_reserved(word: &str) -> bool {
    has(&RESERVED, word)
}

/// Whether a word can name a table or a column without quotes.
pub(super) fn is_name(word: &str) -> bool {
    !is_reserved(word) && !has(&FUNCTION_OR_TYPE, word)
}

/// Whether a word can name an output column without AS.
pub(super) fn is_bare_label(word: &str) -> bool {
    !has(&NEEDS_AS, word)
}

/// Whether a word is a value by itself.
pub(super) fn is_value(word: &str) -> bool {
    has(&VALUES, word)
}

/// Whether a word that is a value by itself begins with these letters, in lower case.
pub(super) fn begins_value(letters: &str) -> bool {
    VALUES.iter().any(|word| word.starts_with(letters))
}

/// Whether a word names a type that may stand before a text.
pub(super) fn is_type(word: &str) -> bool {
    has(&TYPES, word)
}

/// Whether a function aggregates.
pub(super) fn is_aggregate(name: &str) -> bool {
    has(&AGGREGATES, name)
}

/// Whether a function that is called without OVER needs it; `within`: it is called with WITHIN GROUP.
pub(super) fn needs_window(name: &str, within: bool) -> bool {
    match name {
        "first_value" | "lag" | "last_value" | "lead" | "nth_value" | "ntile" | "row_number" => true,
        "cume_dist" | "dense_rank" | "percent_rank" | "rank" => !within,
        _ => false,
    }
}

/// The functions that an answer may call, in order.
pub(super) fn functions() -> &'static [&'static str] {
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let lines = include_str!("functions.txt").lines().filter(|line| !line.starts_with('#'));
        let mut names: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        names.sort_unstable();
        names.dedup();
        names
    })
}

/// Whether an answer may call a function.
pub(super) fn is_function(name: &str) -> bool {
    has(functions(), name)
}

/// Whether a key word or a function begins with these letters, in lower case.
pub(super) fn begins_any(letters: &str) -> bool {
    let begins = |list: &[&str]| {
        let at = list.partition_point(|word| *word < letters);
        list.get(at).is_some_and(|word| word.starts_with(letters))
    };
    begins(&RESERVED)
        || begins(&FUNCTION_OR_TYPE)
        || begins(&NEEDS_AS)
        || begins(&TYPES)
        || begins(&OTHERS)
        || begins(functions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        let lists: [&[&str]; 7] = [&RESERVED, &FUNCTION_OR_TYPE, &NEEDS_AS, &VALUES, &TYPES, &AGGREGATES, &OTHERS];
        assert!(lists.iter().all(|list| list.is_sorted()));
        assert!(is_function("date_trunc") && !is_function("nextval") && !is_function("pg_sleep"));
        assert!(AGGREGATES.iter().all(|name| is_function(name)));
        assert!(begins_any("coal") && begins_any("wher") && !begins_any("xyzz"));
    }
}
