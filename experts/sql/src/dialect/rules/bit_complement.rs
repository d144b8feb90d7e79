//! MySQL's `a & ~b`, whose sign does not matter. Other operators of bits are a matter of `operators`.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::dialect::values::signed::may_be_negative;
use crate::syntax::Dialect;

/// `a & ~b`, of which the highest bits are those of `a`, so that a sign does not matter. Before other rules.
pub(in crate::dialect) fn complement(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    let Expr::BinaryOp { op: BinaryOperator::BitwiseAnd, left, right } = expr else { return };
    let negative = (may_be_negative(rewriter, left), may_be_negative(rewriter, right));
    for (side, other_negative) in [(left, negative.1), (right, negative.0)] {
        let mut side = &mut **side;
        while let Expr::Nested(inner) = side {
            side = inner;
        }
        if let Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr } = side
            && !other_negative
            && let Some(same) = build("-1 - $1", &[expr])
        {
            *side = same;
        }
    }
}
