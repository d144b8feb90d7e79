//! `README.md` of a package: the model card, generated from the manifest, the run and its results. It does not depend
//! on time or machine.

use hive_check::CheckStatement;
use hive_runtime::statistics::{Mean, Rate};
use serde_json::Value;

use super::description::Description;

/// What the card says besides the description.
#[derive(Debug, Clone, Default)]
pub struct CardFacts {
    /// The hub repository of the base, if it has one.
    pub base_repository: Option<String>,
    /// The base's licence.
    pub base_license: Option<String>,
    /// What is needed behind `hive expert run NAME`.
    pub arguments: String,
    /// `evaluation.json`.
    pub evaluation: Option<Value>,
    /// `checks.json`.
    pub checks: Option<CheckStatement>,
    /// `receipt.json`.
    pub receipt: Option<Value>,
}

/// The model card's text.
pub fn card(description: &Description, facts: &CardFacts) -> String {
    let Description { name, version, base, adapter, .. } = description;
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    // Metadata that hubs read: https://huggingface.co/docs/hub/model-cards#model-card-metadata
    line("---");
    let license = description.license.to_lowercase();
    // Hubs have no name for an expression of several licences.
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
    line(&format!("hive expert run {name} {}", facts.arguments));
    line("```");
    line("");
    line("The files are a PEFT folder as well: `PeftModel.from_pretrained(base, FOLDER)` reads them as they are.");
    line("");
    if let Some(results) = facts.evaluation.as_ref().map(results).filter(|text| !text.is_empty()) {
        line("## Worth");
        line("");
        line(results.trim_end());
        line("");
    }
    if let Some(checks) = &facts.checks {
        line("## Checks");
        line("");
        line(&format!(
            "`hive expert check`, version {}: {} ({}). `checks.json` has the statement.",
            checks.hive,
            checks.level.words(),
            checks.counts(),
        ));
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

/// The figures of `evaluation.json` as a table with explanations; empty if there are none.
fn results(evaluation: &Value) -> String {
    let mut rows = Vec::new();
    let row = |name: &str, base: String, expert: String| format!("| {name} | {base} | {expert} |\n");
    let number = |v: &Value| v.as_f64();
    let held = &evaluation["held_out"];
    if let (Some(base), Some(expert)) = (number(&held["loss"]["base"]), number(&held["loss"]["expert"])) {
        rows.push(row("held-out loss, nats a token", format!("{base:.4}"), format!("{expert:.4}")));
    }
    let accuracy = &held["token_accuracy"];
    if let (Some(base), Some(expert)) = (number(&accuracy["base"]), number(&accuracy["expert"])) {
        rows.push(row("held-out token accuracy", percent(base), percent(expert)));
    }
    let share = |rate: &Value| figure::<Rate>(rate);
    let credit = |mean: &Value| figure::<Mean>(mean);
    let both = |prompts: &str, part: &Value| {
        let (right, mean) = (&part["right_answers"], &part["partial_credit"]);
        [
            row(&format!("right answers, {prompts}"), share(&right["base"]), share(&right["expert"])),
            row(&format!("partial credit, {prompts}"), credit(&mean["base"]), credit(&mean["expert"])),
        ]
    };
    for (key, prompts) in [("held_out", "held-out records"), ("eval_prompts", "eval prompts")] {
        let part = &evaluation[key];
        if part["asked"].as_u64().is_some_and(|n| n > 0) {
            rows.extend(both(&asked(part, prompts), part));
        }
    }
    let suites = evaluation["suites"].as_array().map_or(&[][..], Vec::as_slice);
    for suite in suites {
        let name = suite["name"].as_str().unwrap_or_default();
        let prompts = format!("prompts of the suite `{name}`");
        rows.extend(both(&asked(suite, &prompts), suite));
        for check in suite["checks"].as_array().into_iter().flatten() {
            let title = check["title"].as_str().unwrap_or_default();
            rows.push(row(&format!("· {title}"), share(&check["base"]), share(&check["expert"])));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("| | base | expert |\n|---|---|---|\n{}", rows.concat());
    text.push_str(
        "\nRight answers are those with the full score, with Wilson's interval of 95 %; partial credit is the mean score, \
         with a bootstrap interval of 95 %. ",
    );
    text.push_str(if suites.is_empty() {
        "All figures are those of the end of training, where answers are graded by their text and only so many were \
         asked; no evaluation of a whole suite is in this package.\n"
    } else {
        "Answers to the prompts of a suite were examined by `hive expert eval`; all other figures are those of the end \
         of training, where answers are graded by their text.\n"
    });
    text
}

/// How many prompts were asked, as in `8 of 96 eval prompts`.
fn asked(part: &Value, prompts: &str) -> String {
    match (part["asked"].as_u64(), part["of"].as_u64()) {
        (Some(asked), Some(total)) if asked < total => format!("{asked} of {total} {prompts}"),
        (asked, _) => format!("{} {prompts}", asked.unwrap_or(0)),
    }
}

/// A figure with its interval as text.
fn figure<T: serde::de::DeserializeOwned + std::fmt::Display>(value: &Value) -> String {
    T::deserialize(value).map_or_else(|_| "–".to_owned(), |figure| figure.to_string())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use hive_runtime::statistics::Figures;

    #[test]
    fn the_table_says_what_its_figures_are_of() {
        let figures = Figures::of([1.0, 0.5, 0.25, 0.0]);
        let none = Figures::of([0.0; 4]);
        let part = |total: usize| {
            json!({
                "asked": 4, "of": total, "name": "builtin", "checks": [],
                "right_answers": {"base": none.right_answers, "expert": figures.right_answers},
                "partial_credit": {"base": none.partial_credit, "expert": figures.partial_credit},
            })
        };
        let mut evaluation = json!({"held_out": part(24), "eval_prompts": null, "suites": []});
        let text = results(&evaluation);
        assert!(
            text.contains("| right answers, 4 of 24 held-out records | 0.0 % [0.0, 49.0] | 25.0 % [4.6, 69.9] |"),
            "{text}"
        );
        assert!(text.contains("| partial credit, 4 of 24 held-out records | 0.000 [0.000, 0.000] | 0.438 ["), "{text}");
        assert!(text.contains("no evaluation of a whole suite"), "{text}");
        evaluation["suites"] = json!([part(4), part(96)]);
        let text = results(&evaluation);
        assert!(text.contains("| right answers, 4 prompts of the suite `builtin` |"), "{text}");
        assert!(text.contains("| partial credit, 4 of 96 prompts of the suite `builtin` |"), "{text}");
        assert!(!text.contains("no evaluation"), "{text}");
        assert_eq!(results(&json!({})), "");
    }
}
