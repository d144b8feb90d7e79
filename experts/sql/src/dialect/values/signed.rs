//! Whether a number may be negative, as far as the record shows.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::literal;

/// Whether an expression may be negative: it is written so, or the column has a negative number in the schema's own
/// rows.
pub(in crate::dialect) fn may_be_negative(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    if let Some((text, _)) = literal(expr) {
        return text.trim_start().starts_with('-');
    }
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => may_be_negative(rewriter, inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, .. } => true,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            rewriter.scopes.declared(expr).is_some_and(|column| column.negative)
        }
        Expr::BinaryOp { op: BinaryOperator::Plus | BinaryOperator::Multiply, left, right } => {
            may_be_negative(rewriter, left) || may_be_negative(rewriter, right)
        }
        _ => false,
    }
}
