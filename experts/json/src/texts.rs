//! The fields of a record as texts: data sets often hold schema and value as JSON values rather than as texts.

use std::borrow::Cow;

use hive_sdk::Record;
use serde_json::Value;

/// Fields that hold JSON.
const JSON_FIELDS: [&str; 2] = ["schema", "json"];

/// The record with its JSON fields as texts.
pub fn as_texts(record: &Record) -> Cow<'_, Record> {
    let mut record = Cow::Borrowed(record);
    for field in JSON_FIELDS {
        if let Some(value) = record.0.get(field).filter(|value| is_json(value)) {
            let text = value.to_string();
            record.to_mut().set(field, text);
        }
    }
    record
}

/// Whether a field's value is the JSON itself. A string is its text, and null is no value.
fn is_json(value: &Value) -> bool {
    !matches!(value, Value::String(_) | Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_texts() {
        let record: Record =
            serde_json::from_value(json!({"text": "t", "schema": {"b": 1, "a": 2}, "json": null})).unwrap();
        let got = as_texts(&record);
        assert_eq!(got.text("schema"), Some(r#"{"b":1,"a":2}"#));
        assert_eq!(got.text("json"), None);
        let texts = Record::from_pairs([("schema", "{ }")]);
        assert!(matches!(as_texts(&texts), Cow::Borrowed(_)));
    }
}
