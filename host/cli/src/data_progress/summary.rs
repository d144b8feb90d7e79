//! The summary of a prepared set as lines, which training prints too; and the shares of its records in one line.

use console::{measure_text_width, style};
use hive_data::datasets::SplitBy;
use hive_data::pipeline::{Counted, PreparedSet, Report};

use crate::numbers::grouped;
use crate::screen::Screen;

/// Number of codes shown per table; the report has all of them.
const ROWS: usize = 12;

/// Maximum width of an example.
const EXAMPLE_CHARS: usize = 140;

/// A heading and a text.
pub(crate) type Row = (String, String);

/// The summary of a prepared set, as rows: the input, the outcome, and the reasons.
pub(crate) fn summary(set: &PreparedSet, found: bool, screen: Screen) -> Vec<Row> {
    let report = &set.report;
    let mut lines = Vec::new();
    for source in report.sources.iter().filter(|_| found) {
        let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
        lines.push(("read".to_owned(), format!("{}{mapping}", source.name)));
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
    lines.push(("data".to_owned(), format!("{}; split {}{again}", parts.join(", "), split_by(&report.split_by))));
    let (left_out, rejects): (Vec<&Counted>, Vec<&Counted>) =
        report.rejects.iter().partition(|row| report.left_out.contains_key(&row.code));
    lines.extend(table(report, "rejected", &rejects, screen));
    lines.extend(table(report, "left out", &left_out, screen));
    lines.extend(table(report, "repaired", &report.repairs.iter().collect::<Vec<_>>(), screen));
    lines.extend(table(report, "noted", &report.notes.iter().collect::<Vec<_>>(), screen));
    if let Some(tokens) = report.tokens.as_ref().filter(|tokens| tokens.over > 0) {
        let (over, longest) = (grouped(tokens.over), tokens.max_seq_len);
        let text = format!("{over} records are longer than max_seq_len = {longest} tokens: training drops them");
        lines.push(("too long".to_owned(), text));
    }
    lines.extend(report.remarks.iter().map(|remark| ("warning".to_owned(), remark.clone())));
    lines
}

/// One row per code: the count and the first example, which a terminal shows as far as it fits.
fn table(report: &Report, name: &str, rows: &[&Counted], screen: Screen) -> Vec<Row> {
    let shown = &rows[..rows.len().min(ROWS)];
    let width = shown.iter().map(|r| r.code.len()).max().unwrap_or(0);
    let room = if screen.has_bars() { screen.row_width().saturating_sub(12 + width) } else { EXAMPLE_CHARS };
    let row = |(i, r): (usize, &&Counted)| {
        let example = r.examples.first().map(|example| report.short(example)).unwrap_or_default();
        let example = cut(example, room.clamp(1, EXAMPLE_CHARS));
        let text = format!("{:>8}  {:<width$}  {}", grouped(r.count), r.code, style(example).dim().for_stderr());
        (if i == 0 { name.to_owned() } else { String::new() }, text)
    };
    let mut lines: Vec<Row> = shown.iter().enumerate().map(row).collect();
    if rows.len() > ROWS {
        lines.push((String::new(), format!("… and {} more kinds, all in the report", rows.len() - ROWS)));
    }
    lines
}

/// The words of `text` that fit into `width` columns, and an ellipsis if there are more.
fn cut(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for word in text.split_inclusive(' ') {
        if measure_text_width(&kept) + measure_text_width(word.trim_end()) + 1 > width {
            break;
        }
        kept.push_str(word);
    }
    format!("{}…", kept.trim_end())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_ends_with_a_whole_word() {
        assert_eq!(cut("one two three", 13), "one two three");
        assert_eq!(cut("one two three", 12), "one two…");
        assert_eq!(cut("one two three", 7), "one…");
        assert_eq!(cut("oneoneone", 4), "…");
    }
}
