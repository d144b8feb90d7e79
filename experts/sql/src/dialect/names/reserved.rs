//! PostgreSQL's reserved words, and names written so that they are not taken for one.

use sqlparser::ast::Ident;

/// Words that PostgreSQL takes for something else than a name, in order: its reserved words, and those that may
/// name a function or a type alone, since they end a table's name and so are no alias.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
static RESERVED: [&str; 100] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
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
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// A name as PostgreSQL takes it: without quotes where it needs none.
pub(in crate::dialect) fn plain(ident: &Ident) -> Ident {
    let value = ident.value.trim();
    let regular = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_reserved(value);
    if regular { Ident::new(value) } else { Ident::with_quote('"', value) }
}

/// Whether PostgreSQL takes a word for something else than a name.
pub(in crate::dialect) fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search(&word.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_in_order() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved("Order") && is_reserved("with") && !is_reserved("name"));
    }
}
