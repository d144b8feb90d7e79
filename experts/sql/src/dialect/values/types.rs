//! Types: MySQL's and SQLite's as PostgreSQL names them, in columns and in casts.
//! Sources: <https://dev.mysql.com/doc/refman/8.4/en/data-types.html>,
//! <https://www.sqlite.org/datatype3.html>, <https://www.postgresql.org/docs/current/datatype.html>.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::syntax::Dialect;
use crate::syntax::last_part;

/// PostgreSQL's longest VARCHAR.
const LONGEST_VARCHAR: u64 = 10_485_760;

/// The type in PostgreSQL; `None` when it stays unchanged.
pub(in crate::dialect) fn of_column(data_type: &DataType, dialect: Dialect) -> Option<DataType> {
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

pub(in crate::dialect) fn varchar(length: u64) -> DataType {
    if length == 0 || length > LONGEST_VARCHAR {
        return DataType::Text;
    }
    DataType::Varchar(Some(CharacterLength::IntegerLength { length, unit: None }))
}

/// SQLite's rule for an unknown type: by the words in its name.
/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
pub(in crate::dialect) fn by_affinity(name: &str) -> DataType {
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

/// Types that the parser knows by their names alone: Oracle's and SQL Server's.
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
