//! What a record of a declared expert is counted by, as far as its manifest tells: the class of every field that has an
//! `enum`, the length of its completion, and JSON that is equal though it is written differently.

use hive_sdk::declared::Rule;
use hive_sdk::manifest::FieldType;
use hive_sdk::protocol::Facts;
use hive_sdk::text::minified;
use hive_sdk::{Manifest, Record};
use serde_json::Value;

/// The facts of a record.
pub fn of(manifest: &Manifest, record: &Record) -> Facts {
    let mut facts = Facts::default();
    for validator in manifest.validate.iter().filter(|validator| matches!(validator.rule, Rule::Enum(_))) {
        if let Some(class) = record.text(&validator.field) {
            facts.labels.insert(validator.field.clone(), class.to_owned());
        }
    }
    // A small object as an answer, such as a label and a priority: its short texts are classes too.
    let completion = manifest.completion_field().and_then(|field| record.text(field)).unwrap_or_default();
    if let Ok(Value::Object(object)) = serde_json::from_str(completion) {
        for spec in manifest.validate.iter().filter(|spec| Some(spec.field.as_str()) == manifest.completion_field()) {
            let Rule::JsonSchema(schema) = &spec.rule else { continue };
            for (key, value) in &object {
                let is_class = schema["properties"][key].get("enum").is_some();
                if let Some(class) = value.as_str().filter(|_| is_class) {
                    facts.labels.insert(key.clone(), class.to_owned());
                }
            }
        }
    }
    facts.measures.insert("characters of the answer".to_owned(), completion.chars().count() as f64);
    for field in manifest.dataset.fields.iter().filter(|field| field.value == FieldType::Json) {
        if let Some(key) = record.text(&field.name).and_then(minified) {
            facts.keys.insert(field.name.clone(), key);
        }
    }
    facts
}
