//! Converts a value of a Parquet file to JSON: from its plain number or bytes, and the type that
//! the file declares for it. Dates, times and numbers out of range are errors of their value.
//! Types: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md>.

use chrono::{DateTime, NaiveTime, Utc};
use num_bigint::BigInt;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit};
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Number, Value};

use super::super::{Fault, code};

/// Maximum length of a decimal, in bytes: 150 digits.
const DECIMAL_BYTES: usize = 64;

const DAY_SECONDS: i64 = 86_400;

/// A value of this declared type. The reason of an error continues after "the value".
pub(super) fn json(field: &Field, declared: Option<&Type>) -> Result<Value, Fault> {
    let int = |n: i64| integer(n, declared);
    match field {
        Field::Null => Ok(Value::Null),
        Field::Bool(b) => Ok(Value::Bool(*b)),
        Field::Byte(n) => int((*n).into()),
        Field::Short(n) => int((*n).into()),
        Field::Int(n) => int((*n).into()),
        Field::Long(n) => int(*n),
        Field::UByte(n) => int((*n).into()),
        Field::UShort(n) => int((*n).into()),
        Field::UInt(n) => int((*n).into()),
        Field::ULong(n) => Ok(Value::Number((*n).into())),
        Field::Float16(x) => Ok(number(f64::from(*x))),
        // Through its shortest text: 0.1 must not become 0.10000000149011612.
        Field::Float(x) => Ok(number(x.to_string().parse().unwrap_or(f64::from(*x)))),
        Field::Double(x) => Ok(number(*x)),
        Field::Decimal(d) => decimal(d.data(), d.scale()),
        Field::Str(text) => Ok(Value::String(text.clone())),
        Field::Bytes(b) => bytes(b.data(), declared),
        Field::Date(days) => date((*days).into()),
        Field::TimeMillis(n) => time((*n).into(), TimeUnit::MILLIS),
        Field::TimeMicros(n) => time(*n, TimeUnit::MICROS),
        // The crate's conversion of INT96.
        Field::TimestampMillis(n) => timestamp(*n, TimeUnit::MILLIS, true),
        Field::TimestampMicros(n) => timestamp(*n, TimeUnit::MICROS, true),
        Field::Group(row) => {
            let kinds = declared.map_or(&[][..], members);
            let mut object = Map::new();
            for (i, (name, field)) in row.get_column_iter().enumerate() {
                object.insert(name.clone(), json(field, kinds.get(i).map(AsRef::as_ref))?);
            }
            Ok(Value::Object(object))
        }
        Field::ListInternal(list) => {
            let kind = declared.and_then(element);
            list.elements().iter().map(|field| json(field, kind)).collect::<Result<_, _>>().map(Value::Array)
        }
        Field::MapInternal(map) => {
            let pair = declared.map_or(&[][..], members).first().map_or(&[][..], |pair| members(pair));
            let kind = |i: usize| pair.get(i).map(AsRef::as_ref);
            let mut object = Map::new();
            for (key, field) in map.entries() {
                let key = match json(key, kind(0))? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                object.insert(key, json(field, kind(1))?);
            }
            Ok(Value::Object(object))
        }
    }
}

/// The members of a group; empty for other types.
fn members(kind: &Type) -> &[TypePtr] {
    match kind {
        Type::GroupType { fields, .. } => fields,
        Type::PrimitiveType { .. } => &[],
    }
}

/// The element type of a list, including the rules for lists of older writers, as in the crate.
fn element(list: &Type) -> Option<&Type> {
    let annotated = |kind: &Type| {
        matches!(
            kind.get_basic_info().converted_type(),
            ConvertedType::LIST | ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE
        )
    };
    if !annotated(list) {
        // A repeated field is a list of itself.
        return Some(list);
    }
    let [repeated] = members(list) else { return None };
    let inner = members(repeated);
    let holds_a_list = annotated(repeated)
        || matches!(inner, [only] if only.get_basic_info().has_repetition()
            && only.get_basic_info().repetition() == Repetition::REPEATED);
    let is_element = !holds_a_list
        && (inner.len() != 1 || repeated.name() == "array" || repeated.name().ends_with("_tuple"))
        && list.get_basic_info().converted_type() == ConvertedType::LIST;
    if is_element { Some(repeated) } else { inner.first().map(AsRef::as_ref) }
}

fn out_of_range(reason: String) -> Fault {
    (code::NO_VALUE, reason)
}

/// A number; null for NaN and infinity, which JSON does not have.
fn number(x: f64) -> Value {
    Number::from_f64(x).map_or(Value::Null, Value::Number)
}

fn integer(n: i64, declared: Option<&Type>) -> Result<Value, Fault> {
    let plain = Ok(Value::Number(n.into()));
    let Some(Type::PrimitiveType { basic_info, scale, .. }) = declared else { return plain };
    match basic_info.logical_type_ref() {
        Some(LogicalType::Timestamp(kind)) => return timestamp(n, kind.unit, kind.is_adjusted_to_u_t_c),
        Some(LogicalType::Time(kind)) => return time(n, kind.unit),
        _ => {}
    }
    match basic_info.converted_type() {
        ConvertedType::DATE => date(n),
        ConvertedType::TIME_MILLIS => time(n, TimeUnit::MILLIS),
        ConvertedType::TIME_MICROS => time(n, TimeUnit::MICROS),
        ConvertedType::TIMESTAMP_MILLIS => timestamp(n, TimeUnit::MILLIS, true),
        ConvertedType::TIMESTAMP_MICROS => timestamp(n, TimeUnit::MICROS, true),
        ConvertedType::DECIMAL => decimal(&n.to_be_bytes(), *scale),
        ConvertedType::UINT_8 => Ok(Value::Number((n as u8).into())),
        ConvertedType::UINT_16 => Ok(Value::Number((n as u16).into())),
        ConvertedType::UINT_32 => Ok(Value::Number((n as u32).into())),
        ConvertedType::UINT_64 => Ok(Value::Number((n as u64).into())),
        _ => plain,
    }
}

fn date(days: i64) -> Result<Value, Fault> {
    let day = days.checked_mul(DAY_SECONDS).and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    let day = day.ok_or_else(|| out_of_range(format!("is not a date: it is {days} days from 1970, out of range")))?;
    Ok(Value::String(day.format("%Y-%m-%d").to_string()))
}

/// Number of these units per second, and nanoseconds per unit.
fn parts(unit: TimeUnit) -> (i64, u32, &'static str) {
    match unit {
        TimeUnit::MILLIS => (1_000, 1_000_000, "milliseconds"),
        TimeUnit::MICROS => (1_000_000, 1_000, "microseconds"),
        TimeUnit::NANOS => (1_000_000_000, 1, "nanoseconds"),
    }
}

fn timestamp(n: i64, unit: TimeUnit, utc: bool) -> Result<Value, Fault> {
    let (per_second, nanos, name) = parts(unit);
    let time = DateTime::<Utc>::from_timestamp(n.div_euclid(per_second), n.rem_euclid(per_second) as u32 * nanos);
    let time = time.ok_or_else(|| out_of_range(format!("is not a time: it is {n} {name} from 1970, out of range")))?;
    let form = match unit {
        TimeUnit::MILLIS => "%Y-%m-%d %H:%M:%S%.3f",
        TimeUnit::MICROS => "%Y-%m-%d %H:%M:%S%.6f",
        TimeUnit::NANOS => "%Y-%m-%d %H:%M:%S%.9f",
    };
    let zone = if utc { " +00:00" } else { "" };
    Ok(Value::String(format!("{}{zone}", time.format(form))))
}

fn time(n: i64, unit: TimeUnit) -> Result<Value, Fault> {
    let (per_second, nanos, name) = parts(unit);
    let seconds = u32::try_from(n.div_euclid(per_second)).ok();
    let time = seconds.and_then(|seconds| {
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, n.rem_euclid(per_second) as u32 * nanos)
    });
    let time = time.ok_or_else(|| out_of_range(format!("is not a time of day: it is {n} {name} after midnight")))?;
    let form = match unit {
        TimeUnit::MILLIS => "%H:%M:%S%.3f",
        TimeUnit::MICROS => "%H:%M:%S%.6f",
        TimeUnit::NANOS => "%H:%M:%S%.9f",
    };
    Ok(Value::String(time.format(form).to_string()))
}

/// A decimal from its big-endian two's complement.
fn decimal(bytes: &[u8], scale: i32) -> Result<Value, Fault> {
    let Some(scale) =
        usize::try_from(scale).ok().filter(|scale| bytes.len() <= DECIMAL_BYTES && *scale <= 2 * DECIMAL_BYTES)
    else {
        return Err(out_of_range(format!("is not a decimal: it has {} bytes and {scale} places", bytes.len())));
    };
    let digits = BigInt::from_signed_bytes_be(bytes).to_string();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, places) = digits.split_at(digits.len() - scale);
    let point = if places.is_empty() { "" } else { "." };
    Ok(Value::String(format!("{sign}{whole}{point}{places}")))
}

/// Bytes by their type; text if they have none.
fn bytes(bytes: &[u8], declared: Option<&Type>) -> Result<Value, Fault> {
    let Some(Type::PrimitiveType { basic_info, scale, .. }) = declared else { return text(bytes) };
    match (basic_info.converted_type(), basic_info.logical_type_ref()) {
        (ConvertedType::DECIMAL, _) | (_, Some(LogicalType::Decimal(_))) => decimal(bytes, *scale),
        (ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON, _)
        | (_, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)) => text(bytes),
        (ConvertedType::INTERVAL, _) if bytes.len() == 12 => {
            let part =
                |i: usize| bytes.iter().skip(4 * i).take(4).rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
            let (months, days, millis) = (part(0), part(1), part(2));
            Ok(Value::String(format!("P{months}M{days}DT{}.{:03}S", millis / 1000, millis % 1000)))
        }
        (_, Some(LogicalType::Uuid)) if bytes.len() == 16 => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex[range].to_owned());
            Ok(Value::String(groups.join("-")))
        }
        _ => text(bytes),
    }
}

fn text(bytes: &[u8]) -> Result<Value, Fault> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Value::String(text.to_owned())),
        Err(_) => Err((code::NOT_UTF8, "is not UTF-8".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Result<Value, Fault>) -> String {
        value.map_or_else(|(code, _)| code.to_owned(), |value| value.as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(text(date(0)), "1970-01-01");
        assert_eq!(text(date(-719_162)), "0001-01-01");
        assert_eq!(text(date(i32::MAX.into())), code::NO_VALUE);
        assert_eq!(text(date(i64::MIN)), code::NO_VALUE);
        assert_eq!(text(timestamp(-1, TimeUnit::MILLIS, true)), "1969-12-31 23:59:59.999 +00:00");
        assert_eq!(text(timestamp(1, TimeUnit::NANOS, false)), "1970-01-01 00:00:00.000000001");
        for unit in [TimeUnit::MILLIS, TimeUnit::MICROS] {
            assert_eq!(text(timestamp(i64::MAX, unit, true)), code::NO_VALUE);
            assert_eq!(text(timestamp(i64::MIN, unit, false)), code::NO_VALUE);
        }
        assert_eq!(text(timestamp(i64::MAX, TimeUnit::NANOS, true)), "2262-04-11 23:47:16.854775807 +00:00");
        assert_eq!(text(time(86_399_999_999, TimeUnit::MICROS)), "23:59:59.999999");
        for n in [86_400_000, -1, i64::MAX] {
            assert_eq!(text(time(n, TimeUnit::MILLIS)), code::NO_VALUE, "{n}");
        }
    }

    #[test]
    fn decimals() {
        assert_eq!(text(decimal(&12_345_i64.to_be_bytes(), 2)), "123.45");
        assert_eq!(text(decimal(&(-5_i32).to_be_bytes(), 3)), "-0.005");
        assert_eq!(text(decimal(&[0x7f], 0)), "127");
        assert_eq!(text(decimal(&[], 2)), "0.00");
        assert_eq!(text(decimal(&i128::MIN.to_be_bytes(), 0)), i128::MIN.to_string());
        assert_eq!(text(decimal(&[0xff; 65], 0)), code::NO_VALUE);
        assert_eq!(text(decimal(&[1], -1)), code::NO_VALUE);
        assert_eq!(text(decimal(&[1], i32::MAX)), code::NO_VALUE);
    }
}
