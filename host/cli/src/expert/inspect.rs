//! `hive expert inspect`: the contents of a package. It needs no base model and never runs the
//! package's plugin.

use std::path::Path;

use clap::Args;
use hive_packages::Legacy;
use hive_packages::layout::EVALUATION;
use hive_packages::trust::Ring;
use serde_json::{Value, json};

use super::super::output::result;
use super::super::packages::{FoundPackage, find_package, line, signer_json, signer_text, staging};
use crate::context::Environment;
use crate::error::CommandResult;

/// Show a package's expert, base model, adapter, metrics, files and signature
#[derive(Debug, Args)]
pub struct Inspect {
    /// Package file, or installed expert: NAME or NAME@VERSION
    #[arg(value_name = "FILE|NAME")]
    target: String,
    /// Base model, if the version is installed for several
    #[arg(long)]
    base: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such package, or its files are inconsistent.
    pub fn run(self, env: &Environment) -> CommandResult {
        let path = Path::new(&self.target);
        if path.is_file()
            && let Some(legacy) = Legacy::open(path, &staging(env))?
        {
            return self.older(&legacy);
        }
        let FoundPackage { package, release } = find_package(env, &self.target, self.base.as_deref())?;
        let signer = package.signer(&Ring::of(env.context.home()?)?);
        let evaluation = package.text(EVALUATION)?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let d = &package.description;
        if self.json {
            return result(&format!(
                "{:#}",
                json!({
                    "package": d, "digest": package.digest, "signature": signer_json(&signer), "files": package.files,
                    "evaluation": evaluation, "installed": release.map(|release| release.record),
                })
            ));
        }
        let adapter = &d.adapter;
        let mut lines = vec![
            line("expert", &format!("{} {}", d.name, d.version)),
            line("", &d.description),
            line("licence", &d.license),
            line("base model", &format!("{} (weights sha256 {})", d.base.id, d.base.digest)),
            line(
                "adapter",
                &format!(
                    "{}, rank {}, alpha {}{}, on {}; {} values in {} tensors",
                    if adapter.method == "dora" { "DoRA" } else { "LoRA" },
                    adapter.rank,
                    adapter.alpha,
                    if adapter.rslora { " (rank-stabilised)" } else { "" },
                    adapter.target_modules.join(", "),
                    adapter.parameters,
                    adapter.tensors
                ),
            ),
        ];
        let prompts: Vec<String> =
            package.golden.prompts.iter().map(|p| format!("{} ({} tokens)", p.id, p.ids.len())).collect();
        lines.push(line("golden", &prompts.join(", ")));
        lines.extend(evaluation.iter().flat_map(worth));
        let mode = if package.manifest.prompt.is_empty() { "with its plugin only" } else { "without native code" };
        lines.push(line("can run", mode));
        let targets: Vec<&str> = d.libraries.keys().map(String::as_str).collect();
        lines.push(line("plugin for", if targets.is_empty() { "no machine" } else { "" }));
        if let (Some(last), false) = (lines.last_mut(), targets.is_empty()) {
            *last = line("plugin for", &targets.join(", "));
        }
        lines.push(line("made by", &format!("hive {}", d.hive)));
        lines.push(line("signature", &signer_text(&signer)));
        if let Some(release) = &release {
            lines.push(line("installed", &format!("from {}, in {}", release.record.source, release.dir.display())));
        }
        lines.push(line("files", &format!("{}, list's sha256 {}", package.files.len(), package.digest)));
        lines.extend(
            package.files.iter().map(|(name, file)| format!("  {:>12}  {}  {name}", file.size, &file.sha256[..12])),
        );
        result(&lines.join("\n"))
    }
}

impl Inspect {
    /// Shows a package in the older format.
    fn older(&self, legacy: &Legacy) -> CommandResult {
        if self.json {
            return result(&format!(
                "{:#}",
                json!({ "format": "older", "name": legacy.name, "version": legacy.version, "base": legacy.base, "lost": legacy.lost })
            ));
        }
        let mut lines = vec![
            line("expert", &format!("{} {}, in an older format", legacy.name, legacy.version)),
            line("base model", &legacy.base),
            line("signature", "none, and no digests: its content cannot be authenticated"),
            line("lost", &format!("{} things, when it is installed (`--allow-unsigned`)", legacy.lost.len())),
        ];
        lines.extend(legacy.lost.iter().map(|lost| format!("  {lost}")));
        result(&lines.join("\n"))
    }
}

/// The metrics of an evaluation, base model → expert.
fn worth(evaluation: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let held = &evaluation["held_out"]["loss"];
    if let (Some(base), Some(expert)) = (held["base"].as_f64(), held["expert"].as_f64()) {
        lines.push(line("held-out loss", &format!("{base:.4} → {expert:.4} nats per token")));
    }
    for suite in evaluation["suites"].as_array().into_iter().flatten() {
        let figure = |key: &str, who: &str| suite[key][who]["value"].as_f64();
        let pair = |key: &str| figure(key, "base").zip(figure(key, "expert"));
        let of = format!("of {} prompts of `{}`", suite["asked"], suite["name"].as_str().unwrap_or_default());
        if let Some((base, expert)) = pair("right_answers") {
            lines.push(line("right answers", &format!("{:.1} % → {:.1} % {of}", 100.0 * base, 100.0 * expert)));
        }
        if let Some((base, expert)) = pair("partial_credit") {
            lines.push(line("partial credit", &format!(" {base:.3} → {expert:.3} {of}")));
        }
    }
    lines
}
