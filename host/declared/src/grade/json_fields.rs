//! `json_fields`: a JSON object compared field by field.

use std::collections::BTreeMap;

use hive_sdk::Finding;
use hive_sdk::declared::{JsonFieldKind, JsonFields};
use hive_sdk::text::{TextStep, unfenced};
use serde_json::Value;

use super::{Outcome, as_text, finding, numbers, sets};
use crate::patterns::shown;

/// Most fields that are compared; a larger answer is wrong.
const FIELDS: usize = 10_000;

pub(super) fn outcome(spec: &JsonFields, steps: &[TextStep], right: &str, answer: &str) -> Outcome {
    let Ok(right) = read(right, steps) else {
        return Outcome::wrong("no-json", "the right answer is not JSON");
    };
    let got = match read(answer, steps) {
        Ok(got) => got,
        Err(why) => return Outcome::wrong("no-json", format!("got `{}`, not JSON: {why}", shown(answer))),
    };
    if spec.fields.is_empty() { every_leaf(steps, &right, &got) } else { declared(spec, steps, &right, &got) }
}

/// The JSON of an answer: steps for whole texts come first; what the others do is for the texts inside.
fn read(text: &str, steps: &[TextStep]) -> serde_json::Result<Value> {
    let text = if steps.contains(&TextStep::Unfence) { unfenced(text) } else { text };
    match steps.contains(&TextStep::FirstLine) {
        true => serde_json::from_str(&TextStep::FirstLine.apply(text)),
        false => serde_json::from_str(text.trim()),
    }
}

/// The steps for a text inside JSON.
fn inner(steps: &[TextStep], text: &str) -> String {
    let inside = steps.iter().filter(|step| {
        matches!(step, TextStep::Trim | TextStep::Collapse | TextStep::Lower | TextStep::Upper | TextStep::Punctuation)
    });
    inside.fold(text.to_owned(), |text, step| step.apply(&text))
}

/// F1 over the declared fields: a field that both have alike is a hit.
fn declared(spec: &JsonFields, steps: &[TextStep], right: &Value, got: &Value) -> Outcome {
    let (mut hits, mut expected, mut given) = (0.0, 0usize, 0usize);
    let mut findings = Vec::new();
    for (path, kind) in &spec.fields {
        let (right, got) = (at(right, path), at(got, path));
        expected += usize::from(right.is_some());
        given += usize::from(got.is_some());
        match (right, got) {
            (None, None) => {}
            (Some(right), None) => {
                findings.push(finding("missing-field", format!("`{path}` is missing, expected {}", brief(right))));
            }
            (None, Some(got)) => {
                findings.push(finding("extra-field", format!("`{path}` is {}, expected nothing", brief(got))));
            }
            (Some(right), Some(got)) => {
                let outcome = field(kind, steps, right, got);
                hits += outcome.score;
                let here = |f: Finding| finding(&f.code, format!("`{path}`: {}", f.message));
                findings.extend(outcome.findings.into_iter().map(here));
            }
        }
    }
    // What is not declared does not count.
    scored(hits, expected, given, findings)
}

fn field(kind: &JsonFieldKind, steps: &[TextStep], right: &Value, got: &Value) -> Outcome {
    let same = |same: bool| match same {
        true => Outcome::right(),
        false => Outcome::wrong("differs", format!("got {}, expected {}", brief(got), brief(right))),
    };
    match kind {
        JsonFieldKind::Text => match (right, got) {
            (Value::String(right), Value::String(got)) => same(inner(steps, right) == inner(steps, got)),
            _ => same(right == got),
        },
        JsonFieldKind::Value => same(equal(right, got)),
        JsonFieldKind::Number(tolerance) => {
            let number = |value: &Value| value.as_f64().or_else(|| numbers::number(value.as_str()?));
            match (number(right), number(got)) {
                (Some(right), Some(got)) => same(numbers::near(*tolerance, right, got)),
                _ => same(equal(right, got)),
            }
        }
        JsonFieldKind::Set => {
            let items = |value: &Value| match value {
                Value::Array(items) => items.iter().map(|item| inner(steps, &canonical(item))).collect(),
                one => vec![inner(steps, &canonical(one))],
            };
            sets::compared("item", &items(right), &items(got))
        }
    }
}

/// F1 over all leaves by path and value: a text after its steps, a number as a number.
fn every_leaf(steps: &[TextStep], right: &Value, got: &Value) -> Outcome {
    let (mut expected, mut given) = (BTreeMap::new(), BTreeMap::new());
    leaves(right, String::new(), steps, &mut expected);
    leaves(got, String::new(), steps, &mut given);
    let mut findings = Vec::new();
    let mut hits = 0.0;
    for (path, right) in &expected {
        match given.get(path) {
            Some(got) if got == right => hits += 1.0,
            Some(got) => {
                findings.push(finding("differs", format!("`{path}` is {}, expected {}", shown(got), shown(right))));
            }
            None => {
                findings.push(finding("missing-field", format!("`{path}` is missing, expected {}", shown(right))));
            }
        }
    }
    let extra = given.iter().filter(|(path, _)| !expected.contains_key(*path));
    findings.extend(
        extra.map(|(path, got)| finding("extra-field", format!("`{path}` is {}, expected nothing", shown(got)))),
    );
    if given.len() > FIELDS {
        return Outcome::wrong("too-large", format!("the answer has more than {FIELDS} fields"));
    }
    scored(hits, expected.len(), given.len(), findings)
}

fn scored(hits: f64, expected: usize, given: usize, mut findings: Vec<Finding>) -> Outcome {
    const FINDINGS: usize = 20;
    if expected + given == 0 || (findings.is_empty() && hits == expected as f64) {
        return Outcome::right();
    }
    findings.truncate(FINDINGS);
    Outcome { score: 2.0 * hits / (expected + given) as f64, findings }
}

/// The value at a path of keys.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

fn leaves(value: &Value, path: String, steps: &[TextStep], into: &mut BTreeMap<String, String>) {
    if into.len() > FIELDS {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, inner)| leaves(inner, below(key), steps, into));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(i, item)| leaves(item, below(&i.to_string()), steps, into));
        }
        Value::String(text) => {
            into.insert(path, format!("\"{}\"", inner(steps, text)));
        }
        other => {
            into.insert(path, canonical(other));
        }
    }
}

/// Equal as JSON: keys in any order, 1 and 1.0 the same number.
fn equal(a: &Value, b: &Value) -> bool {
    quoted(a) == quoted(b)
}

/// One text for all spellings of a value; a text without its quotes.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(n) => n
            .as_f64()
            .filter(|n| n.fract() != 0.0 || n.abs() >= 1e15)
            .map_or_else(|| n.as_f64().map_or_else(|| n.to_string(), |whole| format!("{whole:.0}")), |n| n.to_string()),
        Value::Array(items) => format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let sorted: BTreeMap<&String, String> = map.iter().map(|(key, value)| (key, quoted(value))).collect();
            let parts = sorted.iter().map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        other => as_text(other),
    }
}

fn quoted(value: &Value) -> String {
    if value.is_string() { value.to_string() } else { canonical(value) }
}

fn brief(value: &Value) -> String {
    format!("`{}`", shown(&as_text(value)))
}
