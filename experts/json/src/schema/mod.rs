//! A JSON Schema, compiled: whether a value conforms to it, and what it says of a place in a value (`places`). Nothing
//! outside the schema's own text is ever fetched.

mod limits;
mod places;
mod references;

use std::fmt;
use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::document;

use limits::Cost;
pub use places::Place;

/// Longest schema, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// Steps that the matching of one pattern may backtrack.
const BACKTRACK_LIMIT: usize = 100_000;

/// Most violations that are reported of one value.
const MAX_REPORTED: usize = 20;

/// Why a text is no schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaFault {
    /// It is no JSON, or too long.
    NotJson(String),
    /// It is JSON and no JSON Schema.
    NotASchema(String),
    /// It refers to something outside itself.
    Remote(String),
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "`schema` is no JSON: {why}"),
            Self::NotASchema(why) => write!(f, "`schema` is no JSON Schema: {why}"),
            Self::Remote(reference) => {
                write!(f, "`schema` refers to `{reference}`, expected paths within itself (`#/$defs/NAME`)")
            }
        }
    }
}

/// Where and how a value does not conform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A JSON pointer to the place; empty for the value itself.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "{}", self.message),
            place => write!(f, "at `{place}`: {}", self.message),
        }
    }
}

/// A schema.
#[derive(Debug)]
pub struct Schema {
    value: Value,
    /// Compiled when it is first needed: looking up what it says of a place needs none.
    validator: OnceLock<Result<Validator, String>>,
}

impl Schema {
    /// Reads and compiles a schema.
    ///
    /// # Errors
    /// When the text is none, or refers to something outside itself.
    pub fn parse(text: &str) -> Result<Self, SchemaFault> {
        if text.len() > MAX_BYTES {
            let why = format!("it has {} bytes, expected at most {MAX_BYTES}", text.len());
            return Err(SchemaFault::NotJson(why));
        }
        let value = document::parse(document::bare(text).text).map_err(SchemaFault::NotJson)?;
        if !matches!(value, Value::Object(_) | Value::Bool(_)) {
            let why = format!("got {}, expected an object", kind(&value));
            return Err(SchemaFault::NotASchema(why));
        }
        if let Some(reference) = references::outside(&value) {
            return Err(SchemaFault::Remote(reference));
        }
        let schema = Self { value, validator: OnceLock::new() };
        match schema.validator() {
            Ok(_) => Ok(schema),
            Err(why) => Err(SchemaFault::NotASchema(why.to_owned())),
        }
    }

    fn validator(&self) -> Result<&Validator, &str> {
        let compiled = || {
            let cost = Cost::of_compiling(&self.value);
            cost.with_stack(|| compile(&self.value)).unwrap_or_else(|| Err("it is nested too deeply".to_owned()))
        };
        self.validator.get_or_init(compiled).as_ref().map_err(String::as_str)
    }

    /// The schema's own text as a value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The place of the value itself.
    pub fn root(&self) -> Place<'_> {
        Place::root(&self.value)
    }

    /// How `value` violates the schema, in the order of the schema; nothing if it conforms.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let validator = match self.validator() {
            Ok(validator) => validator,
            Err(why) => return vec![Violation { place: String::new(), message: why.to_owned() }],
        };
        let cost = Cost::of_checking(&self.value, value);
        let checked = cost.is_affordable().then(|| cost.with_stack(|| check(validator, value))).flatten();
        checked.unwrap_or_else(|| {
            let message = "schema and value together take too many steps to check".to_owned();
            vec![Violation { place: String::new(), message }]
        })
    }
}

fn check(validator: &Validator, value: &Value) -> Vec<Violation> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    let errors = validator.iter_errors(value).take(MAX_REPORTED);
    errors.map(|error| Violation { place: error.instance_path().to_string(), message: short(error) }).collect()
}

fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT))
        .build(schema)
        .map_err(|error| {
            let place = error.instance_path().to_string();
            Violation { place, message: short(error) }.to_string()
        })
}

/// The message of an error, without values of any length.
fn short(error: jsonschema::ValidationError<'_>) -> String {
    const LONGEST: usize = 200;
    let message = error.to_string();
    if message.chars().count() <= LONGEST {
        return message;
    }
    error.masked_with("the value").to_string().chars().take(2 * LONGEST).collect()
}

/// The kind of a JSON value, with its article.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;
    use serde_json::json;

    fn violations(schema: &Value, value: &Value) -> Vec<String> {
        Schema::parse(&schema.to_string()).unwrap().violations(value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_no_schema_is_told() {
        check_all(
            [
                ("{", "`schema` is no JSON: EOF"),
                ("[]", "`schema` is no JSON Schema: got an array, expected an object"),
                (r#"{"type": "text"}"#, "`schema` is no JSON Schema: at `/type`"),
                (r#"{"pattern": "("}"#, "`schema` is no JSON Schema: at `/pattern`"),
                (r#"{"$ref": "https://example.com/a.json"}"#, "refers to `https://example.com/a.json`"),
                (r##"{"$ref": "#/$defs/none"}"##, "`schema` is no JSON Schema"),
                (r#"{"$schema": "https://example.com/own"}"#, "refers to `https://example.com/own`"),
            ],
            |(text, expected)| {
                let got = Schema::parse(text).unwrap_err().to_string();
                assert!(got.contains(expected), "{text}: {got}");
            },
        );
    }

    #[test]
    fn violations_name_their_place() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": "integer"}, "d": {"type": "string", "format": "date"}}});
        assert_eq!(violations(&schema, &json!({"a": 1.0, "d": "2024-02-29"})), [""; 0]);
        let got = violations(&schema, &json!({"a": "1", "d": "2023-02-29", "e": null}));
        assert_eq!(got.len(), 3, "{got:?}");
        assert!(got.iter().any(|v| v.starts_with("at `/a`: ")), "{got:?}");
        assert!(got.iter().any(|v| v.starts_with("at `/d`: ")), "{got:?}");
    }

    #[test]
    fn recursive_schemas_end() {
        let list = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["value"]});
        assert_eq!(violations(&list, &json!({"value": 1, "next": {"value": 2}})), [""; 0]);
        assert_eq!(violations(&list, &json!({"value": 1, "next": {}})).len(), 1);
        let circle = json!({"allOf": [{"$ref": "#"}]});
        assert_eq!(violations(&circle, &json!(1)), [""; 0]);
        // 2^60 paths through definitions: refused before the validator walks them.
        let mut defs = serde_json::Map::new();
        for level in 0..60 {
            let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
            defs.insert(format!("d{level}"), json!({"anyOf": [next, next]}));
        }
        defs.insert("d60".to_owned(), json!({"type": "string"}));
        let wide = json!({"$ref": "#/$defs/d0", "$defs": defs});
        assert!(violations(&wide, &json!(1))[0].contains("too many steps"));
        // Chains of references longer than an ordinary stack, and longer than any.
        assert_eq!(violations(&chain(1_000), &json!(1)), [r#"1 is not of type "string""#]);
        assert!(violations(&chain(7_000), &json!(1))[0].contains("too many steps"));
    }

    fn chain(length: usize) -> Value {
        let mut defs = serde_json::Map::new();
        for level in 0..length {
            defs.insert(format!("d{level}"), json!({"$ref": format!("#/$defs/d{}", level + 1)}));
        }
        defs.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    }
}
