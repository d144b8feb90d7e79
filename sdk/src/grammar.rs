//! Grammars of answers that are JSON.

use serde_json::{Map, Value, json};

use crate::protocol::Grammar;

/// Keywords whose value is a schema for a part of the value.
const PARTS: [&str; 2] = ["items", "additionalProperties"];
/// Keywords whose value is an object of schemas.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords whose value is a list of schemas, one of which the value itself, or an item, conforms to.
const LISTED: [&str; 3] = ["anyOf", "oneOf", "prefixItems"];
/// Keywords that say more of the keys of the same object.
const MORE_KEYS: [&str; 5] =
    ["additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames", "$ref"];

impl Grammar {
    /// The grammar of the JSON values that conform to a JSON Schema, their keys in its order. Where an object's keys are
    /// declared and nothing is said of others, there are no others: a model would make them up.
    pub fn of_json_schema(schema: &Value) -> Self {
        let mut schema = schema.clone();
        // Parts of an `allOf` declare keys of one object each: none of them knows all.
        if !schema.to_string().contains("\"allOf\"") {
            close(&mut schema);
        }
        Self { lark: format!("start: %json {schema}") }
    }
}

/// Declares that the objects of a schema have no other keys.
fn close(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    for name in PARTS {
        keywords.get_mut(name).into_iter().for_each(close);
    }
    for name in NAMED {
        let named = keywords.get_mut(name).and_then(Value::as_object_mut);
        named.into_iter().flat_map(Map::values_mut).for_each(close);
    }
    let declares = keywords.get("properties").is_some_and(Value::is_object);
    let branches = LISTED.iter().chain(&["if", "then", "else", "not", "dependentSchemas"]);
    let branches = branches.filter(|name| **name != "prefixItems" && keywords.contains_key(**name)).count();
    // Branches beside declared keys may declare others.
    if declares && branches > 0 {
        return;
    }
    for name in LISTED {
        let listed = keywords.get_mut(name).and_then(Value::as_array_mut);
        listed.into_iter().flatten().for_each(close);
    }
    if declares && !MORE_KEYS.iter().any(|name| keywords.contains_key(*name)) {
        keywords.insert("additionalProperties".to_owned(), json!(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn declared_keys_are_all_unless_more_is_said() {
        let a = json!({"type": "integer"});
        let shut = json!({"properties": {"a": a}, "additionalProperties": false});
        let open = json!({"properties": {"a": a}});
        check_all(
            [
                (open.clone(), shut.clone()),
                (json!({"type": "object"}), json!({"type": "object"})),
                (json!({"items": open}), json!({"items": shut})),
                (json!({"anyOf": [{"type": "null"}, open]}), json!({"anyOf": [{"type": "null"}, shut]})),
                (
                    json!({"$defs": {"x": open}, "$ref": "#/$defs/x"}),
                    json!({"$defs": {"x": shut}, "$ref": "#/$defs/x"}),
                ),
                (json!({"properties": {"o": open}}), json!({"properties": {"o": shut}, "additionalProperties": false})),
                (json!(true), json!(true)),
            ],
            |(schema, closed)| {
                let mut got = schema.clone();
                close(&mut got);
                assert_eq!(got, closed, "{schema}");
            },
        );
        check_all(
            [
                json!({"properties": {"a": a}, "additionalProperties": {"type": "string"}}),
                json!({"properties": {"a": a}, "patternProperties": {"^x": a}}),
                json!({"properties": {"a": a}, "anyOf": [{"properties": {"b": a}}, {"properties": {"c": a}}]}),
                json!({"allOf": [open, {"properties": {"b": a}}]}),
            ],
            |schema| assert_eq!(Grammar::of_json_schema(&schema).lark, format!("start: %json {schema}")),
        );
    }
}
