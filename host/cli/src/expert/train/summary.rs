//! The summary of a finished training, base model and expert side by side, as lines and as JSON.

use hive_plugins::LoadedExpert;
use hive_runtime::grade::Scores;
use hive_train::evaluation::{Compared, Summary};
use hive_train::run_folder::RunFolder;
use serde_json::{Value, json};

use super::next_command::next_command;
use crate::shell::word;

/// The summary as JSON.
pub(super) fn json(summary: &Summary, folder: &RunFolder) -> Value {
    let brief = |pair: &Option<Compared<Scores>>| {
        let Compared { base, expert } = pair.as_ref()?;
        let (a, b) = (base.figures, expert.figures);
        Some(json!({
            "prompts": expert.graded.len(), "of": expert.of,
            "right_answers": {"base": a.right_answers, "expert": b.right_answers},
            "partial_credit": {"base": a.partial_credit, "expert": b.partial_credit},
        }))
    };
    json!({
        "run": folder.path(), "adapter": folder.adapter(), "step": summary.step,
        "loss": summary.loss, "token_accuracy": summary.token_accuracy,
        "held_out": brief(&summary.held_out), "eval_prompts": brief(&summary.eval_prompts),
    })
}

/// The summary as lines, with the notes on profiles and what to do next.
pub(super) fn lines(expert: &LoadedExpert, summary: &Summary, folder: &RunFolder, notes: &[String]) -> Vec<String> {
    let mut lines =
        vec![String::new(), format!("Result of training (base → expert, adapter of step {}):", summary.step)];
    lines.extend(metrics(summary).into_iter().map(|(name, text)| format!("  {name:28}  {text}")));
    if summary.held_out.is_some() || summary.eval_prompts.is_some() {
        let run = word(&folder.path().display().to_string());
        let name = expert.name();
        lines.push(format!("  Answers were graded by their text; `hive expert eval {name} --run {run}` runs them."));
    }
    lines.extend(notes.iter().cloned());
    lines.push(format!("Adapter: {}", folder.adapter().display()));
    lines.push(format!("Report:  {}", folder.path().join("report.html").display()));
    lines.extend(next_command(expert, summary, folder));
    lines
}

/// Each metric with its name.
fn metrics(summary: &Summary) -> Vec<(String, String)> {
    let mut metrics = Vec::new();
    let mut metric = |name: &str, text: String| metrics.push((name.to_owned(), text));
    if let Some(Compared { base, expert }) = &summary.loss {
        metric("held-out loss", format!("{base:.4} → {expert:.4} nats per token"));
    }
    if let Some(Compared { base, expert }) = &summary.token_accuracy {
        metric("held-out token accuracy", format!("{:.1} % → {:.1} %", 100.0 * base, 100.0 * expert));
    }
    for (name, pair) in [("held-out", &summary.held_out), ("eval prompts", &summary.eval_prompts)] {
        let Some(Compared { base, expert }) = pair else { continue };
        let (a, b) = (base.figures, expert.figures);
        let left_out = match expert.left_out {
            0 => String::new(),
            n => format!("; {n} skipped, too long for the base model with an answer"),
        };
        let of = format!("({} of {} asked{left_out})", expert.graded.len(), expert.of);
        metric(&format!("right answers, {name}"), format!("{} → {} {of}", a.right_answers, b.right_answers));
        metric(&format!("partial credit, {name}"), format!("{} → {} {of}", a.partial_credit, b.partial_credit));
    }
    metrics
}
