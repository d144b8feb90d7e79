//! Collations by their names, and the two ways in which MySQL's SQL asks for a comparison by bytes:
//! `BINARY text` and `text COLLATE utf8mb4_bin`.

use sqlparser::ast::Expr;

/// Whether a collation is case-sensitive.
pub(super) fn regards_case(collation: &str) -> bool {
    let name = collation.to_lowercase();
    let name = name.trim_matches(['"', '`', '\'']);
    matches!(name, "binary" | "c") || name.ends_with("_bin") || name.ends_with("_cs")
}

/// Whether an expression is MySQL's `BINARY text` or `text COLLATE utf8mb4_bin`, which compare case-sensitively.
pub(super) fn is_binary(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_binary(inner),
        Expr::Cast { data_type: sqlparser::ast::DataType::Binary(None), .. } => true,
        Expr::Collate { collation, .. } => regards_case(&collation.to_string()),
        _ => false,
    }
}

/// The expression without BINARY or a binary collation.
pub(super) fn bare(expr: &Expr) -> Expr {
    match expr {
        Expr::Nested(inner) if is_binary(inner) => bare(inner),
        Expr::Cast { expr, data_type: sqlparser::ast::DataType::Binary(None), .. } => (**expr).clone(),
        Expr::Collate { expr: inner, .. } if is_binary(expr) => (**inner).clone(),
        other => other.clone(),
    }
}
