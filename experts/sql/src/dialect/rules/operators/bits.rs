//! Operators of bits. MySQL's are of 64 bits without a sign, PostgreSQL's of the type of their operands:
//! of negative numbers, and where `~` sets the highest bits, they return others.
//! <https://dev.mysql.com/doc/refman/8.4/en/bit-functions.html>

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal};
use crate::dialect::template::build;
use crate::dialect::values::enums;
use crate::dialect::values::signed::may_be_negative;
use crate::syntax::Dialect;

/// `~a` by itself.
pub(super) fn inverted(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr: inner } = expr else { return };
    if rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    if may_be_negative(rewriter, inner) {
        return refuse(rewriter, &expr.clone());
    }
    if let Some(now) = build("18446744073709551615 - $1", &[inner]) {
        rewriter.changed("operator", "`~` is of 64 bits without a sign".to_owned());
        *expr = now;
    }
}

/// An operator of bits between two numbers.
pub(super) fn between(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    use BinaryOperator as Op;
    if rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    let Expr::BinaryOp { left, op, right } = &mut *expr else { return };
    let shift = matches!(op, Op::PGBitwiseShiftLeft | Op::PGBitwiseShiftRight);
    if !shift && !matches!(op, Op::BitwiseAnd | Op::BitwiseOr | Op::BitwiseXor) {
        return;
    }
    if enums::refuses_set(rewriter, left) || enums::refuses_set(rewriter, right) {
        return;
    }
    let negative = [may_be_negative(rewriter, left), may_be_negative(rewriter, right)];
    // The bits of a negative number count where they come out.
    let counts = if *op == Op::BitwiseAnd { negative == [true, true] } else { negative.contains(&true) };
    // Far to the left an INTEGER has no room.
    let far = !literal(right).is_some_and(|(n, _)| n.parse::<u8>().is_ok_and(|n| n < 8));
    if *op == Op::PGBitwiseShiftLeft
        && far
        && !matches!(**left, Expr::Cast { .. })
        && let Some(wide) = build("CAST($1 AS BIGINT)", &[left])
    {
        rewriter.changed("operator", "`<<` is of 64 bits".to_owned());
        **left = wide;
    }
    if counts {
        refuse(rewriter, &expr.clone());
    }
}

fn refuse(rewriter: &mut Rewriter<'_>, expr: &Expr) {
    let why = format!("{} is of negative numbers, whose bits MySQL takes for those of a positive one", brief(expr));
    rewriter.refuse("other-meaning", why);
}
