//! Reads JSON texts: what surrounds them is taken off, and a repeated key is an error, because programs differ in which
//! of the values they take. No schema is known here.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Longest text that is read as JSON, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// A text without what surrounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bare<'t> {
    /// The text within.
    pub text: &'t str,
    /// Whether it stood in a code fence.
    pub fenced: bool,
}

/// The text without blanks at both ends and without a code fence around all of it.
pub fn bare(text: &str) -> Bare<'_> {
    let text = text.trim();
    let within = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")).and_then(|rest| {
        // The rest of the first line names the language.
        let (first, body) = rest.split_once('\n')?;
        let first = first.trim();
        (first.chars().all(|c| c.is_ascii_alphanumeric()) && !body.contains("```")).then_some(body.trim())
    });
    within.map_or(Bare { text, fenced: false }, |text| Bare { text, fenced: true })
}

/// Reads one JSON value.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, expected at most {MAX_BYTES}", text.len()));
    }
    serde_json::from_str::<Unique>(text).map(|unique| unique.0).map_err(|e| e.to_string())
}

/// A value in which no object has a key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice in one object")));
            }
            let Unique(value) = entries.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn a_fence_around_all_of_it_is_taken_off() {
        check_all(
            [
                (" {} \n", "{}", false),
                ("```json\n{\"a\": 1}\n```", "{\"a\": 1}", true),
                ("```\n[]```", "[]", true),
                ("``` JSON \n1\n```\n", "1", true),
                ("```{}```", "```{}```", false),
                ("```json\n{}\n```\nand\n```\n{}\n```", "```json\n{}\n```\nand\n```\n{}\n```", false),
                ("``````", "``````", false),
                ("Here: ```json\n{}\n```", "Here: ```json\n{}\n```", false),
            ],
            |(text, within, fenced)| assert_eq!(bare(text), Bare { text: within, fenced }, "{text:?}"),
        );
    }

    #[test]
    fn one_value_with_unique_keys_is_read() {
        assert_eq!(
            parse(r#"{"a": [1, -2, 2.5, "x", true, null, {}]}"#).unwrap().to_string(),
            r#"{"a":[1,-2,2.5,"x",true,null,{}]}"#
        );
        check_all(
            [
                ("", "EOF"),
                ("{}{}", "trailing characters"),
                ("{'a': 1}", "key must be a string"),
                ("{\"a\": 1,}", "trailing comma"),
                ("{\"a\": 1, \"b\": {\"a\": 1, \"a\": 1}}", "the key `a` stands twice"),
                ("1e999", "out of range"),
                ("NaN", "expected"),
            ],
            |(text, expected)| {
                let got = parse(text).unwrap_err();
                assert!(got.contains(expected), "{text}: {got}");
            },
        );
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(&deep).unwrap_err().contains("recursion limit"));
        assert!(parse(&" ".repeat(MAX_BYTES + 1)).unwrap_err().contains("expected at most"));
    }

    #[test]
    fn keys_keep_their_order() {
        assert_eq!(parse("{ \"b\" : 1,\n\"a\":[ ] }").unwrap().to_string(), r#"{"b":1,"a":[]}"#);
    }
}
