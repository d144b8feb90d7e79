//! SQLite divides whole numbers as such, and a number is whole by its value and not by its column's type: one
//! of DECIMAL keeps 5.00 as 5, one of INTEGER may hold 1.5. PostgreSQL goes by the types. What the rows show
//! decides: all whole, and the quotient is cut; some, and the statement is refused; no rows, and it bears a
//! note.

use sqlparser::ast::{BinaryOperator, DateTimeField, Expr, UnaryOperator, Value};

use crate::catalog::ValueKind;
use crate::dialect::number_texts;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, literal};
use crate::dialect::template::build;
use crate::dialect::values::shown;
use crate::syntax::last_part;

/// Whether an expression's values are whole numbers in SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whole {
    Always,
    Unknown,
    Sometimes,
    Never,
}

impl Whole {
    /// Of a result that has a fraction as soon as one part has.
    fn with(self, other: Self) -> Self {
        self.max(other)
    }

    /// Of one of two values.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Whole::Unknown, _) | (_, Whole::Unknown) => Whole::Unknown,
            _ => Whole::Sometimes,
        }
    }

    fn of_shown<'t>(values: impl Iterator<Item = &'t String>) -> Self {
        let whole = |text: &String| match text.trim().parse::<f64>() {
            Ok(number) if number.fract() != 0.0 => Whole::Never,
            _ => Whole::Always,
        };
        values.map(whole).reduce(Whole::or).unwrap_or(Whole::Unknown)
    }
}

/// Whether a division is one of whole numbers in SQLite, before its sides are rewritten as numbers.
pub(super) fn of_division(rewriter: &Rewriter<'_>, left: &Expr, right: &Expr) -> Whole {
    let integer = |e: &Expr| rewriter.scopes.kind(e) == Some(ValueKind::Integer);
    if integer(left) && integer(right) {
        // PostgreSQL's as well.
        return Whole::Never;
    }
    of(rewriter, left).with(of(rewriter, right))
}

/// Acts on what was found of a division.
pub(super) fn divide(rewriter: &mut Rewriter<'_>, expr: &mut Expr, whole: Whole) {
    let Expr::BinaryOp { left, .. } = &*expr else { return };
    match whole {
        Whole::Never => {}
        Whole::Unknown => {
            let what = format!("SQLite divides whole values of {} as whole numbers", brief(left));
            rewriter.noted("whole-decimal", what);
        }
        Whole::Sometimes => {
            let why = format!(
                "SQLite divides {} as whole numbers where the values are whole, PostgreSQL by the types",
                brief(expr)
            );
            rewriter.refuse("other-meaning", why);
        }
        Whole::Always => {
            if let Some(cut) = build("TRUNC($1)", &[expr]) {
                rewriter.changed("whole-division", format!("{} is divided as whole numbers", brief(left)));
                *expr = cut;
            }
        }
    }
}

/// NULL, or 0, which is divided alike.
fn is_nothing(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
        || literal(expr).is_some_and(|(text, _)| text == "0")
}

fn of(rewriter: &Rewriter<'_>, expr: &Expr) -> Whole {
    use BinaryOperator::{Divide, LongArrow, Minus, Modulo, Multiply, Plus};
    let of = |expr: &Expr| of(rewriter, expr);
    let by_kind = || match rewriter.scopes.kind(expr) {
        Some(ValueKind::Integer | ValueKind::Boolean) => Whole::Always,
        _ => Whole::Never,
    };
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
            of(inner)
        }
        Expr::Value(_) => match literal(expr) {
            Some((number, true)) if !number.contains(['.', 'e', 'E']) => Whole::Always,
            Some((text, false)) if text.trim().parse::<i64>().is_ok() => Whole::Always,
            _ => Whole::Never,
        },
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match rewriter.scopes.declared(expr) {
            Some(column) if column.declared.as_ref().is_some_and(shown::is_real_type) => Whole::Never,
            Some(column) => match column.kind {
                ValueKind::Integer | ValueKind::Boolean => Whole::Always,
                ValueKind::Number | ValueKind::Float if column.declared.is_none() => Whole::Never,
                ValueKind::Number | ValueKind::Float => Whole::of_shown(column.numbers.iter().chain(&column.texts)),
                ValueKind::Text => Whole::of_shown(
                    column.numbers.iter().chain(column.texts.iter().filter(|t| number_texts::is_number(t))),
                ),
                _ => Whole::Never,
            },
            None => match rewriter.scopes.kind(expr) {
                Some(ValueKind::Number | ValueKind::Text) => Whole::Unknown,
                _ => by_kind(),
            },
        },
        Expr::Cast { expr, data_type, .. } => match ValueKind::of(data_type) {
            ValueKind::Integer => Whole::Always,
            ValueKind::Number => of(expr),
            _ => Whole::Never,
        },
        Expr::Extract { field, .. } if *field != DateTimeField::Julian => Whole::Always,
        Expr::Case { conditions, else_result, .. } => {
            let results = conditions.iter().map(|case| &case.result).chain(else_result.as_deref());
            results.filter(|result| !is_nothing(result)).map(of).reduce(Whole::or).unwrap_or(Whole::Never)
        }
        Expr::BinaryOp { op: LongArrow, .. } => Whole::Unknown,
        Expr::BinaryOp { left, op: Plus | Minus | Multiply | Divide, right } => of(left).with(of(right)),
        Expr::BinaryOp { op: Modulo, .. } => Whole::Always,
        Expr::Function(function) => {
            let values = arguments(function).unwrap_or_default();
            match last_part(&function.name).as_str() {
                // Of some whole numbers and others the sum is mostly none.
                "sum" => match values.first().map_or(Whole::Never, |first| of(first)) {
                    Whole::Sometimes => Whole::Unknown,
                    other => other,
                },
                "min" | "max" | "abs" | "nullif" | "first_value" | "last_value" | "lag" | "lead" => {
                    values.first().map_or(Whole::Never, |first| of(first))
                }
                "coalesce" | "ifnull" | "greatest" | "least" => values
                    .into_iter()
                    .filter(|value| !is_nothing(value))
                    .map(of)
                    .reduce(Whole::or)
                    .unwrap_or(Whole::Never),
                // What a division of whole numbers has become.
                "trunc" => match &values[..] {
                    [division @ Expr::BinaryOp { op: Divide, .. }] => of(division),
                    _ => Whole::Never,
                },
                _ => by_kind(),
            }
        }
        _ => by_kind(),
    }
}
