//! The experts as a table: name, version, ABI and state, with longer texts below each row.

use console::style;
use hive_plugins::ExpertState;

use super::facts::Row;
use crate::packages::summary::summary_text;
use crate::wrapping::wrapped;

/// The table, with its head.
pub(super) fn table(experts: &[Row], width: usize) -> String {
    let missing = || "-".to_owned();
    let rows: Vec<[String; 3]> = experts
        .iter()
        .map(|Row { expert: e, .. }| {
            let version = e.version.clone().unwrap_or_else(missing);
            [e.name.clone(), version, e.abi.map_or_else(missing, |abi| abi.to_string())]
        })
        .collect();
    let head = ["EXPERT", "VERSION", "ABI"];
    let widest = |column: usize| rows.iter().map(|r| r[column].len()).chain([head[column].len()]).max().unwrap_or(0);
    let (name, version, abi) = (widest(0), widest(1), widest(2));
    let before = name + version + abi + 6;
    // What is wrapped goes on in the column of the state.
    let line = |[a, b, c]: [&str; 3], rest: &str| {
        let rest = wrapped(rest, width.saturating_sub(before)).replace('\n', &format!("\n{}", " ".repeat(before)));
        format!("{a:<name$}  {b:<version$}  {c:<abi$}  {rest}")
    };
    // Long texts go below each row.
    let indent = " ".repeat(name + 2);
    let mut lines = vec![line(head, "STATE")];
    for (Row { expert, answers, summary }, row) in experts.iter().zip(&rows) {
        lines.push(line([&row[0], &row[1], &row[2]], &state(&expert.state)));
        lines.extend(expert.description.as_ref().map(|text| wrapped(&format!("{indent}{text}"), width)));
        if !matches!(expert.state, ExpertState::Broken(_)) {
            lines.push(wrapped(&format!("{indent}{}", summary_text(summary, None)), width));
        }
        let code = if expert.state == ExpertState::Declared { &expert.manifest } else { &expert.library };
        let place = expert.folder.as_ref().unwrap_or(code).display();
        lines.push(format!("{indent}{}{place}", if expert.folder.is_some() { "linked from " } else { "" }));
        lines.extend(expert.hides.iter().map(|other| wrapped(&format!("{indent}hides the one {other}"), width)));
        lines.extend(answers.as_ref().map(|title| wrapped(&format!("{indent}answers: {title}"), width)));
    }
    lines.join("\n")
}

fn state(state: &ExpertState) -> String {
    match state {
        ExpertState::Ready | ExpertState::Declared => style("ready").green().to_string(),
        ExpertState::WithoutPlugin => {
            format!("{} (without its plugin: it can only generate answers)", style("ready").green())
        }
        ExpertState::NotBuilt => "not built (built on first use)".to_owned(),
        ExpertState::Stale => "stale (built again on next use)".to_owned(),
        ExpertState::Broken(why) => format!("{}: {why}", style("broken").red()),
    }
}
