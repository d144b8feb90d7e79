//! Checks of what an expert declares instead of code: `validate`, `grade`, and the form of answers in `generation`.

use std::collections::{BTreeMap, BTreeSet};

use hive_errors::{listed, nearest};
use hive_sdk::declared::{Grader, Rule};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fault::JsonPath;
use super::semantics::{Checks, Field, list, no_repair, undeclared};

/// Keys of which an answer's form is given by one at most.
const FORMS: [&str; 3] = ["json_schema", "json_schema_field", "grammar"];

impl Checks {
    /// The validators: lints of their own, of declared fields, with rules that can be read. Adds them to `lints`.
    pub(super) fn validate<'m>(
        &mut self,
        validators: Option<&'m Value>,
        path: &JsonPath,
        fields: &[Field<'_>],
        lints: &mut BTreeMap<&'m str, bool>,
    ) {
        for (i, validator) in list(validators).iter().enumerate() {
            let here = path.index(i);
            self.field_of(validator.get("field"), here.key("field"), fields);
            let repairs = !list(validator.get("repair")).is_empty();
            if let Some(code) = validator.get("code").and_then(Value::as_str) {
                if lints.insert(code, repairs).is_some() {
                    self.fault(here.key("code"), format!("the lint `{code}` is declared twice"));
                }
                if validator.get("level").and_then(Value::as_str) == Some("repair") && !repairs {
                    self.fault(here.key("level"), no_repair(code));
                }
            }
            let Some(rule) = validator.get("rule") else { continue };
            let here = here.key("rule");
            let Some(read) = self.one_of::<Rule>(rule, &here, "rule", &Rule::NAMES) else { continue };
            match read {
                Rule::JsonSchemaField(_) => {
                    self.field_of(rule.get("json_schema_field"), here.key("json_schema_field"), fields);
                }
                Rule::Enum(texts) if texts.is_empty() => {
                    self.fault(here.key("enum"), "got an empty list, expected the texts that are allowed");
                }
                Rule::Number(range) if range.min.zip(range.max).is_some_and(|(min, max)| min > max) => {
                    self.fault(here.key("number"), "got `min` above `max`: no number is in the range");
                }
                _ => {}
            }
        }
    }

    /// The graders: each readable, of declared fields and checks, and together of some weight.
    pub(super) fn grade(&mut self, top: &Map<String, Value>, path: &JsonPath, fields: &[Field<'_>]) {
        let checks: BTreeSet<&str> =
            list(top.get("checks")).iter().filter_map(|check| check.get("code")?.as_str()).collect();
        let graders = list(top.get("grade"));
        let weight = |grader: &Value| grader.get("weight").map_or(Some(1.0), Value::as_f64).unwrap_or_default();
        if !graders.is_empty() && graders.iter().map(weight).sum::<f64>() <= 0.0 {
            self.fault(path.clone(), "the graders have no weight: every answer would have the score 0");
        }
        for (i, spec) in graders.iter().enumerate() {
            let here = path.index(i);
            if let Some(check) = spec.get("check").and_then(Value::as_str)
                && !checks.contains(check)
            {
                let message = match nearest(check, checks.iter().copied()) {
                    Some(near) => format!("`{check}` is no check, did you mean `{near}`?"),
                    None if checks.is_empty() => format!("`{check}` is no check: the manifest declares no `checks`"),
                    None => format!("`{check}` is no check, expected one of: {}", listed(checks.iter().copied())),
                };
                self.fault(here.key("check"), message);
            }
            let Some(grader) = spec.get("grader") else { continue };
            let here = here.key("grader");
            match self.one_of::<Grader>(grader, &here, "grader", &Grader::NAMES) {
                Some(Grader::Command(command)) => {
                    let here = here.key("command").key("argv");
                    if command.argv.first().is_none_or(|program| program.trim().is_empty()) {
                        self.fault(here, "got no program, expected one and its arguments");
                    }
                }
                Some(Grader::SetF1(set)) if set.separator.is_empty() => {
                    self.fault(
                        here.key("set_f1").key("separator"),
                        "got an empty text, expected what separates the items",
                    );
                }
                Some(_) => {
                    for name in ["one_of", "regex"] {
                        let field = grader.get(name).and_then(|inner| inner.get("field"));
                        self.field_of(field, here.key(name).key("field"), fields);
                    }
                }
                None => {}
            }
        }
    }

    /// The form of answers: given once, from a declared field.
    pub(super) fn generation(&mut self, generation: Option<&Value>, path: &JsonPath, fields: &[Field<'_>]) {
        let Some(generation) = generation else { return };
        let given: Vec<&str> = FORMS.into_iter().filter(|key| generation.get(key).is_some()).collect();
        if let [_, second, ..] = given[..] {
            self.fault(
                path.key(second),
                format!("got {}, expected one of them at most", listed(given.iter().copied())),
            );
        }
        self.field_of(generation.get("json_schema_field"), path.key("json_schema_field"), fields);
        if generation.get("grammar").and_then(Value::as_str).is_some_and(|grammar| grammar.trim().is_empty()) {
            self.fault(path.key("grammar"), "got a blank text, expected a grammar");
        }
    }

    /// The name of a field.
    fn field_of(&mut self, name: Option<&Value>, path: JsonPath, fields: &[Field<'_>]) {
        // Without declared fields, their absence has already been reported.
        if let Some(name) = name.and_then(Value::as_str).filter(|_| !fields.is_empty())
            && !fields.iter().any(|field| field.name == name)
        {
            self.fault(path, undeclared(name, fields));
        }
    }

    /// A value with one key that says what it is, or that key alone as a text.
    fn one_of<T: DeserializeOwned>(&mut self, value: &Value, path: &JsonPath, word: &str, names: &[&str]) -> Option<T> {
        let name = match value {
            Value::String(name) => Some(name.as_str()),
            Value::Object(map) if map.len() == 1 => map.keys().next().map(String::as_str),
            _ => None,
        };
        let Some(name) = name else {
            let forms = format!("expected one {word}: {}", listed(names.iter().copied()));
            self.fault(path.clone(), format!("got {}, {forms}", brief(value)));
            return None;
        };
        if !names.contains(&name) {
            let message = match nearest(name, names.iter().copied()) {
                Some(near) => format!("`{name}` is no {word}, did you mean `{near}`?"),
                None => format!("`{name}` is no {word}, expected one of: {}", listed(names.iter().copied())),
            };
            self.fault(path.clone(), message);
            return None;
        }
        match serde_json::from_value(value.clone()) {
            Ok(read) => Some(read),
            Err(error) => {
                // At the same place as what the schema says of it, which knows less.
                self.fault(path.clone(), format!("`{name}`: {error}"));
                None
            }
        }
    }
}

fn brief(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("an object with {} keys", map.len()),
        Value::Array(items) => format!("a list of {}", items.len()),
        other => format!("`{other}`"),
    }
}
