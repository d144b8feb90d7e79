//! Casts: the type as PostgreSQL names it, and what a cast does otherwise there.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, Expr};

use crate::catalog::ValueKind;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::dialect::values::days::days_as_floats;
use crate::dialect::values::signed::may_be_negative;
use crate::dialect::values::{enums, numbers, types};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Rewrites the type of a cast, and a cast that PostgreSQL does otherwise.
pub(in crate::dialect) fn cast(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    convert(rewriter, expr);
    if without_binary(rewriter, expr) || bytes_as_text(rewriter, expr) {
        return;
    }
    let Expr::Cast { expr: value, data_type, .. } = expr else { return };
    if ValueKind::of(data_type).is_number() || is_signed_or_unsigned(data_type) {
        enums::as_number(rewriter, value);
    }
    refuse_negative(rewriter, value, data_type);
    let known = rewriter.scopes.kind(value);
    let integer = is_signed_or_unsigned(data_type)
        || matches!(data_type, DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_));
    if integer && rewriter.dialect == Dialect::Sqlite {
        whole(rewriter, value, known);
    }
    let mut zero = None;
    if (integer || ValueKind::of(data_type).is_number())
        && let Some((begin, or_zero)) = numbers::before_cast(rewriter, value, integer)
    {
        // Both read the number that a text begins with, and 0 where it begins with none.
        rewriter.changed("number-from-text", format!("of the text {value} the number is read that it begins with"));
        zero = or_zero.then(|| (**value).clone());
        **value = begin;
    }
    if matches!(known, Some(ValueKind::Boolean))
        && !integer
        && !matches!(data_type, DataType::Text | DataType::Boolean)
        && let Some(number) = build("CAST($1 AS INTEGER)", &[value])
    {
        // Only integers take a truth value.
        rewriter.changed("cast", "a truth value becomes a number by way of INTEGER".to_owned());
        **value = number;
    }
    if let Some(now) = target(rewriter, data_type) {
        rewriter.changed("cast", format!("type {data_type} is written {now}"));
        *data_type = now;
    }
    if let Some(text) = zero
        && let Some(or_zero) = numbers::or_zero(rewriter, expr.clone(), &text)
    {
        *expr = or_zero;
    }
}

/// `CONVERT(x, SIGNED)` as a cast, and `CONVERT(x USING utf8)`, which every text here is.
fn convert(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    let Expr::Convert { expr: value, data_type, .. } = expr else { return };
    let converted = match data_type.take() {
        Some(data_type) => build("CAST($1 AS TEXT)", &[value]).map(|mut cast| {
            if let Expr::Cast { data_type: text, .. } = &mut cast {
                *text = data_type;
            }
            cast
        }),
        None => Some((**value).clone()),
    };
    if let Some(converted) = converted {
        rewriter.changed("cast", "`CONVERT` is written CAST".to_owned());
        *expr = converted;
    }
}

/// `BINARY text` compares with regard to case, as PostgreSQL does anyway.
fn without_binary(rewriter: &mut Rewriter<'_>, expr: &mut Expr) -> bool {
    let Expr::Cast { expr: value, data_type: DataType::Binary(None), .. } = expr else { return false };
    if rewriter.dialect != Dialect::MySql {
        return false;
    }
    rewriter.changed("collation", "BINARY goes: texts are compared with regard to case".to_owned());
    *expr = (**value).clone();
    true
}

/// A cast to a text of decoded bytes.
fn bytes_as_text(rewriter: &mut Rewriter<'_>, expr: &mut Expr) -> bool {
    if let Expr::Cast { expr: value, data_type, .. } = &*expr
        && ValueKind::of(data_type) == ValueKind::Text
        && matches!(&**value, Expr::Function(function) if last_part(&function.name) == "decode")
        && let Some(text) = build("CONVERT_FROM($1, 'UTF8')", &[value])
    {
        rewriter.changed("cast", "bytes become a text by CONVERT_FROM".to_owned());
        *expr = text;
        return true;
    }
    false
}

/// Whether a type is MySQL's SIGNED or UNSIGNED.
fn is_signed_or_unsigned(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(data_type, T::Signed | T::SignedInteger | T::Unsigned | T::UnsignedInteger)
}

/// Refuses a negative number as UNSIGNED.
fn refuse_negative(rewriter: &mut Rewriter<'_>, value: &Expr, data_type: &DataType) {
    if matches!(data_type, DataType::Unsigned | DataType::UnsignedInteger)
        && rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && may_be_negative(rewriter, value)
    {
        let why = format!("{value} is negative, which as UNSIGNED is a large number in MySQL");
        rewriter.refuse("other-meaning", why);
    }
}

/// SQLite's whole number of a value.
fn whole(rewriter: &mut Rewriter<'_>, value: &mut Expr, known: Option<ValueKind>) {
    match known {
        // SQLite cuts, PostgreSQL rounds.
        Some(ValueKind::Number | ValueKind::Float)
            if !matches!(*value, Expr::Floor { .. } | Expr::Ceil { .. } | Expr::Extract { .. }) =>
        {
            days_as_floats(value);
            if let Some(cut) = build("TRUNC($1)", &[value]) {
                rewriter.changed("cast", "`CAST` to an integer cuts the fraction off".to_owned());
                *value = cut;
            }
        }
        // Of a date SQLite reads the digits that it begins with.
        Some(ValueKind::Date | ValueKind::Timestamp) => {
            if let Some(year) = build("EXTRACT(YEAR FROM $1)", &[value]) {
                rewriter.changed("cast", "`CAST` of a date to an integer is its year".to_owned());
                *value = year;
            }
        }
        _ => {}
    }
}

/// The type that is cast to, as PostgreSQL has it; `None` when it stays.
fn target(rewriter: &Rewriter<'_>, data_type: &DataType) -> Option<DataType> {
    let mysql = rewriter.dialect == Dialect::MySql;
    match data_type {
        // Without digits it has ten and no fraction, in PostgreSQL as many as it takes.
        DataType::Decimal(ExactNumberInfo::None)
        | DataType::Numeric(ExactNumberInfo::None)
        | DataType::Dec(ExactNumberInfo::None)
            if mysql && rewriter.certain =>
        {
            Some(DataType::Decimal(ExactNumberInfo::PrecisionAndScale(10, 0)))
        }
        // SQLite rounds to no digits and cuts to no length.
        DataType::Decimal(ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..))
        | DataType::Numeric(ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..))
            if !mysql && rewriter.certain =>
        {
            Some(DataType::Numeric(ExactNumberInfo::None))
        }
        DataType::Varchar(_) | DataType::Char(_) | DataType::Character(_) | DataType::CharacterVarying(_)
            if !mysql && rewriter.certain =>
        {
            Some(DataType::Text)
        }
        // In a cast MySQL's CHAR is as long as it must be.
        DataType::Char(None) | DataType::Character(None) => Some(DataType::Text),
        // Cut to so many characters, but for lengths that only make room, as in a recursion.
        DataType::Char(Some(CharacterLength::IntegerLength { length, .. })) if mysql && *length < 50 => {
            Some(types::varchar(*length))
        }
        DataType::Char(_) if mysql => Some(DataType::Text),
        DataType::TinyInt(_) => Some(DataType::SmallInt(None)),
        DataType::Bool => None,
        other => types::of_column(other, rewriter.dialect),
    }
}
