//! The comparison as a self-contained HTML page: no scripts, no fonts, no requests. The template has the
//! layout; this file computes the lengths of the bars.

use hive_runtime::statistics::{Mean, RIGHT, Rate};
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::comparison::{
    compare_prompts, cost_rows, featured, pair_text, property_rows, result_rows, summary, tag_rows,
};
use super::report::{CandidateReport, Report};

/// Number of wrong answers that are shown per candidate.
const WRONG: usize = 8;

/// Number of refused prompts that are shown.
const REFUSED: usize = 40;

/// The page.
///
/// # Errors
/// When the template cannot be rendered.
pub fn html(report: &Report) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.add_template("compare.html", include_str!("page.html"))?;
    let page = environment.get_template("compare.html")?;
    let names: Vec<&str> = report.candidates.iter().map(|c| c.name.as_str()).collect();
    let right: Vec<Value> = report.candidates.iter().map(|c| bar(&c.name, c.figures.right_answers)).collect();
    let credit: Vec<Value> = report.candidates.iter().map(|c| credit_bar(&c.name, c.figures.partial_credit)).collect();
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|spec| {
            let check_bar =
                |c: &CandidateReport| c.check(&spec.code).map_or_else(|| json!({"name": c.name}), |r| bar(&c.name, r));
            json!({
                "title": spec.title, "description": spec.description,
                "bars": report.candidates.iter().map(check_bar).collect::<Vec<_>>(),
            })
        })
        .collect();
    let wrong: Vec<Value> = report
        .candidates
        .iter()
        .map(|c| {
            let failed: Vec<usize> = (0..c.answers.len()).filter(|i| c.answers[*i].grade.score < RIGHT).collect();
            let shown: Vec<usize> = failed.iter().copied().take(WRONG).collect();
            let prompts: Vec<Value> = compare_prompts(report, |i| shown.contains(&i))
                .into_iter()
                .map(|mut prompt| {
                    prompt.answers.retain(|a| a.who == c.name);
                    json!(prompt)
                })
                .collect();
            json!({"name": c.name, "count": failed.len(), "prompts": prompts})
        })
        .collect();
    let values = json!({
        "report": report, "about": summary(report), "names": names, "right": right, "credit": credit, "checks": checks,
        "worth": result_rows(report), "made_of": property_rows(report), "cost": cost_rows(report),
        "by_tag": tag_rows(report),
        "pairs": report.pairs.iter().map(pair_text).collect::<Vec<_>>(),
        "featured": featured(report), "wrong": wrong,
        "refused": report.suite.refused.iter().take(REFUSED).collect::<Vec<_>>(),
    });
    page.render(Serde(&values))
}

/// A rate as a bar with its interval.
fn bar(name: &str, rate: Rate) -> Value {
    interval_bar(name, rate.to_string(), rate.of, (rate.value, rate.low, rate.high))
}

/// A mean score as a bar with its interval.
fn credit_bar(name: &str, mean: Mean) -> Value {
    interval_bar(name, mean.to_string(), mean.of, (mean.value, mean.low, mean.high))
}

/// A bar whose lengths are in percent of the width; `n` is the number of answers behind it.
fn interval_bar(name: &str, text: String, n: usize, (value, low, high): (f64, f64, f64)) -> Value {
    let percent = |x: f64| format!("{:.2}", 100.0 * x);
    json!({
        "name": name, "text": text, "of": n, "value": percent(value), "low": percent(low), "width": percent(high - low),
    })
}
