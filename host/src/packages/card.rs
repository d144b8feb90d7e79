//! `README.md` of a package: the model card that people and hubs read, made from the manifest, the
//! run and what it was measured to be worth. Nothing in it depends on when or where it was made.

use std::fmt::Write;

use serde_json::Value;

use super::description::Description;

/// What the card tells beside the description.
#[derive(Debug, Clone, Default)]
pub struct CardFacts {
    /// The repository that the base comes from, where it is one of a hub.
    pub base_repository: Option<String>,
    /// The base's licence.
    pub base_license: Option<String>,
    /// Names of the record's fields that are needed to ask.
    pub fields: Vec<String>,
    /// `evaluation.json`.
    pub evaluation: Option<Value>,
    /// `receipt.json`.
    pub receipt: Option<Value>,
}

/// The card.
pub fn card(description: &Description, facts: &CardFacts) -> String {
    let Description { name, version, base, adapter, .. } = description;
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    // What hubs read: https://huggingface.co/docs/hub/model-cards#model-card-metadata
    line("---");
    let license = description.license.to_lowercase();
    // An expression of several licences has no name there.
    line(&format!("license: {}", if license.contains(' ') { "other" } else { &license }));
    line(&format!("base_model: {}", facts.base_repository.as_ref().unwrap_or(&base.id)));
    line("library_name: peft");
    line("pipeline_tag: text-generation");
    line("tags:");
    for tag in ["hive", name.as_str(), adapter.method.as_str()] {
        line(&format!("- {tag}"));
    }
    line("---");
    line("");
    line(&format!("# {name} {version}"));
    line("");
    line(&format!("{}.", description.description.trim_end_matches('.')));
    line("");
    line(&format!(
        "An adapter for the base model `{}`: {}, rank {}, alpha {}{}, on {}; {} values in {} tensors.",
        base.id,
        if adapter.method == "dora" { "DoRA" } else { "LoRA" },
        adapter.rank,
        adapter.alpha,
        if adapter.rslora { " (rank-stabilised)" } else { "" },
        adapter.target_modules.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", "),
        adapter.parameters,
        adapter.tensors,
    ));
    line("");
    line("## Use");
    line("");
    line("```");
    line(&format!("hive expert install {}", description.file_name()));
    let others: Vec<String> = facts.fields.iter().filter(|f| *f != "question").map(|f| argument(f)).collect();
    line(&["hive expert run", name, &others.join(" "), "\"…\""].join(" ").replace("  ", " "));
    line("```");
    line("");
    line("The files are a PEFT folder as well: `PeftModel.from_pretrained(base, FOLDER)` reads them as they are.");
    line("");
    if let Some(worth) = facts.evaluation.as_ref().map(worth).filter(|text| !text.is_empty()) {
        line("## Worth");
        line("");
        line(worth.trim_end());
        line("");
    }
    if let Some(receipt) = &facts.receipt {
        line("## Training");
        line("");
        line(&format!(
            "{} records in {} steps; held out were {}. `receipt.json` has the digests of all that went in.",
            receipt["records"][0], receipt["steps"][0], receipt["records"][1]
        ));
        line("");
    }
    line("## Licence");
    line("");
    let of_base = facts.base_license.as_ref().map_or_else(String::new, |l| format!(" The base model: {l}."));
    line(&format!("The adapter: {}.{of_base}", description.license));
    out
}

/// How a field is given on the command line.
fn argument(field: &str) -> String {
    if field == "schema" { "--schema FILE".to_owned() } else { format!("--field {field}=…") }
}

/// The figures of `evaluation.json` as a table; empty when it has none.
fn worth(evaluation: &Value) -> String {
    let mut rows = String::new();
    let mut row = |what: &str, base: String, expert: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "| {what} | {base} | {expert} |");
    };
    let number = |v: &Value| v.as_f64();
    let held = &evaluation["held_out"];
    if let (Some(base), Some(expert)) = (number(&held["loss"]["base"]), number(&held["loss"]["expert"])) {
        row("held-out loss, nats a token", format!("{base:.4}"), format!("{expert:.4}"));
    }
    let accuracy = &held["token_accuracy"];
    if let (Some(base), Some(expert)) = (number(&accuracy["base"]), number(&accuracy["expert"])) {
        row("held-out token accuracy", percent(base), percent(expert));
    }
    for suite in evaluation["suites"].as_array().into_iter().flatten() {
        let name = suite["name"].as_str().unwrap_or_default();
        let asked = &suite["asked"];
        let cell = |rate: &Value| match number(&rate["value"]) {
            Some(value) => {
                let (low, high) = (number(&rate["low"]).unwrap_or(0.0), number(&rate["high"]).unwrap_or(1.0));
                format!("{} [{}, {}]", percent(value), percent(low), percent(high))
            }
            None => "–".to_owned(),
        };
        row(
            &format!("score, {asked} prompts of `{name}`"),
            cell(&suite["score"]["base"]),
            cell(&suite["score"]["expert"]),
        );
        for check in suite["checks"].as_array().into_iter().flatten() {
            let title = check["title"].as_str().unwrap_or_default();
            row(&format!("· {title}"), cell(&check["base"]), cell(&check["expert"]));
        }
    }
    if rows.is_empty() { rows } else { format!("| | base | expert |\n|---|---|---|\n{rows}") }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
