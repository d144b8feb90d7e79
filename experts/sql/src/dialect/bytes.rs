//! `X'4142'`, `0x4142` and `B'101'`, which are bytes in MySQL, and a number beside one; SQLite has the first.
//! PostgreSQL's are rows of bits.
//! <https://dev.mysql.com/doc/refman/8.4/en/hexadecimal-literals.html>,
//! <https://dev.mysql.com/doc/refman/8.4/en/bit-value-literals.html>

use sqlparser::ast::{Expr, Value};

use super::names::Kind;
use super::{Dialect, Rewriter};

/// The bytes of such a literal.
pub(super) fn of(value: &Value) -> Option<Vec<u8>> {
    let (digits, width, radix) = match value {
        Value::HexStringLiteral(digits) => (digits, 2, 16),
        Value::SingleQuotedByteStringLiteral(bits) => (bits, 8, 2),
        _ => return None,
    };
    let digits = format!("{}{digits}", "0".repeat(digits.len().next_multiple_of(width) - digits.len()));
    let byte = |at| u8::from_str_radix(digits.get(at..at + width)?, radix).ok();
    (0..digits.len()).step_by(width).map(byte).collect()
}

/// What such a literal is in a column of this kind, of PostgreSQL's BYTEA if it is `Other`; `None` when it stays.
pub(super) fn stored(value: &Value, kind: Kind) -> Option<Value> {
    let bytes = of(value)?;
    let number = || (bytes.len() <= 8).then(|| bytes.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte)));
    Some(match kind {
        Kind::Other => {
            Value::SingleQuotedString(bytes.iter().fold("\\x".to_owned(), |all, byte| all + &format!("{byte:02x}")))
        }
        Kind::Boolean => Value::Boolean(number()? != 0),
        Kind::Text => Value::SingleQuotedString(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?),
        kind if kind.is_number() => Value::Number(number()?.to_string(), false),
        _ => return None,
    })
}

/// Beside another value the literal becomes of its kind.
pub(super) fn compared(rewriter: &mut Rewriter<'_>, other: &Expr, literal: &mut Expr) {
    let (Expr::Value(value), true) = (&*literal, rewriter.certain) else { return };
    let Some(bytes) = of(&value.value) else { return };
    let is_bytes = || {
        let declared = rewriter.scopes.declared(other).and_then(|column| column.declared.as_ref());
        declared.is_some_and(|declared| {
            let declared = declared.to_string().to_uppercase();
            ["BLOB", "BINARY", "BYTEA"].iter().any(|name| declared.contains(name))
        })
    };
    let now = match rewriter.scopes.kind(other) {
        Some(Kind::Other) if is_bytes() => stored(&value.value, Kind::Other),
        // A truth value is 1 or 0, and equals no other number.
        Some(Kind::Boolean) if bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() > 1 => None,
        Some(kind) if rewriter.dialect == Dialect::MySql && kind != Kind::Other => stored(&value.value, kind),
        _ => None,
    };
    if let Some(now) = now {
        rewriter.changed("operator", format!("{literal} is written {now}"));
        *literal = Expr::Value(now.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_what_its_column_holds() {
        let (hex, bits) =
            (Value::HexStringLiteral("4142".to_owned()), Value::SingleQuotedByteStringLiteral("1000001".to_owned()));
        let shown = |value: &Value, kind| stored(value, kind).map(|value| value.to_string());
        for (kind, of_hex, of_bits) in [
            (Kind::Other, r"'\x4142'", r"'\x41'"),
            (Kind::Text, "'AB'", "'A'"),
            (Kind::Integer, "16706", "65"),
            (Kind::Boolean, "true", "true"),
        ] {
            assert_eq!(shown(&hex, kind).as_deref(), Some(of_hex));
            assert_eq!(shown(&bits, kind).as_deref(), Some(of_bits));
        }
        assert_eq!(stored(&hex, Kind::Date), None);
        assert_eq!(of(&Value::HexStringLiteral("142".to_owned())), Some(vec![1, 0x42]));
        assert_eq!(of(&Value::HexStringLiteral("4é".to_owned())), None);
    }
}
