//! Numbers and truth values as texts: what SQLite and MySQL write where a number stands among texts, which
//! is not what PostgreSQL's cast writes. SQLite's numbers with a fraction keep one digit of it, `2.0`, and
//! no zeros behind it; MySQL's means and quotients have four digits more than what they are made of. A truth
//! value is 1 or 0.
//!
//! <https://www.sqlite.org/lang_expr.html#castexpr>,
//! <https://dev.mysql.com/doc/refman/8.4/en/arithmetic-functions.html>

use sqlparser::ast::{BinaryOperator, DataType, DateTimeField, ExactNumberInfo, Expr, UnaryOperator};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, integer, literal};
use crate::dialect::template::build;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// The text of a value that is not a text.
pub(in crate::dialect) fn as_text(rewriter: &Rewriter<'_>, value: &Expr) -> Option<Expr> {
    otherwise(rewriter, value).or_else(|| build("CAST($1 AS TEXT)", &[value]))
}

/// The text of a value, where PostgreSQL's cast would return a different one.
pub(in crate::dialect) fn otherwise(rewriter: &Rewriter<'_>, value: &Expr) -> Option<Expr> {
    let kind = rewriter.scopes.kind(value)?;
    match rewriter.dialect {
        Dialect::Postgres => None,
        _ if !rewriter.certain => None,
        _ if kind == ValueKind::Boolean => build("CAST(CAST($1 AS INTEGER) AS TEXT)", &[value]),
        Dialect::Sqlite => match kind {
            ValueKind::Other if is_blob(rewriter, value) => build("CONVERT_FROM($1, 'UTF8')", &[value]),
            ValueKind::Number | ValueKind::Float if is_real(rewriter, value) => {
                build("TO_CHAR($1, 'FM999999999999990.099999999999999')", &[value])
            }
            ValueKind::Number => build("CAST(TRIM_SCALE($1) AS TEXT)", &[value]),
            _ => None,
        },
        Dialect::MySql if kind == ValueKind::Number => {
            match (is_rounded_float(rewriter, value), scale(rewriter, value)) {
                (true, _) => build("CAST(TRIM_SCALE($1) AS TEXT)", &[value]),
                (false, Some((places, true))) => {
                    build("CAST(ROUND($1, $2) AS TEXT)", &[value, &integer(usize::try_from(places).ok()?)])
                }
                _ => None,
            }
        }
        Dialect::MySql => None,
    }
}

fn is_blob(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    let declared = rewriter.scopes.declared(value).and_then(|column| column.declared.as_ref());
    declared.is_some_and(|declared| declared.to_string().to_uppercase().contains("BLOB"))
}

/// Whether SQLite prints the value with a fraction, even one of 0. For a column without whole numbers in the rows
/// PostgreSQL prints the same.
fn is_real(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    let real = |expr: &Expr| is_real(rewriter, expr);
    match value {
        Expr::Value(_) => literal(value).is_some_and(|(text, number)| number && text.contains(['.', 'e', 'E'])),
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
            real(inner)
        }
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match rewriter.scopes.declared(value) {
            Some(column) => {
                let named = column.declared.as_ref().map_or(column.kind == ValueKind::Float, is_real_type);
                let whole = |number: &String| number.parse::<f64>().is_ok_and(|number| number.fract() == 0.0);
                named && (column.numbers.is_empty() || column.numbers.iter().any(whole))
            }
            None => rewriter.scopes.kind(value) == Some(ValueKind::Float),
        },
        Expr::Cast { expr, data_type, .. } => match ValueKind::of(data_type) {
            ValueKind::Float => true,
            ValueKind::Number => real(expr),
            _ => false,
        },
        Expr::Extract { field, .. } => matches!(field, DateTimeField::Julian),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().map(|case| &case.result).chain(else_result.as_deref()).any(real)
        }
        Expr::BinaryOp { left, right, op } => {
            use BinaryOperator::{Divide, Minus, Multiply, Plus};
            matches!(op, Plus | Minus | Multiply | Divide) && (real(left) || real(right))
        }
        Expr::Function(function) => match last_part(&function.name).as_str() {
            "avg" | "round" | "sqrt" | "power" | "exp" | "ln" | "log" => true,
            "sum" | "min" | "max" | "abs" | "coalesce" | "nullif" | "greatest" | "least" => {
                arguments(function).is_some_and(|values| values.into_iter().any(real))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether SQLite stores the numbers of a type with a fraction.
pub(in crate::dialect) fn is_real_type(declared: &DataType) -> bool {
    let name = declared.to_string().to_uppercase();
    !name.contains("INT") && ["REAL", "FLOA", "DOUB"].iter().any(|word| name.contains(word))
}

/// Whether a value is `ROUND` of a floating-point number, whose scale MySQL does not keep.
fn is_rounded_float(rewriter: &Rewriter<'_>, value: &Expr) -> bool {
    let Expr::Function(function) = value else { return false };
    let first = arguments(function).and_then(|values| values.first().map(|first| (*first).clone()));
    last_part(&function.name) == "round"
        && matches!(first, Some(Expr::Cast { expr, .. }) if rewriter.scopes.kind(&expr) == Some(ValueKind::Float))
}

/// The scale of MySQL's exact number, and whether PostgreSQL's differs.
fn scale(rewriter: &Rewriter<'_>, value: &Expr) -> Option<(i64, bool)> {
    use BinaryOperator::{Divide, Minus, Multiply, Plus};
    let scale = |expr: &Expr| scale(rewriter, expr);
    match value {
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
            scale(inner)
        }
        Expr::Value(_) => {
            let (text, _) = literal(value).filter(|(text, number)| *number && !text.contains(['e', 'E']))?;
            Some((text.split_once('.').map_or(0, |(_, digits)| digits.len() as i64), false))
        }
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match rewriter.scopes.declared(value)? {
            column if column.kind == ValueKind::Integer => Some((0, false)),
            column => match column.declared.as_ref()? {
                DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => match info {
                    ExactNumberInfo::PrecisionAndScale(_, places) => Some((*places, false)),
                    _ => Some((0, false)),
                },
                _ => None,
            },
        },
        Expr::Cast { expr, data_type: DataType::Numeric(ExactNumberInfo::None), .. } => scale(expr),
        Expr::BinaryOp { left, op: op @ (Plus | Minus | Multiply | Divide), right } => {
            let ((a, first), (b, second)) = (scale(left)?, scale(right)?);
            match op {
                Divide => Some((a + 4, true)),
                Multiply => Some((a + b, first || second)),
                _ => Some((a.max(b), first || second)),
            }
        }
        Expr::Function(function) => {
            let values = arguments(function)?;
            match (last_part(&function.name).as_str(), &values[..]) {
                ("avg", [of]) => scale(of).map(|(places, _)| (places + 4, true)),
                ("sum" | "min" | "max" | "abs" | "nullif", [of, ..]) => scale(of),
                ("count", _) => Some((0, false)),
                _ => None,
            }
        }
        _ => (rewriter.scopes.kind(value) == Some(ValueKind::Integer)).then_some((0, false)),
    }
}
