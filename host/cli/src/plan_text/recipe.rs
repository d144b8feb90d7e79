//! The values of a recipe with the layer that set each: grouped by layer, or as a table.

use std::collections::BTreeMap;

use hive_train::plan::Plan;
use hive_train::recipe::leaves;
use serde_json::{Value, json};

use super::number;
use crate::columns::Table;

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
                    .join(", "),
                other => other.to_string(),
            };
            Some((key, text, origin))
        })
        .collect()
}

/// The recipe grouped by origin, the strongest layer first: for the beginning of a run.
pub(crate) fn by_origin(plan: &Plan) -> Vec<String> {
    let mut groups: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for (key, value, origin) in values(plan) {
        let short = key.rsplit_once('.').map_or(key.as_str(), |(_, leaf)| leaf).to_owned();
        groups.entry((strength(&origin), origin)).or_default().push(format!("{short}={value}"));
    }
    groups.into_iter().map(|((_, origin), values)| format!("{origin}: {}", values.join(" "))).collect()
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

/// The recipe as a table, key by key, within `width` columns.
pub(crate) fn table(plan: &Plan, width: Option<usize>) -> Vec<String> {
    let rows = values(plan).into_iter().map(|(key, value, origin)| [format!("  {key}"), value, origin]);
    Table::new(rows).wrapping(1).dropping(&[2]).lines(width)
}
