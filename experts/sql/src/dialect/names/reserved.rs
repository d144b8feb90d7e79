//! PostgreSQL's reserved words, and names written so that they are not taken for one.

use sqlparser::ast::Ident;

/// A name as PostgreSQL takes it: without quotes where it needs none.
pub(in crate::dialect) fn plain(ident: &Ident) -> Ident {
    let value = ident.value.trim();
    let regular = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_reserved(value);
    if regular { Ident::new(value) } else { Ident::with_quote('"', value) }
}

/// Whether PostgreSQL takes the word for something else than a name.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
pub(in crate::dialect) fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 77] = [
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
    ];
    // Joining words end a table's name, so they are no alias either.
    const JOINING: [&str; 14] = [
        "authorization",
        "binary",
        "collation",
        "concurrently",
        "cross",
        "freeze",
        "full",
        "ilike",
        "inner",
        "is",
        "isnull",
        "join",
        "left",
        "like",
    ];
    const MORE: [&str; 8] = ["natural", "notnull", "outer", "overlaps", "right", "similar", "tablesample", "verbose"];
    let word = word.to_lowercase();
    [&RESERVED[..], &JOINING, &MORE].iter().any(|list| list.contains(&word.as_str())) || word == "with"
}
