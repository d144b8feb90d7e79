//! Facts about a record for reports, and the canonical texts by which it is compared with others. Records are not
//! judged here.

use std::collections::BTreeSet;

use hive_sdk::Facts;
use serde_json::Value;

use crate::normal::normal;
use crate::schema::Schema;

/// Labels, measures and keys of a record.
pub fn facts(text: &str, schema: &Schema, value: &Value) -> Facts {
    let mut shape = Shape::default();
    shape.look(value, 1);
    let mut facts = Facts::default();
    let mut label = |name: &str, class: &str| facts.labels.insert(name.to_owned(), class.to_owned());
    label("value", kind(value));
    label("structure", shape.structure());
    label("null", if shape.nulls > 0 { "yes" } else { "no" });
    let mut measure = |name: &str, figure: usize| facts.measures.insert(name.to_owned(), figure as f64);
    measure("fields", shape.fields);
    measure("depth", shape.depth);
    measure("arrays", shape.arrays);
    measure("keys in the schema", keys(schema.value()).len());
    measure("characters of text", text.chars().count());
    measure("characters of JSON", value.to_string().chars().count());
    let mut key = |field: &str, text: String| facts.keys.insert(field.to_owned(), text);
    key("text", folded(text));
    key("schema", keys(schema.value()).into_iter().collect::<Vec<_>>().join(","));
    key("json", sorted(&normal(value, Some(&schema.root()))).to_string());
    facts
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A text without differences of form: case, blanks, punctuation.
fn folded(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The names of all properties, each with those that it is in. Schemas that have the same names are the same to a model
/// that has learned one of them, whatever their types and descriptions.
fn keys(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![(String::new(), schema)];
    while let Some((at, value)) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().map(|item| (at.clone(), item))),
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    match value.as_object() {
                        Some(named) if keyword == "properties" => {
                            for (name, value) in named {
                                let path = format!("{at}/{name}");
                                waiting.push((path.clone(), value));
                                found.insert(path);
                            }
                        }
                        _ => waiting.push((at.clone(), value)),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The value with the keys of its objects in alphabetical order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        _ => value.clone(),
    }
}

/// What a value consists of.
#[derive(Default)]
struct Shape {
    fields: usize,
    depth: usize,
    arrays: usize,
    objects: usize,
    objects_in_arrays: usize,
    nulls: usize,
}

impl Shape {
    fn look(&mut self, value: &Value, depth: usize) {
        self.depth = self.depth.max(depth);
        match value {
            Value::Array(items) => {
                self.arrays += 1;
                self.objects_in_arrays += items.iter().filter(|item| item.is_object()).count();
                items.iter().for_each(|item| self.look(item, depth + 1));
            }
            Value::Object(entries) => {
                self.objects += 1;
                entries.values().for_each(|value| self.look(value, depth + 1));
            }
            other => {
                self.fields += 1;
                self.nulls += usize::from(other.is_null());
            }
        }
    }

    fn structure(&self) -> &'static str {
        match self {
            _ if self.objects_in_arrays > 0 => "list of objects",
            _ if self.objects > 1 => "nested object",
            _ if self.arrays > 0 => "list of values",
            _ if self.objects == 1 => "flat object",
            _ => "single value",
        }
    }
}
