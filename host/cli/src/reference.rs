//! The reference pages of the guide, generated from the command line and the recipe's types; and a
//! check that every command in the guide is valid.
//!
//! `just reference` writes the pages.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use hive_plugins::manifest::schema;
use hive_plugins::{Checkout, Experts};
use serde_json::Value;

use crate::Cli;
use crate::expert_flags::with_expert_flags;
use crate::guide::{commands, words};

/// Line width of a help text in the reference.
const WIDTH: usize = 100;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a page with the expected text; writes it when `HIVE_WRITE_REFERENCE` is set.
fn check(page: &str, text: &str) {
    let path = repository().join("docs/reference").join(page);
    if std::env::var_os("HIVE_WRITE_REFERENCE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "`docs/reference/{page}` is out of date: `just reference` writes it");
}

/// One section per executable command, in the order of the help.
fn sections(command: &Command, path: &str, out: &mut String) {
    let subcommands: Vec<&Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    for sub in &subcommands {
        sections(sub, &format!("{path} {}", sub.get_name()), out);
    }
    if subcommands.is_empty() || command.get_arguments().any(|argument| argument.is_positional()) {
        let help = command.clone().bin_name(path).term_width(WIDTH).render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(out, "## `{path}`\n\n```text\n{}\n```\n", lines.join("\n").trim()).unwrap();
    }
}

#[test]
fn the_reference_of_commands_is_up_to_date() {
    let mut command = Cli::command();
    command.build();
    let mut text =
        "# Commands\n\nThe help text of every command. Generated from the command line's definition.\n\n".to_owned();
    sections(&command, "hive", &mut text);
    check("commands.md", &format!("{}\n", text.trim_end()));
}

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

/// The pages of the guide, and the README.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_command_in_the_guide_is_one_that_hive_takes() {
    let mut all = vec![repository().join("README.md"), repository().join("CONTRIBUTING.md")];
    pages(&repository().join("docs"), &mut all);
    let (mut checked, mut wrong) = (0, Vec::new());
    for page in &all {
        for command in commands(&std::fs::read_to_string(page).unwrap()) {
            checked += 1;
            let words: Vec<OsString> = words(&command).into_iter().map(OsString::from).collect();
            let taken =
                with_expert_flags(Cli::command(), &words, || Experts::of(Checkout::at(&repository()).as_ref(), vec![]));
            if let Err(error) = taken.try_get_matches_from(words)
                && error.exit_code() != 0
            {
                wrong.push(format!("{}: `{command}`: {error}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 40, "only {checked} commands were found: are code blocks still found?");
}
