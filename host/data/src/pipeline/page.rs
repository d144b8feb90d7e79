//! The report as a self-contained page. This code computes what it shows, the template lays it out; style and charts
//! are those of all pages.

use std::collections::BTreeMap;

use hive_pages::{Bar, Histogram, HistogramSpec, Made, histogram, render};
use serde_json::{Value, json};

use super::error::PipelineError;
use super::report::{Counted, Distribution, Example, LintCount, Report};

/// Number of classes shown per label.
const CLASSES: usize = 16;

/// Renders the page of a set that was made then and there.
///
/// # Errors
/// When the template cannot be rendered.
pub fn html(report: &Report, made: &Made) -> Result<String, PipelineError> {
    let measures: Vec<Histogram> =
        report.measures.iter().filter_map(|(name, figures)| drawn(name, name, figures, None)).collect();
    let tokens = report.tokens.as_ref().map(|tokens| {
        let limit = Some(("max_seq_len", tokens.max_seq_len as f64));
        let drawn: Vec<Histogram> = [
            drawn("Prompt and completion", "tokens per record", &tokens.whole, limit),
            drawn("Completion", "tokens per completion", &tokens.completion, None),
        ]
        .into_iter()
        .flatten()
        .collect();
        json!({"base": tokens.base, "max_seq_len": tokens.max_seq_len, "over": tokens.over, "drawn": drawn})
    });
    let labels: Vec<Value> = report.labels.iter().map(|(name, classes)| label(name, classes)).collect();
    let left_out: usize = report.left_out.values().sum();
    let is_left_out = |row: &&Counted| report.left_out.contains_key(&row.code);
    let codes = |rows: &mut dyn Iterator<Item = &Counted>| rows.map(|row| counted(row, report)).collect::<Vec<_>>();
    let mut lints: Vec<&LintCount> = report.lints.iter().collect();
    lints.sort_by_key(|lint| std::cmp::Reverse(lint.found));
    let example =
        |e: &Example| json!({"code": e.code, "short": report.short(&e.source), "why": e.why, "fields": e.fields});
    let examples: Vec<Value> = report.examples.iter().map(example).collect();
    let values = json!({
        "rejects": codes(&mut report.rejects.iter().filter(|row| !is_left_out(row))),
        "left_out_by": codes(&mut report.rejects.iter().filter(is_left_out)),
        "repairs": codes(&mut report.repairs.iter()), "notes": codes(&mut report.notes.iter()), "lints": lints,
        "examples": examples,
        "stay": report.train + report.validation + report.unused,
        "report": report, "measures": measures, "labels": labels, "tokens": tokens, "left_out": left_out,
    });
    render("data report", include_str!("page.html"), std::slice::from_ref(made), &values)
        .map_err(|e| PipelineError::format("report.html".as_ref(), e))
}

/// A code with its examples, without the folders in their paths.
fn counted(row: &Counted, report: &Report) -> Value {
    let mut examples = row.examples.iter().map(|example| report.short(example));
    json!({"code": row.code, "count": row.count, "first": examples.next(), "more": examples.collect::<Vec<_>>()})
}

/// The classes of one label, the most frequent first.
fn label(name: &str, classes: &BTreeMap<String, usize>) -> Value {
    let mut rows: Vec<_> = classes.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let more = rows.len().saturating_sub(CLASSES);
    rows.truncate(CLASSES);
    let rows: Vec<Value> = rows.into_iter().map(|(class, count)| json!({"class": class, "count": count})).collect();
    json!({"name": name, "whole": classes.values().sum::<usize>(), "rows": rows, "more": more})
}

/// A distribution as bars, with a limit marked on its axis.
fn drawn(title: &str, unit: &str, figures: &Distribution, limit: Option<(&str, f64)>) -> Option<Histogram> {
    let lower = std::iter::once(figures.min).chain(figures.histogram.iter().map(|(bound, _)| *bound));
    let bars = lower.zip(&figures.histogram).map(|(from, (to, count))| Bar { from, to: *to, count: *count }).collect();
    let note = format!("The mean is {:.1}.", figures.mean);
    let Distribution { median, p95, max, .. } = *figures;
    histogram(HistogramSpec { title, unit, counted: "records", bars, median, p95, max, limit, note })
}

#[cfg(test)]
mod tests {
    use hive_pages::Stopwatch;
    use hive_tests::check_all;

    use super::*;

    fn report() -> Report {
        let lengths: Vec<f64> = (0..60).map(|i| f64::from(20 + i % 30)).collect();
        let counted = |code: &str| json!({"code": code, "count": 3, "examples": ["d/data.jsonl:1: <b>why</b>", "d/data.jsonl:2: again"]});
        let value = json!({
            "format": 1, "expert": "echo", "expert_version": "0.1.0", "key": "0123456789abcdef0123",
            "sources": [], "records": 60, "accepted": 50, "repaired": 6, "rejected": 4,
            "left_out": {"duplicate": 3}, "train": 43, "validation": 10, "unused": 0,
            "split_by": {"record": {"why": null}},
            "rejects": [counted("nonsense"), counted("duplicate")], "repairs": [counted("trimmed")], "notes": [],
            "lints": [{"code": "star", "description": "finds a star", "level": "note", "found": 6, "left": 1}],
            "labels": {"kind": {"long": 40, "short": 20}}, "measures": {"words": Distribution::of(&lengths)},
            "tokens": {
                "base": "tiny", "max_seq_len": 40, "over": 3, "whole": Distribution::of(&lengths),
                "completion": Distribution::of(&lengths),
            },
            "examples": [{"code": "trimmed", "why": "blanks", "source": "d/data.jsonl:9", "fields": [["text", " <a>", "<a>"]]}],
            "remarks": [],
        });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn histograms_have_axes_units_and_words() {
        let page = html(&report(), &Stopwatch::start().made()).unwrap();
        check_all(
            [
                ">tokens per record</text>",
                ">tokens per completion</text>",
                ">words</text>",
                ">records</text>",
                ">max_seq_len = 40</text>",
                "aria-label=\"Prompt and completion. 60 records: half of them are at most ",
            ],
            |part| assert!(page.contains(part), "`{part}` is missing:\n{page}"),
        );
    }

    #[test]
    fn tables_can_be_read_aloud_and_before_is_told_from_after_in_words() {
        let page = html(&report(), &Stopwatch::start().made()).unwrap();
        assert_eq!(page.matches("<table").count(), page.matches("<caption>").count());
        assert_eq!(page.matches("<th>").count(), 0, "every heading says what it heads");
        let words = "Of 60 records, 83.3\u{a0}% were accepted as they are, 10.0\u{a0}% repaired, 6.7\u{a0}% rejected";
        check_all([words, ">before</p>", ">after</p>", "&lt;b&gt;why&lt;&#x2f;b&gt;"], |part| {
            assert!(page.contains(part), "`{part}` is missing:\n{page}");
        });
    }
}
