//! The summary of a finished training, base model and expert side by side, as lines and as JSON.

use console::style;
use hive_plugins::LoadedExpert;
use hive_runtime::grade::Scores;
use hive_train::evaluation::{Compared, Summary};
use hive_train::run_folder::RunFolder;
use serde_json::{Value, json};

use super::next_command::next_command;
use crate::columns::Table;
use crate::screen::{Level, Screen};
use crate::shell::word;
use crate::wrapping::wrapped;

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

/// The summary as lines as wide as the screen, apart from paths and the command to try next. It is the last block that
/// training prints; on a terminal its title and labels are bold. `--quiet` leaves out what is not the result itself.
pub(super) fn lines(expert: &LoadedExpert, summary: &Summary, folder: &RunFolder, screen: Screen) -> Vec<String> {
    let width = screen.result_width();
    let quiet = screen.level() == Level::Quiet;
    let bold = |text: &str| style(text.to_owned()).bold().to_string();
    let title = format!("Result of training (base → expert, adapter of step {}):", summary.step);
    let mut lines = if quiet { Vec::new() } else { vec![String::new()] };
    lines.push(bold(&title));
    lines.extend(Table::new(metrics(summary)).wrapping(1).lines(Some(width)));
    if !quiet && (summary.held_out.is_some() || summary.eval_prompts.is_some()) {
        let run = word(&folder.path().display().to_string());
        let name = expert.name();
        let text =
            format!("  Answers were graded by their text alone; `hive expert eval {name} --run {run}` examines them.");
        lines.push(wrapped(&text, width));
    }
    lines.push(format!("{} {}", bold("Adapter:"), folder.adapter().display()));
    lines.push(format!("{}  {}", bold("Report:"), folder.path().join("report.html").display()));
    if let Some((right, command)) = next_command(expert, summary, folder).filter(|_| !quiet) {
        let label = if right { "Try it: " } else { "Try it (none of these prompts was answered correctly):\n " };
        lines.push(format!("{} {command}", bold(label)));
    }
    lines
}

/// Each metric with its label; those of graded answers have a line for each kind of prompts.
fn metrics(summary: &Summary) -> Vec<[String; 2]> {
    let mut metrics = Vec::new();
    let mut metric = |label: String, text: String| metrics.push([format!("  {label}"), text]);
    if let Some(Compared { base, expert }) = &summary.loss {
        metric("held-out loss".to_owned(), format!("{base:.4} → {expert:.4} nats per token"));
    }
    if let Some(Compared { base, expert }) = &summary.token_accuracy {
        let text = format!("{:.1} % → {:.1} %", 100.0 * base, 100.0 * expert);
        metric("held-out token accuracy".to_owned(), text);
    }
    let graded = [("held-out", &summary.held_out), ("eval prompts", &summary.eval_prompts)];
    let graded: Vec<_> = graded.iter().filter_map(|(name, pair)| Some((name, pair.as_ref()?))).collect();
    let of =
        |name: &str, pair: &Compared<Scores>| format!("  {name}, {} of {}", pair.expert.graded.len(), pair.expert.of);
    if !graded.is_empty() {
        metric("right answers".to_owned(), String::new());
    }
    for (name, pair) in &graded {
        let (a, b) = (pair.base.figures.right_answers, pair.expert.figures.right_answers);
        let skipped = match pair.expert.left_out {
            0 => String::new(),
            n => format!("; {n} skipped, too long for the base model with an answer"),
        };
        metric(of(name, pair), format!("{a} → {b}{skipped}"));
    }
    if !graded.is_empty() {
        metric("partial credit".to_owned(), String::new());
    }
    for (name, pair) in &graded {
        let (a, b) = (pair.base.figures.partial_credit, pair.expert.figures.partial_credit);
        metric(of(name, pair), format!("{a} → {b}"));
    }
    metrics
}
