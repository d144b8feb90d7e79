//! The kinds of values that rules tell apart.

use sqlparser::ast::DataType;

use crate::syntax::last_part;

/// What kind of values a column holds, as far as rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Boolean,
    Integer,
    /// An exact number with a fraction.
    Number,
    /// A floating-point number.
    Float,
    Text,
    Date,
    Timestamp,
    Other,
}

impl ValueKind {
    /// What kind of values a type holds.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean | DataType::Bool => ValueKind::Boolean,
            DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Int2(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
            | DataType::TinyInt(_)
            | DataType::MediumInt(_) => ValueKind::Integer,
            DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => ValueKind::Number,
            DataType::Real
            | DataType::Float(_)
            | DataType::Double(_)
            | DataType::DoublePrecision
            | DataType::Float4
            | DataType::Float8 => ValueKind::Float,
            DataType::Text
            | DataType::Varchar(_)
            | DataType::Char(_)
            | DataType::Character(_)
            | DataType::CharacterVarying(_)
            | DataType::CharVarying(_)
            | DataType::Nvarchar(_)
            | DataType::String(_) => ValueKind::Text,
            DataType::Date => ValueKind::Date,
            DataType::Timestamp(..) | DataType::Datetime(_) => ValueKind::Timestamp,
            DataType::Custom(name, _) => match last_part(name).as_str() {
                "serial" | "bigserial" | "smallserial" => ValueKind::Integer,
                "citext" => ValueKind::Text,
                _ => ValueKind::Other,
            },
            _ => ValueKind::Other,
        }
    }

    /// Whether it counts with its values.
    pub fn is_number(self) -> bool {
        matches!(self, ValueKind::Integer | ValueKind::Number | ValueKind::Float)
    }
}
