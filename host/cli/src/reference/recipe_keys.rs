//! The page of all keys of a recipe, from the JSON schema of its types.

use std::fmt::Write as _;

use hive_plugins::manifest::schema;
use serde_json::Value;

use super::check;

/// What a key accepts: its type or possible values, and its range.
fn takes(key: &Value, definitions: &Value) -> String {
    if let Some(name) = key["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return takes(&definitions[name], definitions);
    }
    if let Some(first) = key["anyOf"].as_array().and_then(|all| all.first()) {
        return takes(first, definitions);
    }
    let listed: Vec<&str> = match (key["enum"].as_array(), key["oneOf"].as_array()) {
        (Some(values), _) => values.iter().filter_map(Value::as_str).collect(),
        (_, Some(values)) => values.iter().filter_map(|value| value["const"].as_str()).collect(),
        _ => Vec::new(),
    };
    if !listed.is_empty() {
        return listed.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    let kind = match &key["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    let number = |bound: &Value| bound.as_f64().map(|bound| format!("{bound}"));
    let range = match (number(&key["minimum"]), number(&key["maximum"])) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        _ => String::new(),
    };
    match kind {
        "array" => format!("list of {}", takes(&key["items"], definitions)),
        "object" => "table".to_owned(),
        kind => format!("{kind}{range}"),
    }
}

fn keys(section: &str, definition: &Value, definitions: &Value, out: &mut String) {
    writeln!(out, "| key | takes | default | meaning |\n|---|---|---|---|").unwrap();
    for (name, key) in definition["properties"].as_object().unwrap() {
        let is_section = key["$ref"].as_str().is_some_and(|path| path.ends_with("Spec"));
        if section.is_empty() && is_section {
            continue;
        }
        let default = match &key["default"] {
            Value::Null => "–".to_owned(),
            Value::String(text) if text.is_empty() => "–".to_owned(),
            default => format!("`{default}`"),
        };
        let meaning = key["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(out, "| `{name}` | {} | {default} | {meaning} |", takes(key, definitions)).unwrap();
    }
    out.push('\n');
}

#[test]
fn the_reference_of_recipe_keys_is_up_to_date() {
    let schema = schema();
    let definitions = &schema["$defs"];
    let recipe = &definitions["Recipe"];
    let mut text = "# Recipe keys\n\nEvery key of a recipe: in `hive.toml`, in a profile, in `--set` and in a manifest's \
                    `recipe`. Generated from the\nrecipe's types. Defaults are hive's own; an expert's manifest may have \
                    others. [The recipe](../recipe.md) explains\nhow settings are merged.\n\n"
        .to_owned();
    keys("", recipe, definitions, &mut text);
    for section in ["adapter", "training", "data"] {
        let name = recipe["properties"][section]["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap();
        writeln!(text, "## `[{section}]`\n").unwrap();
        keys(section, &definitions[name], definitions, &mut text);
    }
    check("recipe-keys.md", &format!("{}\n", text.trim_end()));
}
