//! Casts of numbers and truth values to texts, which are written otherwise than PostgreSQL's.

use sqlparser::ast::Expr;

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::values::shown;

/// What a statement casts to a text. Before calls have become casts.
pub(in crate::dialect) fn cast(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let (Expr::Cast { expr: value, data_type, .. } | Expr::Convert { expr: value, data_type: Some(data_type), .. }) =
        expr
    else {
        return;
    };
    if ValueKind::of(data_type) == ValueKind::Text
        && let Some(text) = shown::otherwise(rewriter, value)
    {
        rewriter.changed("number-as-text", format!("{value} is written as a text as there"));
        **value = text;
    }
}
