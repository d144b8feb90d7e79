//! The values of a recipe with the layer that set each: grouped by layer, or as a table.

use std::collections::BTreeMap;

use hive_train::plan::Plan;
use hive_train::recipe::leaves;
use serde_json::{Value, json};

use super::number;

/// Line width for recipe values.
const WIDTH: usize = 96;

/// Every value of the recipe with its key and the layer that set it.
fn values(plan: &Plan) -> Vec<(String, String, String)> {
    leaves(&json!(plan.recipe))
        .into_iter()
        // A value without an origin was replaced by an exclusive one.
        .filter_map(|(key, value)| {
            let origin = plan.origins.get(&key)?.clone();
            let text = match value {
                Value::String(text) => text,
                Value::Number(n) if n.is_f64() => number(n.as_f64().unwrap_or_default()),
                Value::Array(items) => items
                    .iter()
                    .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                    .collect::<Vec<_>>()
                    .join(","),
                other => other.to_string(),
            };
            Some((key, text, origin))
        })
        .collect()
}

/// The recipe grouped by origin, the strongest layer first, several values per line: for the
/// beginning of a run.
pub(crate) fn by_origin(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let mut groups: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for (key, value, origin) in values(plan) {
        let short = key.rsplit_once('.').map_or(key.as_str(), |(_, leaf)| leaf).to_owned();
        groups.entry((strength(&origin), origin)).or_default().push(format!("{short}={value}"));
    }
    groups.into_iter().map(|((_, origin), values)| (origin, wrapped(&values))).collect()
}

/// Layers from the strongest, 0, to the weakest.
fn strength(origin: &str) -> usize {
    match origin {
        "default" => 5,
        "manifest" => 4,
        _ if origin.starts_with("profile ") || origin.starts_with("recipe ") => 3,
        _ if origin.starts_with("HIVE_") => 1,
        _ if origin.starts_with("--") => 0,
        _ => 2,
    }
}

fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => *line += &format!(" {word}"),
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// The recipe as a table, key by key.
pub(crate) fn table(plan: &Plan) -> Vec<String> {
    let rows = values(plan);
    let width = |length: fn(&(String, String, String)) -> usize| rows.iter().map(length).max().unwrap_or(0);
    let (keys, texts) = (width(|r| r.0.len()), width(|r| r.1.len()).min(40));
    rows.iter().map(|(key, value, origin)| format!("  {key:keys$}  {value:texts$}  {origin}")).collect()
}
