//! Parses a JSON object, including common deviations: `NaN` and `Infinity`, which Python and pandas
//! write for numbers that JSON does not have, become null.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Fault, code};

/// What Python writes for numbers that JSON does not have.
const NO_NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Parses a text as an object.
///
/// # Errors
/// [`code::NOT_JSON`], with the column in the text, from 1.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, Fault> {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let Cow::Owned(text) = without_no_numbers(text) else { return Err(not_json(&error)) };
            serde_json::from_str(&text).map_err(|_| not_json(&error))?
        }
    };
    match value {
        Value::Object(object) => Ok(object),
        other => Err((code::NOT_JSON, format!("got {}, expected an object", kind(&other)))),
    }
}

fn not_json(error: &serde_json::Error) -> Fault {
    let what = error.to_string();
    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
    let line = if error.line() > 1 { format!(" of its line {}", error.line()) } else { String::new() };
    (code::NOT_JSON, format!("not JSON: {what} at column {}{line}", error.column()))
}

/// `text` with these numbers replaced by null. Quoted text is unchanged.
fn without_no_numbers(text: &str) -> Cow<'_, str> {
    if !NO_NUMBERS.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut changed) = (text, false);
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let end = end_of_text(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(after) = NO_NUMBERS.iter().find_map(|word| rest.strip_prefix(word)) {
            out.push_str("null");
            (rest, changed) = (after, true);
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

/// The end of the quoted string at the beginning of `text`, after its closing quote.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The type of a JSON value, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_are_none_are_null_and_texts_stay() {
        let read =
            object(r#"{"a": NaN, "b": [-Infinity, 1, Infinity], "c": "NaN \" Infinity", "d": {"e":NaN}}"#).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"a": null, "b": [null, 1, null], "c": "NaN \" Infinity", "d": {"e": null}})
        );
        assert_eq!(object(r#"{"a": NaNcy}"#).unwrap_err().0, code::NOT_JSON);
        assert_eq!(object(r#"{"a": NaN, "b": }"#).unwrap_err().1, "not JSON: expected value at column 7");
    }
}
