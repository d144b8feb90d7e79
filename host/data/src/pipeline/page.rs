//! The report as a self-contained page: no scripts, no fonts, no network access. This code computes
//! the layout, the template draws it.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::error::PipelineError;
use super::report::{Counted, Distribution, Example, LintCount, Report};

/// Width of a histogram in SVG units.
const WIDTH: f64 = 560.0;
/// Height of a histogram.
const HEIGHT: f64 = 110.0;

/// Number of classes shown per label.
const CLASSES: usize = 16;

/// Renders the page.
///
/// # Errors
/// When the template cannot be rendered.
pub fn html(report: &Report) -> Result<String, PipelineError> {
    let mut environment = Environment::new();
    environment.add_filter("thousands", thousands);
    environment.add_filter("percent", |part: f64, whole: f64| percent(part, whole));
    environment.add_filter("share", |part: f64, whole: f64| {
        format!("{:.2}", if whole > 0.0 { 100.0 * part / whole } else { 0.0 })
    });
    let failed = |e: minijinja::Error| PipelineError::format("report.html".as_ref(), e);
    environment.add_template("report.html", include_str!("page.html")).map_err(failed)?;
    let page = environment.get_template("report.html").map_err(failed)?;
    let measures: Vec<Value> =
        report.measures.iter().map(|(name, figures)| json!({"name": name, "figures": drawn(figures, None)})).collect();
    let tokens = report.tokens.as_ref().map(|tokens| {
        json!({
            "base": tokens.base, "max_seq_len": tokens.max_seq_len, "over": tokens.over,
            "whole": drawn(&tokens.whole, Some(tokens.max_seq_len as f64)),
            "completion": drawn(&tokens.completion, None),
        })
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
        "width": WIDTH as u32, "height": HEIGHT as u32,
    });
    page.render(Serde(&values)).map_err(failed)
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

/// A distribution with its bars as rectangles, and the position of `mark` on the axis.
fn drawn(figures: &Distribution, mark: Option<f64>) -> Value {
    let bars = &figures.histogram;
    let most = bars.iter().map(|b| b.1).max().unwrap_or(0).max(1) as f64;
    let width = WIDTH / bars.len().max(1) as f64;
    let top = bars.last().map_or(figures.max, |b| b.0);
    let rectangles: Vec<Value> = bars
        .iter()
        .enumerate()
        .map(|(i, (bound, count))| {
            let height = HEIGHT * *count as f64 / most;
            let from = if i == 0 { figures.min } else { bars[i - 1].0 };
            json!({
                "x": format!("{:.1}", width * i as f64), "y": format!("{:.1}", HEIGHT - height),
                "width": format!("{:.1}", (width - 1.0).max(0.5)), "height": format!("{height:.1}"),
                "title": format!("{} to {}: {count}", number(from), number(*bound)),
            })
        })
        .collect();
    let limit = mark.map(number);
    let mark = mark
        .filter(|m| *m >= figures.min && *m <= top && top > figures.min)
        .map(|m| format!("{:.1}", WIDTH * (m - figures.min) / (top - figures.min)));
    json!({
        "bars": rectangles, "min": number(figures.min), "median": number(figures.median), "p95": number(figures.p95),
        "max": number(figures.max), "mean": format!("{:.1}", figures.mean), "top": number(top), "mark": mark,
        "limit": limit.filter(|_| mark.is_some()),
    })
}

/// A number without a useless fraction.
fn number(figure: f64) -> String {
    if figure.fract() == 0.0 { thousands(figure) } else { format!("{figure:.2}") }
}

/// `1234567` as `1,234,567`.
pub fn thousands(figure: f64) -> String {
    let digits = format!("{:.0}", figure.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if figure < 0.0 { format!("-{out}") } else { out }
}

/// A percentage with one decimal; only exact values are shown as 0 or 100.
fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 {
        return "–".to_owned();
    }
    let share = 100.0 * part / whole;
    match share {
        _ if part > 0.0 && share < 0.1 => "<\u{a0}0.1\u{a0}%".to_owned(),
        _ if part < whole && share > 99.9 => ">\u{a0}99.9\u{a0}%".to_owned(),
        _ => format!("{share:.1}\u{a0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(thousands(0.0), "0");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
        assert_eq!(thousands(-1000.0), "-1,000");
        let percent = |part, whole| percent(part, whole).replace('\u{a0}', " ");
        assert_eq!(percent(1.0, 100_000.0), "< 0.1 %");
        assert_eq!(percent(99_999.0, 100_000.0), "> 99.9 %");
        assert_eq!(percent(1.0, 3.0), "33.3 %");
        assert_eq!(percent(0.0, 0.0), "–");
        assert_eq!(number(2.5), "2.50");
    }
}
