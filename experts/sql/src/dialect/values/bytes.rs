//! `X'4142'`, `0x4142` and `B'101'`, which are bytes in MySQL, and a number beside one; SQLite has the first.
//! PostgreSQL's are strings of bits.
//! <https://dev.mysql.com/doc/refman/8.4/en/hexadecimal-literals.html>,
//! <https://dev.mysql.com/doc/refman/8.4/en/bit-value-literals.html>

use sqlparser::ast::Value;

use crate::catalog::ValueKind;

/// The bytes of such a literal.
pub(in crate::dialect) fn of(value: &Value) -> Option<Vec<u8>> {
    let (digits, width, radix) = match value {
        Value::HexStringLiteral(digits) => (digits, 2, 16),
        Value::SingleQuotedByteStringLiteral(bits) => (bits, 8, 2),
        _ => return None,
    };
    let digits = format!("{}{digits}", "0".repeat(digits.len().next_multiple_of(width) - digits.len()));
    let byte = |at| u8::from_str_radix(digits.get(at..at + width)?, radix).ok();
    (0..digits.len()).step_by(width).map(byte).collect()
}

/// Such a literal in a column of this kind, of BYTEA if it is `Other`; `None` when it stays unchanged.
pub(in crate::dialect) fn stored(value: &Value, kind: ValueKind) -> Option<Value> {
    let bytes = of(value)?;
    let number = || (bytes.len() <= 8).then(|| bytes.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte)));
    Some(match kind {
        ValueKind::Other => {
            Value::SingleQuotedString(bytes.iter().fold("\\x".to_owned(), |all, byte| all + &format!("{byte:02x}")))
        }
        ValueKind::Boolean => Value::Boolean(number()? != 0),
        ValueKind::Text => {
            Value::SingleQuotedString(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?)
        }
        kind if kind.is_number() => Value::Number(number()?.to_string(), false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn a_literal_is_what_its_column_holds() {
        let (hex, bits) =
            (Value::HexStringLiteral("4142".to_owned()), Value::SingleQuotedByteStringLiteral("1000001".to_owned()));
        let shown = |value: &Value, kind| stored(value, kind).map(|value| value.to_string());
        check_all(
            [
                (ValueKind::Other, r"'\x4142'", r"'\x41'"),
                (ValueKind::Text, "'AB'", "'A'"),
                (ValueKind::Integer, "16706", "65"),
                (ValueKind::Boolean, "true", "true"),
            ],
            |(kind, of_hex, of_bits)| {
                assert_eq!(shown(&hex, kind).as_deref(), Some(of_hex));
                assert_eq!(shown(&bits, kind).as_deref(), Some(of_bits));
            },
        );
        assert_eq!(stored(&hex, ValueKind::Date), None);
        assert_eq!(of(&Value::HexStringLiteral("142".to_owned())), Some(vec![1, 0x42]));
        assert_eq!(of(&Value::HexStringLiteral("4é".to_owned())), None);
    }
}
