//! The schema of a field, and the style of a record's schema: how keys are spelled, and what is said besides types.

use hive_sdk::rng::Rng;
use serde_json::{Map, Value, json};

use super::shape::{Field, Kind};
use super::words::Source;

/// How keys are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Snake,
    Camel,
    Pascal,
    Kebab,
    Words,
}

/// Which keys an object must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// All that are not left out of some text.
    All,
    /// Some of those.
    Some,
    /// None.
    None,
}

/// The style of a schema.
#[derive(Debug, Clone)]
pub struct Style {
    spelling: Spelling,
    /// Which keys must be there.
    pub required: Required,
    described: bool,
    closed: bool,
    /// Whether values that are there may be null as well.
    pub nullable: bool,
    bounds: bool,
    formats: bool,
    titled: bool,
    listed_first: bool,
}

impl Style {
    /// A style.
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            spelling: match rng.below(20) {
                0..=10 => Spelling::Snake,
                11..=16 => Spelling::Camel,
                17 => Spelling::Pascal,
                18 => Spelling::Kebab,
                _ => Spelling::Words,
            },
            required: match rng.below(10) {
                0..=5 => Required::All,
                6..=7 => Required::Some,
                _ => Required::None,
            },
            described: rng.below(4) == 0,
            closed: rng.below(5) < 2,
            nullable: rng.below(5) == 0,
            bounds: rng.below(6) == 0,
            formats: rng.below(3) == 0,
            titled: rng.below(12) == 0,
            listed_first: rng.below(8) == 0,
        }
    }

    /// A name in snake case as this style spells it.
    pub fn key(&self, name: &str) -> String {
        let capital = |word: &str| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect::<String>())
        };
        let words: Vec<&str> = name.split('_').collect();
        match self.spelling {
            Spelling::Snake => name.to_owned(),
            Spelling::Kebab => words.join("-"),
            Spelling::Words => {
                let first = words.iter().take(1).map(|word| capital(word));
                first.chain(words.iter().skip(1).map(|word| (*word).to_owned())).collect::<Vec<_>>().join(" ")
            }
            Spelling::Pascal => words.iter().map(|word| capital(word)).collect(),
            Spelling::Camel => {
                let rest: String = words.iter().skip(1).map(|word| capital(word)).collect();
                format!("{}{rest}", words.first().copied().unwrap_or_default())
            }
        }
    }

    /// The schema of an object with these properties; `required` are the keys that it must have.
    pub fn object(&self, properties: Map<String, Value>, required: Vec<String>, title: Option<&str>) -> Value {
        let mut schema = Map::new();
        if let Some(title) = title.filter(|_| self.titled) {
            schema.insert("title".to_owned(), Value::from(title));
        }
        schema.insert("type".to_owned(), Value::from("object"));
        let required = (!required.is_empty()).then(|| Value::from(required));
        if let Some(required) = required.clone().filter(|_| self.listed_first) {
            schema.insert("required".to_owned(), required);
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
        if let Some(required) = required {
            schema.insert("required".to_owned(), required);
        }
        if self.closed {
            schema.insert("additionalProperties".to_owned(), Value::from(false));
        }
        Value::Object(schema)
    }

    /// The schema of a value without parts.
    pub fn scalar(&self, field: &Field, name: &str, nullable: bool, currencies: &[&str]) -> Value {
        let mut schema = self.bare(field.kind, currencies);
        if nullable && let Some(keywords) = schema.as_object_mut() {
            let kind = keywords.get("type").cloned().unwrap_or_else(|| Value::from("string"));
            keywords.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(values) = keywords.get_mut("enum").and_then(Value::as_array_mut) {
                values.push(Value::Null);
            }
        }
        self.describe(&mut schema, field.kind, name);
        schema
    }

    /// Adds a description, where the style has them or the form of the value needs one.
    fn describe(&self, schema: &mut Value, kind: Kind, name: &str) {
        let words = label_of(name);
        let unit = match kind {
            Kind::Measure(_, _, _, units) => {
                units.first().filter(|unit| !unit.is_empty()).map(|unit| format!("{words} in {unit}"))
            }
            Kind::Clock => Some(format!("{words}, HH:MM (24 h)")),
            Kind::Moment(..) => Some(format!("{words} (UTC)")),
            _ => None,
        };
        let patterned = schema.get("pattern").is_some();
        let needed = matches!(kind, Kind::Clock) && !patterned;
        if let Some(keywords) = schema.as_object_mut().filter(|_| self.described || needed) {
            let text = unit.unwrap_or(words);
            keywords.insert("description".to_owned(), Value::from(text));
        }
    }

    fn bare(&self, kind: Kind, currencies: &[&str]) -> Value {
        match kind {
            Kind::Word(Source::Email) if self.formats => json!({"type": "string", "format": "email"}),
            Kind::Word(Source::Url) if self.formats => json!({"type": "string", "format": "uri"}),
            Kind::Word(_) if self.bounds => json!({"type": "string", "minLength": 1}),
            Kind::Word(_) | Kind::Many(..) | Kind::Rows(..) | Kind::Group(_) => json!({"type": "string"}),
            Kind::Count(low, _) if self.bounds && low >= 0 => json!({"type": "integer", "minimum": 0}),
            Kind::Count(..) => json!({"type": "integer"}),
            Kind::Money(..) if self.bounds => json!({"type": "number", "minimum": 0}),
            Kind::Measure(..) | Kind::Money(..) => json!({"type": "number"}),
            Kind::Currency => json!({"type": "string", "enum": currencies}),
            Kind::Day(..) => json!({"type": "string", "format": "date"}),
            Kind::Clock if self.formats => json!({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
            Kind::Clock => json!({"type": "string"}),
            Kind::Moment(..) => json!({"type": "string", "format": "date-time"}),
            Kind::Flag(_) => json!({"type": "boolean"}),
            Kind::Choice(values) => {
                let values: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
                json!({"type": "string", "enum": values})
            }
        }
    }
}

/// A name as a text calls the field: without what marks a flag or a unit.
pub fn label_of(name: &str) -> String {
    const MARKS: [&str; 3] = ["is_", "has_", "needs_"];
    const UNITS: [&str; 24] = [
        "_c", "_cm", "_g", "_gb", "_ha", "_hpa", "_k", "_kg", "_km", "_kmh", "_kwh", "_ly", "_m", "_m2", "_mb", "_mg",
        "_ml", "_mm", "_ms", "_oven_c", "_percent", "_sqm", "_tonnes", "_kcal",
    ];
    let name = MARKS.iter().find_map(|mark| name.strip_prefix(mark)).unwrap_or(name);
    let name = UNITS.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name);
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelled_by_the_style() {
        let mut style = Style::draw(&mut Rng::new(1, 1));
        let spelled = [Spelling::Snake, Spelling::Camel, Spelling::Pascal, Spelling::Kebab, Spelling::Words].map(|s| {
            style.spelling = s;
            style.key("due_date_utc")
        });
        assert_eq!(
            ["is_fragile", "weight_kg", "kg", "due_date"].map(label_of),
            ["fragile", "weight", "kg", "due date"]
        );
        assert_eq!(spelled, ["due_date_utc", "dueDateUtc", "DueDateUtc", "due-date-utc", "Due date utc"]);
    }
}
