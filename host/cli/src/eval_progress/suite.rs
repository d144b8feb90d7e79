//! What the data gate made of a suite, as lines: how many prompts are left, which were refused, and why.

use hive_eval::CheckedSuite;

/// Number of rejected prompts shown.
const SHOWN: usize = 5;

/// The lines about a checked suite.
pub(super) fn lines(checked: &CheckedSuite) -> Vec<(&'static str, String)> {
    let mut lines = vec![("suite", counts(checked))];
    for refused in checked.refused.iter().take(SHOWN) {
        lines.push(("", format!("{}: {} ({})", refused.id, refused.why.replace('\n', " "), refused.code)));
    }
    if checked.refused.len() > SHOWN {
        lines.push(("", format!("… and {} more; the report has all of them", checked.refused.len() - SHOWN)));
    }
    if !checked.notes.is_empty() {
        let notes: Vec<String> = checked.notes.iter().map(|(code, n)| format!("{code} {n}")).collect();
        lines.push(("", format!("remarks of the gate: {}", notes.join(", "))));
    }
    if !checked.passed_over.is_empty() {
        let keys: Vec<String> = checked.passed_over.keys().map(|k| format!("`{k}`")).collect();
        lines.push(("", format!("ignored, as the expert has no such field: {}", keys.join(", "))));
    }
    lines
}

/// The suite's name, and how many prompts are asked, changed and refused.
fn counts(checked: &CheckedSuite) -> String {
    let asked = checked.prompts.len();
    let prompts = if asked == 1 { "prompt" } else { "prompts" };
    let mut line = format!("{}: {asked} {prompts}", checked.name);
    if checked.repaired > 0 {
        line.push_str(&format!(", {} of them changed by the gate", checked.repaired));
    }
    if !checked.refused.is_empty() {
        line.push_str(&format!(", {} refused:", checked.refused.len()));
    }
    line
}
