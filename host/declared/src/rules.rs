//! `validate`: the rules of a manifest, compiled, and what they say of a record.

use hive_sdk::declared::{NumberRange, Rule, ValidatorSpec};
use hive_sdk::manifest::FieldType;
use hive_sdk::protocol::Facts;
use hive_sdk::text::TextStep;
use hive_sdk::{Finding, LintLevel, Manifest, Record, Verdict};
use regex::Regex;
use serde_json::Value;

use crate::patterns::{compiled, shown};
use crate::schemas::{Schema, Schemas};

/// Most choices that a message lists.
const LISTED: usize = 12;

/// A rule, ready to be applied.
enum Ready {
    Required,
    Json,
    Enum(Vec<String>),
    Regex(Regex),
    MaxChars(usize),
    Number(NumberRange),
    Schema(Schema),
    SchemaField(String),
}

/// A validator of the manifest.
struct Validator {
    spec: ValidatorSpec,
    rule: Ready,
}

/// The validators of a manifest, in its order.
pub struct Rules {
    validators: Vec<Validator>,
    schemas: Schemas,
}

impl Rules {
    /// Compiles the validators. Each fault comes with the index of its validator.
    pub fn new(manifest: &Manifest) -> (Self, Vec<(usize, String)>) {
        let (mut validators, mut faults) = (Vec::new(), Vec::new());
        for (i, spec) in manifest.validate.iter().enumerate() {
            match ready(&spec.rule) {
                Ok(rule) => validators.push(Validator { spec: spec.clone(), rule }),
                Err(why) => faults.push((i, why)),
            }
        }
        (Self { validators, schemas: Schemas::default() }, faults)
    }

    /// The verdict on a record. `level` says the present level of a lint.
    pub fn verdict(
        &self,
        manifest: &Manifest,
        record: &Record,
        level: impl Fn(&ValidatorSpec) -> LintLevel,
        facts: impl Fn(&Record) -> Facts,
    ) -> Verdict {
        if let Some((code, why)) = typed(manifest, record) {
            return Verdict::Reject { code: code.to_owned(), why, facts: facts(record) };
        }
        let mut repaired = record.clone();
        let (mut changes, mut notes) = (Vec::new(), Vec::new());
        for Validator { spec, rule } in &self.validators {
            let level = level(spec);
            if level == LintLevel::Off {
                continue;
            }
            let Some(fault) = self.fault(rule, &spec.field, &repaired) else { continue };
            let finding = |message: String| Finding { code: spec.code.clone(), message };
            let repairs = matches!(level, LintLevel::Repair | LintLevel::Reject) && !spec.repair.is_empty();
            let value = repaired.text(&spec.field).unwrap_or_default();
            let changed = TextStep::apply_all(&spec.repair, value);
            let mut better = repaired.clone();
            better.set(&spec.field, changed);
            if repairs && self.fault(rule, &spec.field, &better).is_none() {
                changes.push(finding(format!("`{}` was repaired: {fault}", spec.field)));
                repaired = better;
            } else if level == LintLevel::Reject {
                return Verdict::Reject { code: spec.code.clone(), why: fault, facts: facts(record) };
            } else {
                notes.push(finding(fault));
            }
        }
        let facts = facts(&repaired);
        if changes.is_empty() {
            Verdict::Accept { notes, facts }
        } else {
            Verdict::Repaired { record: repaired, changes, notes, facts }
        }
    }

    fn fault(&self, rule: &Ready, field: &str, record: &Record) -> Option<String> {
        let Some(text) = record.text(field) else {
            return matches!(rule, Ready::Required).then(|| format!("the record has no text in `{field}`"));
        };
        let got = || format!("`{field}` is `{}`", shown(text));
        match rule {
            Ready::Required => None,
            Ready::Json => serde_json::from_str::<Value>(text).err().map(|e| format!("{}, not JSON: {e}", got())),
            Ready::Enum(choices) => (!choices.iter().any(|choice| choice == text)).then(|| {
                let more = if choices.len() > LISTED { ", …" } else { "" };
                let listed: Vec<&str> = choices.iter().take(LISTED).map(String::as_str).collect();
                format!("{}, expected one of: {}{more}", got(), listed.join(", "))
            }),
            Ready::Regex(regex) => {
                (!regex.is_match(text)).then(|| format!("{}, expected text that matches `{regex}`", got()))
            }
            Ready::MaxChars(most) => {
                let chars = text.chars().count();
                (chars > *most).then(|| format!("`{field}` has {chars} characters, expected at most {most}"))
            }
            Ready::Number(range) => match text.trim().parse::<f64>().ok().filter(|n| n.is_finite()) {
                None => Some(format!("{}, expected a number", got())),
                Some(n) if range.min.is_some_and(|min| n < min) => {
                    Some(format!("{}, expected at least {}", got(), range.min.unwrap_or_default()))
                }
                Some(n) if range.max.is_some_and(|max| n > max) => {
                    Some(format!("{}, expected at most {}", got(), range.max.unwrap_or_default()))
                }
                Some(_) => None,
            },
            Ready::Schema(schema) => conforms(field, text, schema),
            Ready::SchemaField(other) => match self.schemas.of(record.text(other)?) {
                Err(why) => Some(format!("the JSON Schema in `{other}` cannot be used: {why}")),
                Ok(schema) => conforms(field, text, &schema),
            },
        }
    }
}

fn conforms(field: &str, text: &str, schema: &Schema) -> Option<String> {
    match serde_json::from_str::<Value>(text) {
        Err(e) => Some(format!("`{field}` is `{}`, not JSON: {e}", shown(text))),
        Ok(value) => schema.fault(&value).map(|fault| format!("`{field}` does not conform: {fault}")),
    }
}

/// What a record must have whatever its validators say: its required fields, each of its type.
fn typed(manifest: &Manifest, record: &Record) -> Option<(&'static str, String)> {
    manifest.dataset.fields.iter().find_map(|field| {
        let name = &field.name;
        let Some(text) = record.text(name) else {
            let missing = !field.optional;
            return missing.then(|| ("missing-field", format!("the record has no text in `{name}`")));
        };
        match field.value {
            FieldType::Text => None,
            FieldType::Json => serde_json::from_str::<Value>(text)
                .err()
                .map(|e| ("not-json", format!("`{name}` is `{}`, not JSON: {e}", shown(text)))),
            FieldType::Number => text.trim().parse::<f64>().is_ok_and(f64::is_finite).then_some(()).map_or_else(
                || Some(("not-a-number", format!("`{name}` is `{}`, not a number", shown(text)))),
                |()| None,
            ),
        }
    })
}

fn ready(rule: &Rule) -> Result<Ready, String> {
    Ok(match rule {
        Rule::Required => Ready::Required,
        Rule::Json => Ready::Json,
        Rule::Enum(choices) => Ready::Enum(choices.clone()),
        Rule::Regex(pattern) => Ready::Regex(compiled(pattern)?),
        Rule::MaxChars(most) => Ready::MaxChars(*most),
        Rule::Number(range) => Ready::Number(*range),
        Rule::JsonSchema(schema) => Ready::Schema(Schema::new(schema)?),
        Rule::JsonSchemaField(field) => Ready::SchemaField(field.clone()),
    })
}
