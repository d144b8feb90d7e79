//! Sides of a comparison that need more than their type: values of JSON, bytes, numbers of single precision.

use sqlparser::ast::{BinaryOperator, DataType, Expr, Value};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, literal, without_parentheses};
use crate::dialect::template::build;
use crate::dialect::values::bytes;
use crate::syntax::Dialect;

/// Compares a JSON value as a text, or as a number beside one.
pub(super) fn json_value(rewriter: &mut Rewriter<'_>, left: &mut Expr, right: &mut Expr) {
    if rewriter.dialect == Dialect::Postgres {
        return;
    }
    for (side, other) in [(0, 1), (1, 0)] {
        let sides = [&*left, &*right];
        let Expr::BinaryOp { left: document, op, right: step } = without_parentheses(sides[side]) else { continue };
        let json = *op == BinaryOperator::Arrow;
        let sqlite_number = *op == BinaryOperator::LongArrow && rewriter.dialect == Dialect::Sqlite;
        if !json && !sqlite_number {
            continue;
        }
        let number = match literal(sides[other]) {
            Some((_, number)) => number,
            None => rewriter.scopes.kind(sides[other]).is_some_and(ValueKind::is_number),
        };
        let truth = matches!(sides[other], Expr::Value(value) if matches!(value.value, Value::Boolean(_)));
        let template = match (number, truth) {
            (true, _) => "CAST($1 ->> $2 AS NUMERIC)",
            (_, true) => "CAST($1 ->> $2 AS BOOLEAN)",
            _ if json => "$1 ->> $2",
            _ => continue,
        };
        if let Some(now) = build(template, &[document, step]) {
            rewriter.changed("json-value", format!("{} is compared as {}", brief(sides[side]), brief(&now)));
            if side == 0 { *left = now } else { *right = now }
        }
    }
}

/// Gives a literal of bytes the kind of the value beside it.
pub(super) fn bytes_literal(rewriter: &mut Rewriter<'_>, other: &Expr, literal: &mut Expr) {
    let (Expr::Value(value), true) = (&*literal, rewriter.certain) else { return };
    let Some(bytes) = bytes::of(&value.value) else { return };
    let is_bytes = || {
        let declared = rewriter.scopes.declared(other).and_then(|column| column.declared.as_ref());
        declared.is_some_and(|declared| {
            let declared = declared.to_string().to_uppercase();
            ["BLOB", "BINARY", "BYTEA"].iter().any(|name| declared.contains(name))
        })
    };
    let now = match rewriter.scopes.kind(other) {
        Some(ValueKind::Other) if is_bytes() => bytes::stored(&value.value, ValueKind::Other),
        // A truth value is 1 or 0, and equals no other number.
        Some(ValueKind::Boolean) if bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() > 1 => None,
        Some(kind) if rewriter.dialect == Dialect::MySql && kind != ValueKind::Other => {
            bytes::stored(&value.value, kind)
        }
        _ => None,
    };
    if let Some(now) = now {
        rewriter.changed("operator", format!("{literal} is written {now}"));
        *literal = Expr::Value(now.into());
    }
}

/// Compares a FLOAT in single precision, where the number beside it has no exact form in four bytes.
pub(super) fn single_precision(rewriter: &mut Rewriter<'_>, column: &mut Expr, op: &BinaryOperator, number: &str) {
    let Some(declared) = rewriter.scopes.declared(column) else { return };
    let single = matches!(declared.declared, Some(DataType::Float(_) | DataType::FloatUnsigned(_)));
    let Ok(value) = number.parse::<f64>() else { return };
    if !rewriter.certain || rewriter.dialect != Dialect::MySql || !single || f64::from(value as f32) == value {
        return;
    }
    let shown = declared.numbers.iter().any(|number| number.parse::<f64>() == Ok(value));
    let equal = matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq) && !declared.is_shown();
    if (shown || equal)
        && let Some(cast) = build("CAST(CAST($1 AS REAL) AS DOUBLE PRECISION)", &[column])
    {
        let what = format!("{} has four bytes, which do not hold {number}", brief(column));
        rewriter.changed("single-precision", what);
        *column = cast;
    }
}
