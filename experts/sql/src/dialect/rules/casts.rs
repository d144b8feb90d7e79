//! Casts: the type as PostgreSQL names it, and what a cast does otherwise there.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, Expr};

use crate::dialect::dialects::Dialect;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::dialect::value_kind::ValueKind;
use crate::dialect::values::days::days_as_floats;
use crate::dialect::values::signed::may_be_negative;
use crate::dialect::values::{enums, numbers, types};
use crate::schema::last_part;

/// Rewrites the type of a cast, and a cast that PostgreSQL does otherwise.
pub(in crate::dialect) fn cast(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
    if let Expr::Convert { expr: value, data_type, charset, .. } = expr {
        // `CONVERT(x, SIGNED)`, and `CONVERT(x USING utf8)`, which every text here is.
        let converted = match (data_type.take(), charset) {
            (Some(data_type), _) => build("CAST($1 AS TEXT)", &[value]).map(|mut cast| {
                if let Expr::Cast { data_type: text, .. } = &mut cast {
                    *text = data_type;
                }
                cast
            }),
            (None, _) => Some((**value).clone()),
        };
        if let Some(converted) = converted {
            rewriter.changed("cast", "`CONVERT` is written CAST".to_owned());
            *expr = converted;
        }
    }
    if let Expr::Cast { expr: value, data_type: DataType::Binary(None), .. } = expr
        && rewriter.dialect == Dialect::MySql
    {
        // `BINARY text` compares with regard to case, as PostgreSQL does anyway.
        rewriter.changed("collation", "BINARY goes: texts are compared with regard to case".to_owned());
        *expr = (**value).clone();
        return;
    }
    // Bytes that are a text.
    if let Expr::Cast { expr: value, data_type, .. } = &*expr
        && ValueKind::of(data_type) == ValueKind::Text
        && matches!(&**value, Expr::Function(function) if last_part(&function.name) == "decode")
        && let Some(text) = build("CONVERT_FROM($1, 'UTF8')", &[value])
    {
        rewriter.changed("cast", "bytes become a text by CONVERT_FROM".to_owned());
        *expr = text;
        return;
    }
    let Expr::Cast { expr: value, data_type, .. } = expr else { return };
    if ValueKind::of(data_type).is_number()
        || matches!(
            data_type,
            DataType::Signed | DataType::SignedInteger | DataType::Unsigned | DataType::UnsignedInteger
        )
    {
        enums::as_number(rewriter, value);
    }
    if matches!(data_type, DataType::Unsigned | DataType::UnsignedInteger)
        && rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && may_be_negative(rewriter, value)
    {
        let why = format!("{value} is negative, which as UNSIGNED is a large number in MySQL");
        rewriter.refuse("other-meaning", why);
    }
    let known = rewriter.scopes.kind(value);
    let integer = matches!(
        data_type,
        DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Signed
            | DataType::SignedInteger
            | DataType::Unsigned
            | DataType::UnsignedInteger
    );
    if integer && rewriter.dialect == Dialect::Sqlite {
        match known {
            // SQLite cuts, PostgreSQL rounds.
            Some(ValueKind::Number | ValueKind::Float)
                if !matches!(**value, Expr::Floor { .. } | Expr::Ceil { .. } | Expr::Extract { .. }) =>
            {
                days_as_floats(value);
                if let Some(cut) = build("TRUNC($1)", &[value]) {
                    rewriter.changed("cast", "`CAST` to an integer cuts the fraction off".to_owned());
                    **value = cut;
                }
            }
            // Of a date SQLite reads the digits that it begins with.
            Some(ValueKind::Date | ValueKind::Timestamp) => {
                if let Some(year) = build("EXTRACT(YEAR FROM $1)", &[value]) {
                    rewriter.changed("cast", "`CAST` of a date to an integer is its year".to_owned());
                    **value = year;
                }
            }
            _ => {}
        }
    }
    let numeric = integer || ValueKind::of(data_type).is_number();
    let mut zero = None;
    if numeric && let Some((begin, or_zero)) = numbers::before_cast(rewriter, value, integer) {
        // Both read the number that a text begins with, and 0 where it begins with none.
        rewriter.changed("number-from-text", format!("of the text {value} the number is read that it begins with"));
        zero = or_zero.then(|| (**value).clone());
        **value = begin;
    }
    if matches!(known, Some(ValueKind::Boolean)) && !integer && !matches!(data_type, DataType::Text | DataType::Boolean)
    {
        // Only integers take a truth value.
        if let Some(number) = build("CAST($1 AS INTEGER)", &[value]) {
            rewriter.changed("cast", "a truth value becomes a number by way of INTEGER".to_owned());
            **value = number;
        }
    }
    let mysql = rewriter.dialect == Dialect::MySql;
    let now = match &*data_type {
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
    };
    if let Some(now) = now {
        rewriter.changed("cast", format!("type {data_type} is written {now}"));
        *data_type = now;
    }
    if let Some(text) = zero
        && let Some(or_zero) = numbers::or_zero(rewriter, expr.clone(), &text)
    {
        *expr = or_zero;
    }
}
