//! Kinds of values, coarser than types: what a rule, a lint or a generator has to tell apart.

use sqlparser::ast::DataType;

use crate::syntax::last_part;

/// What kind of values a column or an expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An exact number with a fraction.
    Number,
    /// A floating-point number.
    Float,
    /// A text.
    Text,
    /// A day.
    Date,
    /// A point in time.
    Timestamp,
    /// Any other: the type itself tells.
    Other,
}

impl ValueKind {
    /// The kind of a type's values.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean | DataType::Bool => Self::Boolean,
            DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Int2(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
            | DataType::TinyInt(_)
            | DataType::MediumInt(_) => Self::Integer,
            DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => Self::Number,
            DataType::Real
            | DataType::Float(_)
            | DataType::Double(_)
            | DataType::DoublePrecision
            | DataType::Float4
            | DataType::Float8 => Self::Float,
            DataType::Text
            | DataType::Varchar(_)
            | DataType::Char(_)
            | DataType::Character(_)
            | DataType::CharacterVarying(_)
            | DataType::CharVarying(_)
            | DataType::Nvarchar(_)
            | DataType::String(_) => Self::Text,
            DataType::Date => Self::Date,
            DataType::Timestamp(..) | DataType::Datetime(_) => Self::Timestamp,
            DataType::Custom(name, _) => match last_part(name).as_str() {
                "serial" | "bigserial" | "smallserial" => Self::Integer,
                "citext" => Self::Text,
                "timestamptz" => Self::Timestamp,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Whether the values are numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Float)
    }
}
