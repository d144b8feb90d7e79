//! The summary of a prepared set as lines, which training prints too; and the shares of its records in one line.

use console::style;
use hive_data::datasets::SplitBy;
use hive_data::pipeline::{Counted, PreparedSet, Report};

use crate::columns::heading;
use crate::numbers::grouped;

/// Number of codes shown per table; the report has all of them.
const ROWS: usize = 12;

/// Maximum length of an example, in characters.
const EXAMPLE_CHARS: usize = 140;

/// The summary of a prepared set, as lines: the input, the outcome, and the reasons.
pub(crate) fn summary(set: &PreparedSet, found: bool) -> Vec<String> {
    let report = &set.report;
    let mut lines = Vec::new();
    for source in report.sources.iter().filter(|_| found) {
        let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
        lines.push(format!("{} {}{mapping}", heading("read"), source.name));
    }
    let left_out: usize = report.left_out.values().sum();
    let mut parts = vec![format!("{} records", grouped(report.records))];
    for (count, outcome) in [
        (report.repaired, "repaired"),
        (report.rejected, "rejected"),
        (left_out, "excluded (duplicate, leak or too long)"),
        (report.unused, "beyond the limit on held-out records, unused"),
    ] {
        if count > 0 {
            parts.push(format!("{} {outcome}", grouped(count)));
        }
    }
    let again = if found { "; prepared before" } else { "" };
    lines.push(format!("{} {}; split {}{again}", heading("data"), parts.join(", "), split_by(&report.split_by)));
    let (left_out, rejects): (Vec<&Counted>, Vec<&Counted>) =
        report.rejects.iter().partition(|row| report.left_out.contains_key(&row.code));
    lines.extend(table(report, "rejected", &rejects));
    lines.extend(table(report, "left out", &left_out));
    lines.extend(table(report, "repaired", &report.repairs.iter().collect::<Vec<_>>()));
    lines.extend(table(report, "noted", &report.notes.iter().collect::<Vec<_>>()));
    if let Some(tokens) = report.tokens.as_ref().filter(|tokens| tokens.over > 0) {
        lines.push(format!(
            "{} {} records are longer than max_seq_len = {} tokens: training drops them",
            heading("too long"),
            grouped(tokens.over),
            tokens.max_seq_len
        ));
    }
    lines.extend(report.remarks.iter().map(|remark| format!("{} {remark}", heading("warning"))));
    lines
}

/// One line per code: the count and the first example.
fn table(report: &Report, name: &str, rows: &[&Counted]) -> Vec<String> {
    let shown = &rows[..rows.len().min(ROWS)];
    let width = shown.iter().map(|r| r.code.len()).max().unwrap_or(0);
    let row = |(i, r): (usize, &&Counted)| {
        let example = r.examples.first().map(|example| report.short(example)).unwrap_or_default();
        let mut cut: String = example.chars().take(EXAMPLE_CHARS).collect();
        if cut.len() < example.len() {
            cut.push('…');
        }
        let name = heading(if i == 0 { name } else { "" });
        format!("{name} {:>8}  {:<width$}  {}", grouped(r.count), r.code, style(cut).dim().for_stderr())
    };
    let mut lines: Vec<String> = shown.iter().enumerate().map(row).collect();
    if rows.len() > ROWS {
        lines.push(format!("{} … and {} more kinds, all in the report", heading(""), rows.len() - ROWS));
    }
    lines
}

/// The most important fractions of a report.
pub(crate) fn shares(report: &Report) -> String {
    let share = |n: usize| if report.records == 0 { 0.0 } else { 100.0 * n as f64 / report.records as f64 };
    format!(
        "{:.1} % accepted as they are, {:.1} % repaired, {:.1} % rejected; {} to train on, {} held out",
        share(report.accepted),
        share(report.repaired),
        share(report.rejected),
        grouped(report.train),
        grouped(report.validation)
    )
}

fn split_by(by: &SplitBy) -> String {
    match by {
        SplitBy::Group { field, groups } => format!("by `{field}` ({} of them, none on both sides)", grouped(*groups)),
        SplitBy::Record { why: None, .. } => "record by record".to_owned(),
        SplitBy::Record { why: Some(why), .. } => format!("record by record, because {why}"),
    }
}
