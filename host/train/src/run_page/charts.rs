//! The charts of a run: its curves, and how long its records are.

use hive_engine::data::Records;
use hive_pages::{
    Bar, Chart, ChartSpec, Histogram, HistogramSpec, Mark, Series, Style, half_life, histogram, line_chart, smoothed,
};
use hive_sdk::manifest::Metric;
use serde_json::Value;

use crate::curves::{best_by, best_step, last_step, points, right_answers, series};

/// Bars of the length histogram.
const BARS: usize = 40;

/// The curves of a run of `total` steps.
pub(super) fn curves(lines: &[Value], total: u64, metric: Metric) -> Vec<Chart> {
    let one = |title, unit, all: &[(&str, &str)]| {
        let series = all.iter().enumerate().map(|(i, (name, key))| series(lines, name, i + 1, key)).collect();
        line_chart(ChartSpec { title, unit, last: total, span: None, series, marks: Vec::new(), note: String::new() })
    };
    [
        loss(lines, total, metric),
        scores(lines, total, metric),
        one("Learning rate", "learning rate of a step", &[("learning rate", "learning_rate")]),
        one("Gradient norm", "L2 norm, before clipping", &[("gradient norm", "grad_norm")]),
        one(
            "Speed",
            "tokens per second",
            &[("input tokens", "input_tokens_per_s"), ("loss tokens", "loss_tokens_per_s")],
        ),
        one("Memory", "MB resident", &[("resident memory", "memory_mb")]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The mark of the best checkpoint on the curve at this position.
fn best(lines: &[Value], series: usize) -> Vec<Mark> {
    let mark = |step: u64| Mark { step: step as f64, what: "best checkpoint".to_owned(), series };
    best_step(lines).map(mark).into_iter().collect()
}

/// Which checkpoint is the best, and by what.
fn best_note(lines: &[Value], metric: Metric) -> String {
    let said = |step: u64| format!(" Best checkpoint: step {step}, by the {}.", best_by(metric));
    best_step(lines).map_or_else(String::new, said)
}

/// Training loss, step by step and smoothed, and held-out loss.
fn loss(lines: &[Value], total: u64, metric: Metric) -> Option<Chart> {
    let raw = points(lines, "loss");
    let half_life = half_life(last_step(lines));
    let line = |name: &str, style, points| {
        let name = name.to_owned();
        Series { what: name.clone(), name, colour: 1, style, points }
    };
    let steps = if half_life == 1 { "step" } else { "steps" };
    let note = format!(
        "Training loss: faint, each step; clear, its exponential moving average with a half-life of {half_life} \
         {steps}.{}",
        best_note(lines, metric)
    );
    line_chart(ChartSpec {
        title: "Loss",
        unit: "nats per loss token",
        span: None,
        last: total,
        series: vec![
            line("training loss, each step", Style::Faint, raw.clone()),
            line("training loss, smoothed", Style::Line, smoothed(&raw, half_life)),
            series(lines, "held-out loss", 2, "eval_loss"),
        ],
        marks: best(lines, 2),
        note,
    })
}

/// What is measured on held-out records.
fn scores(lines: &[Value], total: u64, metric: Metric) -> Option<Chart> {
    let graded = lines.iter().find_map(right_answers).map_or_else(String::new, |rate| {
        format!(
            "Right answers and partial credit: {} answers at each evaluation, with their intervals in the table below.",
            rate.of
        )
    });
    line_chart(ChartSpec {
        title: "Held-out records",
        unit: "share of 1; partial credit: mean score",
        span: Some((0.0, 1.0)),
        last: total,
        series: vec![
            series(lines, "token accuracy", 2, "token_accuracy"),
            series(lines, "right answers", 3, "right_answers"),
            series(lines, "partial credit", 1, "partial_credit"),
        ],
        marks: best(lines, 0),
        note: (graded + &best_note(lines, metric)).trim_start().to_owned(),
    })
}

/// Histogram of tokens per training record; `too_long` were dropped.
pub(super) fn lengths(records: &dyn Records, too_long: usize) -> Option<Histogram> {
    let mut all: Vec<usize> = (0..records.len()).map(|i| records.tokens(i)).collect();
    all.sort_unstable();
    let (least, most) = (*all.first()?, *all.last()?);
    // Whole intervals that begin at a multiple of their width.
    let width = (most - least + 1).div_ceil(BARS).max(1);
    let begin = least / width * width;
    let mut bars: Vec<Bar> = (begin..=most)
        .step_by(width)
        .map(|from| Bar { from: from as f64, to: (from + width) as f64, count: 0 })
        .collect();
    for n in &all {
        bars[(n - begin) / width].count += 1;
    }
    let at = |share: f64| all[((all.len() - 1) as f64 * share).round() as usize] as f64;
    let note = match too_long {
        0 => String::new(),
        n => format!("{n} longer than max_seq_len were dropped."),
    };
    histogram(HistogramSpec {
        title: "Prompt and completion",
        unit: "tokens per record",
        counted: "records",
        bars,
        median: at(0.5),
        p95: at(0.95),
        max: most as f64,
        limit: None,
        note,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines() -> Vec<Value> {
        let mut lines = vec![json!({"step": 0, "eval_loss": 1.66, "token_accuracy": 0.5, "best": false})];
        for step in 1..=40 {
            lines.push(json!({"step": step, "loss": 2.0 - 0.03 * f64::from(step) + 0.2 * f64::from(step % 2)}));
        }
        lines.push(json!({
            "step": 40, "eval_loss": 0.56, "token_accuracy": 0.8, "best": true, "graded": 8, "right_answers": 0.25,
            "partial_credit": 0.5,
        }));
        lines
    }

    #[test]
    fn the_loss_is_drawn_raw_and_smoothed_and_the_best_checkpoint_is_named() {
        let chart = loss(&lines(), 40, Metric::EvalLoss).unwrap();
        let value = json!(chart);
        let curve = |i: usize| (value["curves"][i]["name"].clone(), value["curves"][i]["style"].clone());
        assert_eq!(curve(0), (json!("training loss, each step"), json!("faint")));
        assert_eq!(curve(1), (json!("training loss, smoothed"), json!("line")));
        assert_ne!(value["curves"][0]["points"], value["curves"][1]["points"]);
        assert_eq!(
            value["note"],
            "Training loss: faint, each step; clear, its exponential moving average with a half-life of 4 steps. Best \
             checkpoint: step 40, by the lowest held-out loss."
        );
        assert_eq!(value["marks"][0]["label"], "best checkpoint: step 40");
        assert!(
            chart
                .text
                .contains("Held-out loss falls from 1.66 at step 0 to 0.56 at step 40. Best checkpoint at step 40."),
            "{}",
            chart.text
        );
    }

    #[test]
    fn every_chart_has_a_unit_and_scores_their_number() {
        let charts = curves(&lines(), 40, Metric::EvalLoss);
        assert_eq!(charts.len(), 2, "what was not measured is not drawn");
        assert!(charts.iter().all(|chart| json!(chart)["unit"].as_str().is_some_and(|unit| !unit.is_empty())));
        assert!(json!(charts[1])["note"].as_str().unwrap().starts_with("Right answers and partial credit: 8 answers"));
    }
}
