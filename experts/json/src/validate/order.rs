//! Puts keys into the order in which the schema declares them. Keys that it does not declare stay behind those, in
//! their own order.

use serde_json::{Map, Value};

use crate::schema::Place;

/// `value` with the keys of its objects in the schema's order.
pub fn ordered(place: &Place<'_>, value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut sorted = Map::new();
            let declared = place.declared_keys();
            let first = declared.iter().filter_map(|key| entries.get_key_value(*key));
            for (key, value) in first.chain(entries.iter().filter(|(key, _)| !declared.contains(&key.as_str()))) {
                sorted.insert(key.clone(), ordered(&place.key(key), value));
            }
            Value::Object(sorted)
        }
        Value::Array(items) => {
            let tuple = place.tuple_len();
            let others = place.item(tuple);
            let item = |(index, item): (usize, &Value)| {
                let own = (index < tuple).then(|| place.item(index));
                ordered(own.as_ref().unwrap_or(&others), item)
            };
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_follow_the_schema() {
        let schema = json!({"properties": {"b": {"items": {"properties": {"y": {}, "x": {}}}}, "a": {}}});
        let value: Value = serde_json::from_str(r#"{"z": 1, "a": 2, "b": [{"x": 1, "y": 2}], "c": 3}"#).unwrap();
        let got = ordered(&Place::root(&schema), &value).to_string();
        assert_eq!(got, r#"{"b":[{"y":2,"x":1}],"a":2,"z":1,"c":3}"#);
    }
}
