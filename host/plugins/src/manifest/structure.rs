//! Checks a manifest's structure against the schema and turns each violation into a message that
//! names the key: what was found, what was expected, and the nearest known name for an unknown key.

use hive_errors::{listed, nearest};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::MAX_FAULTS;
use super::fault::{Fault, JsonPath};
use super::schema::schema;

/// Maximum length of a value quoted in a message.
const SHOWN: usize = 60;

/// Every violation of the schema.
pub(super) fn faults(manifest: &Value) -> Vec<Fault> {
    let schema = schema();
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        // Only a type in the SDK can cause this; the schema's own test would fail first.
        Err(e) => return vec![Fault::new(JsonPath::root(), format!("the schema itself is broken: {e}"))],
    };
    let errors = validator.iter_errors(manifest).flat_map(|error| worded(&error, manifest, &schema));
    errors.take(MAX_FAULTS).collect()
}

fn worded(error: &ValidationError<'_>, manifest: &Value, schema: &Value) -> Vec<Fault> {
    let path = JsonPath::from_pointer(error.instance_path().as_str(), manifest);
    let got = shown(error.instance());
    let message = match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let known = known_keys(error, schema);
            return unexpected.iter().map(|key| Fault::new(path.key(key), unknown_key(key, &known))).collect();
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            return vec![Fault::new(path.key(key), format!("missing, the key `{key}` is required"))];
        }
        Kind::Type { kind } => format!("got {got}, expected {}", types(kind)),
        Kind::Minimum { limit } | Kind::ExclusiveMinimum { limit } => format!("got {got}, expected at least {limit}"),
        Kind::Maximum { limit } | Kind::ExclusiveMaximum { limit } => format!("got {got}, expected at most {limit}"),
        Kind::MinLength { .. } => "got an empty text, expected some".to_owned(),
        Kind::MinItems { limit } => format!("got {got}, expected at least {limit} item{}", plural(*limit)),
        Kind::Pattern { pattern } => format!("got {got}, expected text that matches `{pattern}`"),
        Kind::Enum { .. } | Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => {
            let choices = choices(error, schema);
            let near = error.instance().as_str().and_then(|word| nearest(word, choices.iter().map(String::as_str)));
            let near = near.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default();
            match choices.is_empty() {
                true => format!("got {got}, which matches none of the allowed forms"),
                false => {
                    format!("got {got}, expected one of: {}{near}", listed(choices.iter().map(String::as_str)))
                }
            }
        }
        _ => error.to_string(),
    };
    vec![Fault::new(path, message)]
}

fn unknown_key(key: &str, known: &[String]) -> String {
    if key.starts_with('_') || key.eq_ignore_ascii_case("comment") {
        return format!("unknown key `{key}`: a manifest holds no comments, `description` says what a thing is");
    }
    match nearest(key, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown key `{key}`, did you mean `{near}`?"),
        None => format!("unknown key `{key}`, expected one of: {}", listed(known.iter().map(String::as_str))),
    }
}

/// The keys that the violated part of the schema allows.
fn known_keys(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let keys = around(error, schema).and_then(|part| part.get("properties")).and_then(Value::as_object);
    keys.map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// The texts that the violated part of the schema allows: `enum`, or `oneOf` of `const`s, which
/// schemars generates for a documented Rust enum.
fn choices(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let Some(part) = around(error, schema) else { return Vec::new() };
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    if let Some(list) = part.get("enum") {
        return texts(list);
    }
    let forms = part.get("oneOf").or_else(|| part.get("anyOf")).and_then(Value::as_array);
    forms
        .into_iter()
        .flatten()
        .flat_map(|form| match (form.get("const"), form.get("enum")) {
            (Some(Value::String(one)), _) => vec![one.clone()],
            (_, Some(list)) => texts(list),
            _ => Vec::new(),
        })
        .collect()
}

/// The part of the schema whose keyword was violated.
fn around<'s>(error: &ValidationError<'_>, schema: &'s Value) -> Option<&'s Value> {
    let (parent, _keyword) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(parent)
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => described(&one.to_string()),
        TypeKind::Multiple(set) => {
            // `null` is not a useful suggestion for somebody who wrote a value.
            let all: Vec<_> = set.iter().map(|one| one.to_string()).filter(|one| one != "null").collect();
            all.iter().map(|one| described(one)).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn described(json_type: &str) -> String {
    match json_type {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "null" => "null",
        "number" => "a number",
        "object" => "an object",
        "string" => "a text",
        other => other,
    }
    .to_owned()
}

fn plural(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// A short form of a value: short ones as they are, long ones by their type.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        other => {
            let text = other.to_string();
            let cut: String = text.chars().take(SHOWN).collect();
            if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
        }
    }
}
