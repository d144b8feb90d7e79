//! Which values a column's type and its CHECKs allow, as far as they are understood: CHECKs that compare one column
//! with literals. Rows that break any other CHECK make a database that does not load, and which is then not used.

use sqlparser::ast::{BinaryOperator, CharacterLength, DataType, ExactNumberInfo, Expr, UnaryOperator, Value};

use crate::catalog::{Column, Table};
use crate::syntax::last_part;

/// Which values a column may hold.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Most characters.
    pub max_length: Option<usize>,
    /// The only literals that it may hold; empty when others are allowed too.
    pub choices: Vec<String>,
    /// Its numbers lie strictly between these.
    pub bounds: (Option<f64>, Option<f64>),
    /// Greatest number that its type holds.
    pub max_number: f64,
    /// The literal to write when no value is known and NULL is not allowed.
    pub fallback: &'static str,
}

impl Limits {
    /// The limits of a column's type.
    pub fn of_column(column: &Column) -> Self {
        Self {
            max_length: max_length(&column.data_type),
            choices: column.enum_labels.iter().map(|label| format!("'{}'", label.replace('\'', "''"))).collect(),
            bounds: (None, None),
            max_number: max_number(&column.data_type),
            fallback: fallback(&column.data_type),
        }
    }
}

/// Narrows the limits of a table's columns to what a CHECK allows.
pub(super) fn apply_check(table: &Table, limits: &mut [Limits], check: &Expr) {
    let position = |expr: &Expr| match expr {
        Expr::Identifier(ident) => table.position(&ident.value),
        _ => None,
    };
    match check {
        Expr::Nested(inner) => apply_check(table, limits, inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            apply_check(table, limits, left);
            apply_check(table, limits, right);
        }
        Expr::InList { expr, list, negated: false } => {
            if let Some(i) = position(expr) {
                limits[i].choices = list.iter().map(ToString::to_string).collect();
            }
        }
        Expr::Between { expr, negated: false, low, high } => {
            if let (Some(i), Some(low), Some(high)) = (position(expr), number(low), number(high)) {
                limits[i].bounds = (Some(low - 1.0), Some(high + 1.0));
            }
        }
        Expr::BinaryOp { left, op, right } => {
            if let (Some(i), Some(limit)) = (position(left), number(right)) {
                let bounds = &mut limits[i].bounds;
                match op {
                    BinaryOperator::Gt => bounds.0 = Some(limit),
                    BinaryOperator::GtEq => bounds.0 = Some(limit - 1.0),
                    BinaryOperator::Lt => bounds.1 = Some(limit),
                    BinaryOperator::LtEq => bounds.1 = Some(limit + 1.0),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Greatest number to generate for a type: it fits, and leaves room for sums.
fn max_number(data_type: &DataType) -> f64 {
    let digits = |info: &ExactNumberInfo| match info {
        ExactNumberInfo::None => 12,
        ExactNumberInfo::Precision(precision) => i32::try_from(*precision).unwrap_or(12).clamp(1, 12),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            i32::try_from(i64::try_from(*precision).unwrap_or(12) - scale).unwrap_or(12).clamp(0, 12)
        }
    };
    match data_type {
        DataType::SmallInt(_) | DataType::Int2(_) | DataType::TinyInt(_) => 32_000.0,
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => 10_f64.powi(digits(info)) - 1.0,
        DataType::BigInt(_) | DataType::Int8(_) => 1e15,
        DataType::Custom(name, _) if last_part(name) == "bigserial" => 1e15,
        DataType::Real | DataType::Float(_) | DataType::Double(_) | DataType::DoublePrecision => 1e12,
        _ => 2e9,
    }
}

/// A literal that a type accepts for which no values are generated.
fn fallback(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::JSON | DataType::JSONB | DataType::Array(_) => "'{}'",
        DataType::Bytea | DataType::Blob(_) => "''",
        _ => "DEFAULT",
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => text.to_string().parse::<f64>().ok(),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|n| -n),
        _ => None,
    }
}

fn max_length(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Character(Some(CharacterLength::IntegerLength { length, .. })) => usize::try_from(*length).ok(),
        DataType::Char(None) | DataType::Character(None) => Some(1),
        _ => None,
    }
}
