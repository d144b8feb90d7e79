//! Types: MySQL's and SQLite's as PostgreSQL names them, in columns and in casts.
//! Sources: <https://dev.mysql.com/doc/refman/8.4/en/data-types.html>,
//! <https://www.sqlite.org/datatype3.html>, <https://www.postgresql.org/docs/current/datatype.html>.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, Expr, TimezoneInfo};

use super::names::{self, Kind};
use super::template::build;
use super::{Dialect, Rewriter, bits, enums, numbers};
use crate::schema::last_part;

/// Names of types that PostgreSQL does not have, by which other databases' tables are known.
pub(super) const FOREIGN_NAMES: [&str; 21] = [
    "bool_int",
    "datetime2",
    "datetimeoffset",
    "int24",
    "int32",
    "int64",
    "long",
    "longvarchar",
    "nchar",
    "ntext",
    "number",
    "numeric2",
    "nvarchar2",
    "smalldatetime",
    "smallmoney",
    "string",
    "tinytext",
    "uint",
    "uniqueidentifier",
    "varchar2",
    "year",
];

/// PostgreSQL's longest VARCHAR.
const LONGEST_VARCHAR: u64 = 10_485_760;

/// The type as PostgreSQL has it; `None` when it stays as it is.
pub(super) fn of_column(data_type: &DataType, dialect: Dialect) -> Option<DataType> {
    use DataType as T;
    let numeric = |info: &ExactNumberInfo| match info {
        ExactNumberInfo::PrecisionAndScale(p, s) => T::Numeric(ExactNumberInfo::PrecisionAndScale((*p).min(1000), *s)),
        ExactNumberInfo::Precision(p) => T::Numeric(ExactNumberInfo::Precision((*p).min(1000))),
        ExactNumberInfo::None => T::Numeric(ExactNumberInfo::None),
    };
    let now = match data_type {
        T::TinyInt(Some(1)) | T::TinyIntUnsigned(Some(1)) | T::Bool => T::Boolean,
        T::Bit(None | Some(1)) => T::Boolean,
        T::TinyInt(_) | T::TinyIntUnsigned(_) | T::UTinyInt | T::SmallInt(Some(_)) | T::Int2(Some(_)) => {
            T::SmallInt(None)
        }
        T::MediumInt(_)
        | T::MediumIntUnsigned(_)
        | T::Int(Some(_))
        | T::Int4(Some(_))
        | T::SmallIntUnsigned(_)
        | T::Int2Unsigned(_)
        | T::USmallInt
        | T::Int32
        | T::Int16 => T::Int(None),
        T::Integer(Some(_)) => T::Integer(None),
        T::BigInt(Some(_))
        | T::IntUnsigned(_)
        | T::IntegerUnsigned(_)
        | T::Int4Unsigned(_)
        | T::Int64
        | T::Signed
        | T::SignedInteger => T::BigInt(None),
        T::BigIntUnsigned(_) | T::Int8Unsigned(_) | T::UBigInt | T::HugeInt | T::UInt64 => {
            T::Numeric(ExactNumberInfo::Precision(20))
        }
        T::Unsigned | T::UnsignedInteger | T::Int8(Some(_)) => T::BigInt(None),
        T::Double(_) | T::DoubleUnsigned(_) | T::DoublePrecisionUnsigned | T::Float64 | T::RealUnsigned => {
            T::DoublePrecision
        }
        // Eight bytes there, four in PostgreSQL.
        T::Real => T::DoublePrecision,
        T::Float(ExactNumberInfo::None) if dialect == Dialect::Sqlite => T::DoublePrecision,
        T::Float(ExactNumberInfo::PrecisionAndScale(..)) | T::FloatUnsigned(_) | T::Float32 => T::DoublePrecision,
        T::DecimalUnsigned(info) | T::DecUnsigned(info) | T::BigNumeric(info) | T::BigDecimal(info) => numeric(info),
        T::Datetime(precision) => T::Timestamp(precision.map(|p| p.min(6)), TimezoneInfo::None),
        T::Varchar(Some(CharacterLength::Max))
        | T::Nvarchar(None | Some(CharacterLength::Max))
        | T::Clob(_)
        | T::TinyText
        | T::MediumText
        | T::LongText
        | T::String(_)
        | T::Set(_)
        | T::CharacterLargeObject(_)
        | T::CharLargeObject(_)
        | T::Enum(..) => T::Text,
        T::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
            if *length > LONGEST_VARCHAR || *length == 0 =>
        {
            T::Text
        }
        T::Varchar(Some(CharacterLength::IntegerLength { length, unit: Some(_) })) => varchar(*length),
        T::Nvarchar(Some(CharacterLength::IntegerLength { length, .. })) => varchar(*length),
        // PostgreSQL's CHAR is filled up with blanks, theirs is not, or not when it is read.
        T::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | T::Character(Some(CharacterLength::IntegerLength { length, .. })) => varchar(*length),
        T::Char(None) | T::Character(None) if dialect == Dialect::Sqlite => T::Text,
        T::Blob(_) | T::TinyBlob | T::MediumBlob | T::LongBlob | T::Binary(_) | T::Varbinary(_) | T::Bytes(_) => {
            T::Bytea
        }
        // SQLite's column without a type takes everything as it comes.
        T::Unspecified if dialect == Dialect::Sqlite => T::Text,
        T::Custom(name, details) => custom(&last_part(name), details)?,
        _ => return None,
    };
    (now != *data_type).then_some(now)
}

fn varchar(length: u64) -> DataType {
    if length == 0 || length > LONGEST_VARCHAR {
        return DataType::Text;
    }
    DataType::Varchar(Some(CharacterLength::IntegerLength { length, unit: None }))
}

/// SQLite's rule for a type that it does not know: by the words that it holds.
/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
pub(super) fn by_affinity(name: &str) -> DataType {
    let holds = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if holds(&["INT"]) {
        DataType::Integer(None)
    } else if holds(&["CHAR", "CLOB", "TEXT"]) {
        DataType::Text
    } else if holds(&["BLOB"]) {
        DataType::Bytea
    } else if holds(&["REAL", "FLOA", "DOUB"]) {
        DataType::DoublePrecision
    } else {
        DataType::Numeric(ExactNumberInfo::None)
    }
}

/// Types that the parser knows by their names alone: Oracle's, SQL Server's, and whatever SQLite
/// took, by its rules of affinity.
fn custom(name: &str, details: &[String]) -> Option<DataType> {
    use DataType as T;
    let figures: Vec<u64> = details.iter().filter_map(|d| d.trim().parse().ok()).collect();
    Some(match name {
        "number" => match figures[..] {
            [] => T::Numeric(ExactNumberInfo::None),
            [p] => T::Numeric(ExactNumberInfo::Precision(p)),
            [p, s, ..] => T::Numeric(ExactNumberInfo::PrecisionAndScale(p, i64::try_from(s).unwrap_or(0))),
        },
        "num" => T::Numeric(ExactNumberInfo::None),
        "varchar2" | "nvarchar2" | "nchar" | "nvarchar" | "longvarchar" => {
            figures.first().map_or(T::Text, |n| varchar(*n))
        }
        "ntext" | "long" | "string" | "tinytext" | "uniqueidentifier" => T::Text,
        "year" => T::Int(None),
        "datetime2" | "smalldatetime" | "datetimeoffset" | "datetime" => T::Timestamp(None, TimezoneInfo::None),
        "smallmoney" => T::Numeric(ExactNumberInfo::PrecisionAndScale(10, 4)),
        "int24" | "int32" | "uint" => T::Int(None),
        "int64" => T::BigInt(None),
        _ => return None,
    })
}

/// Rewrites the type of a cast, and a cast that PostgreSQL does otherwise.
pub(super) fn cast(rewriter: &mut Rewriter<'_>, expr: &mut Expr) {
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
        && names::kind(data_type) == Kind::Text
        && matches!(&**value, Expr::Function(function) if last_part(&function.name) == "decode")
        && let Some(text) = build("CONVERT_FROM($1, 'UTF8')", &[value])
    {
        rewriter.changed("cast", "bytes become a text by CONVERT_FROM".to_owned());
        *expr = text;
        return;
    }
    let Expr::Cast { expr: value, data_type, .. } = expr else { return };
    if names::kind(data_type).is_number()
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
        && bits::may_be_negative(rewriter, value)
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
            Some(Kind::Number | Kind::Float)
                if !matches!(**value, Expr::Floor { .. } | Expr::Ceil { .. } | Expr::Extract { .. }) =>
            {
                super::dates::days_as_floats(value);
                if let Some(cut) = build("TRUNC($1)", &[value]) {
                    rewriter.changed("cast", "`CAST` to an integer cuts the fraction off".to_owned());
                    **value = cut;
                }
            }
            // Of a date SQLite reads the digits that it begins with.
            Some(Kind::Date | Kind::Timestamp) => {
                if let Some(year) = build("EXTRACT(YEAR FROM $1)", &[value]) {
                    rewriter.changed("cast", "`CAST` of a date to an integer is its year".to_owned());
                    **value = year;
                }
            }
            _ => {}
        }
    }
    let numeric = integer || names::kind(data_type).is_number();
    let mut zero = None;
    if numeric && let Some((begin, or_zero)) = numbers::before_cast(rewriter, value, integer) {
        // Both read the number that a text begins with, and 0 where it begins with none.
        rewriter.changed("number-from-text", format!("of the text {value} the number is read that it begins with"));
        zero = or_zero.then(|| (**value).clone());
        **value = begin;
    }
    if matches!(known, Some(Kind::Boolean)) && !integer && !matches!(data_type, DataType::Text | DataType::Boolean) {
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
            Some(varchar(*length))
        }
        DataType::Char(_) if mysql => Some(DataType::Text),
        DataType::TinyInt(_) => Some(DataType::SmallInt(None)),
        DataType::Bool => None,
        other => of_column(other, rewriter.dialect),
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
