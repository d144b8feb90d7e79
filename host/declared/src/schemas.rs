//! JSON Schemas of a manifest or of a record: compiled once, checked for references that would be fetched or never end.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::patterns::shown;

/// Most faults of a value that are named.
const NAMED: usize = 3;

/// Most backtracking steps of a pattern in a schema; a pattern that needs more does not match.
const BACKTRACKING: usize = 100_000;

/// Most compiled schemas that are kept.
const KEPT: usize = 256;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema(Validator);

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// When it is no JSON Schema, refers to another document, or refers to itself without end.
    pub fn new(schema: &Value) -> Result<Self, String> {
        references(schema)?;
        let options = jsonschema::options()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKING));
        let validator = options.build(schema).map_err(|error| {
            let at = error.instance_path().to_string();
            let at = if at.is_empty() { String::new() } else { format!("at `{at}`: ") };
            format!("it is no JSON Schema: {at}{}", shown(&error.to_string()))
        })?;
        Ok(Self(validator))
    }

    /// What of the value does not conform; `None` when all does.
    pub fn fault(&self, value: &Value) -> Option<String> {
        let mut errors = self.0.iter_errors(value);
        let named: Vec<String> = errors
            .by_ref()
            .take(NAMED)
            .map(|error| {
                let at = error.instance_path().to_string();
                let at = if at.is_empty() { "the value".to_owned() } else { format!("`{at}`") };
                format!("{at}: {}", error.masked())
            })
            .collect();
        let more = if errors.next().is_some() { "; and more" } else { "" };
        (!named.is_empty()).then(|| format!("{}{more}", named.join("; ")))
    }
}

/// Schemas by their text.
#[derive(Debug, Default)]
pub struct Schemas(Mutex<HashMap<String, Result<Arc<Schema>, String>>>);

impl Schemas {
    /// The schema in this text.
    ///
    /// # Errors
    /// As [`Schema::new`], and when the text is not JSON.
    pub fn of(&self, text: &str) -> Result<Arc<Schema>, String> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let schema = serde_json::from_str(text).map_err(|e| format!("it is not JSON: {e}"));
        let schema = schema.and_then(|schema| Schema::new(&schema)).map(Arc::new);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(text.to_owned(), schema.clone());
        schema
    }
}

/// Keywords whose schemas are applied to the same value, so that a circle of them never ends.
const SAME_VALUE: [&str; 4] = ["not", "if", "then", "else"];
const SAME_VALUE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Checks the references of a schema.
fn references(schema: &Value) -> Result<(), String> {
    let mut nodes = Vec::new();
    collect(schema, String::new(), &mut nodes);
    for (_, node) in &nodes {
        for keyword in ["$ref", "$dynamicRef"] {
            let Some(to) = node.get(keyword).and_then(Value::as_str) else { continue };
            if !to.starts_with('#') {
                return Err(format!(
                    "it refers to `{}`, and hive fetches no schema: put that one below `$defs` and refer to `#/$defs/NAME`",
                    shown(to)
                ));
            }
        }
    }
    let mut ended = BTreeSet::new();
    for (path, node) in &nodes {
        follow(schema, path, node, &mut Vec::new(), &mut ended)?;
    }
    Ok(())
}

/// All objects of a schema with their JSON pointers.
fn collect<'s>(node: &'s Value, path: String, nodes: &mut Vec<(String, &'s Value)>) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                // What stands there is data.
                if !["const", "enum", "default", "examples"].contains(&key.as_str()) {
                    collect(inner, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), nodes);
                }
            }
            nodes.push((path, node));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, format!("{path}/{i}"), nodes));
        }
        _ => {}
    }
}

/// Follows what applies to the same value as `node`, and fails on a circle.
fn follow<'s>(
    root: &'s Value,
    path: &str,
    node: &'s Value,
    walked: &mut Vec<String>,
    ended: &mut BTreeSet<String>,
) -> Result<(), String> {
    if ended.contains(path) {
        return Ok(());
    }
    if walked.iter().any(|before| before == path) {
        return Err(format!("`#{path}` refers to itself without end"));
    }
    walked.push(path.to_owned());
    if let Some(to) = node.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'))
        && let Some(target) = root.pointer(to)
    {
        follow(root, to, target, walked, ended)?;
    }
    for keyword in SAME_VALUE {
        if let Some(inner) = node.get(keyword) {
            follow(root, &format!("{path}/{keyword}"), inner, walked, ended)?;
        }
    }
    for keyword in SAME_VALUE_LISTS {
        for (i, inner) in node.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate() {
            follow(root, &format!("{path}/{keyword}/{i}"), inner, walked, ended)?;
        }
    }
    walked.pop();
    ended.insert(path.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    #[test]
    fn schemas_that_cannot_be_used_say_why() {
        check_all(
            [
                (json!({"type": "objekt"}), "no JSON Schema"),
                (json!({"$ref": "https://example.org/a.json"}), "hive fetches no schema"),
                (json!({"properties": {"a": {"$ref": "b.json#/x"}}}), "hive fetches no schema"),
                (json!({"$ref": "#"}), "`#` refers to itself without end"),
                (
                    json!({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
                    "refers to itself without end",
                ),
                (json!({"pattern": "("}), "no JSON Schema"),
            ],
            |(schema, expected)| {
                let got = Schema::new(&schema).expect_err("a fault");
                assert!(got.contains(expected), "{schema}: {got}");
            },
        );
    }

    #[test]
    fn a_schema_may_hold_itself() {
        let tree = json!({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false});
        let schema = Schema::new(&tree).expect("a schema");
        assert_eq!(schema.fault(&json!({"next": {"next": {}}})), None);
        assert!(schema.fault(&json!({"next": {"last": 1}})).is_some_and(|fault| fault.contains("/next")));
        // Data that looks like a reference is none.
        assert!(Schema::new(&json!({"const": {"$ref": "https://example.org"}})).is_ok());
    }

    #[test]
    fn faults_are_named_and_few() {
        let schema = Schema::new(&json!({"additionalProperties": {"type": "number"}})).expect("a schema");
        let fault = schema.fault(&json!({"a": "1", "b": "2", "c": "3", "d": "4"})).expect("faults");
        assert!(fault.starts_with("`/a`: ") && fault.ends_with("; and more"), "{fault}");
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_ends() {
        let schema = Schema::new(&json!({"pattern": "^(a+)+$(?=x)"})).expect("a schema");
        let started = std::time::Instant::now();
        assert!(schema.fault(&json!(format!("{}b", "a".repeat(200)))).is_some());
        assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
    }
}
