//! The metrics of the evaluation in a package, as lines.

use serde_json::Value;

use crate::packages::line;

/// The metrics of an evaluation, base model → expert.
pub(super) fn lines(evaluation: &Value) -> Vec<String> {
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
