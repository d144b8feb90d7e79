//! SQLite's Julian days in arithmetic.

use sqlparser::ast::{BinaryOperator, DateTimeField, Expr};

use crate::dialect::template::build;

/// Drops the half days from the difference of two Julian days.
pub(in crate::dialect) fn difference_of_days(expr: &mut Expr) {
    let Expr::BinaryOp { left, op: BinaryOperator::Minus, right } = expr else { return };
    let day = |expr: &Expr| match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Minus, right } if right.to_string() == "0.5" => match &**left {
            Expr::Extract { field: DateTimeField::Julian, .. } => Some((**left).clone()),
            _ => None,
        },
        _ => None,
    };
    if let (Some(later), Some(earlier)) = (day(left), day(right)) {
        (**left, **right) = (later, earlier);
    }
}

/// Julian days as floating-point numbers, as SQLite has them: fractions of a day are cut off in the same place.
pub(in crate::dialect) fn days_as_floats(expr: &mut Expr) {
    crate::syntax::walk::edit_expressions(expr, &mut |part| {
        if matches!(part, Expr::Extract { field: DateTimeField::Julian, .. })
            && let Some(float) = build("CAST($1 AS DOUBLE PRECISION)", &[part])
        {
            *part = float;
        }
    });
}
