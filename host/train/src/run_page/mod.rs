//! `report.html`: a run as a self-contained page, without scripts, fonts or network access. Built
//! from the files in the run folder; this code computes the layout, the template draws it.

mod chart;

use std::collections::BTreeSet;

use hive_engine::data::Records;
use hive_engine::train::checkpoint;
use hive_files::write_file;
use hive_runtime::statistics::RIGHT;
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::evaluation::{Compared, Summary};
use super::recipe::leaves;
use super::run_folder::RunFolder;
use super::run_record::RunRecord;
use super::setup::Setup;
use super::{TrainError, metrics};
use chart::{Chart, HEIGHT, Series, WIDTH, chart, shown};

/// Bars of the length histogram.
const BARS: usize = 40;
/// Number of graded answers shown.
const SAMPLES: usize = 12;

/// Writes the page of a run; with `summary` once the run is finished.
///
/// # Errors
/// When the folder cannot be read or written.
pub(super) fn write(
    folder: &RunFolder,
    record: &RunRecord,
    setup: &Setup,
    summary: Option<&Summary>,
) -> Result<(), TrainError> {
    let path = folder.path().join("report.html");
    let failed = |source| TrainError::Page { path: path.clone(), source };
    let lines = metrics::read(folder)?;
    let mut environment = Environment::new();
    environment.add_template("report.html", include_str!("page.html")).map_err(failed)?;
    let page = environment.get_template("report.html").map_err(failed)?;
    let total = setup.config.total_steps(setup.train.len());
    let recipe: Vec<Value> = leaves(&json!(record.request.recipe))
        .into_iter()
        .map(|(key, value)| json!({"key": key, "value": value.to_string(), "origin": record.request.origins.get(&key)}))
        .collect();
    let values = json!({
        "record": record, "summary": summary.map(worth), "charts": charts(&lines, total),
        "width": WIDTH, "height": HEIGHT, "lengths": lengths(setup), "recipe": recipe,
        "checkpoints": checkpoints(folder, &lines)?, "evaluations": evaluations(&lines),
        "skipped": lines.iter().filter(|l| l["problem"].is_string()).collect::<Vec<_>>(),
        "step": lines.iter().rev().find_map(|l| l["step"].as_u64()), "total": total,
        "samples": summary.map(samples),
    });
    let text = page.render(Serde(&values)).map_err(failed)?;
    Ok(write_file(&path, text.as_bytes())?)
}

/// The final evaluation, row by row.
fn worth(summary: &Summary) -> Value {
    let row = |name: &str, pair: Option<(f64, f64)>| {
        pair.map(|(base, expert)| json!({"name": name, "base": shown(base), "expert": shown(expert)}))
    };
    let numbers = |pair: &Option<Compared<f64>>| pair.as_ref().map(|p| (p.base, p.expert));
    let mut rows: Vec<Value> = [
        row("held-out loss, nats per token", numbers(&summary.loss)),
        row("held-out token accuracy", numbers(&summary.token_accuracy)),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (prompts, pair) in [("held-out records", &summary.held_out), ("eval prompts", &summary.eval_prompts)] {
        let Some(Compared { base, expert }) = pair else { continue };
        let of = format!("{} of {} {prompts}", expert.graded.len(), expert.of);
        let (a, b) = (base.figures, expert.figures);
        rows.push(json!({
            "name": format!("right answers, {of}"),
            "base": a.right_answers.share(), "expert": b.right_answers.share(),
            "range": format!("{} → {}", a.right_answers.range(), b.right_answers.range()),
        }));
        rows.push(json!({
            "name": format!("partial credit, {of}"),
            "base": a.partial_credit.credit(), "expert": b.partial_credit.credit(),
            "range": format!("{} → {}", a.partial_credit.range(), b.partial_credit.range()),
        }));
    }
    json!({"step": summary.step, "rows": rows})
}

fn charts(lines: &[Value], total: u64) -> Vec<Chart> {
    let points = |key: &str| -> Vec<(f64, f64)> {
        lines.iter().filter_map(|line| Some((line["step"].as_f64()?, line[key].as_f64()?))).collect()
    };
    let one = |name, class, key| Series { name, class, points: points(key) };
    [
        chart(
            "Loss, nats per loss token",
            total,
            vec![one("training", "a", "loss"), one("held out", "b", "eval_loss")],
        ),
        chart(
            "Held out: token accuracy, right answers and partial credit",
            total,
            vec![
                one("token accuracy", "b", "token_accuracy"),
                one("right answers", "c", "right_answers"),
                one("partial credit", "a", "partial_credit"),
            ],
        ),
        chart("Learning rate", total, vec![one("learning rate", "a", "learning_rate")]),
        chart("Gradient norm, before clipping", total, vec![one("gradient norm", "a", "grad_norm")]),
        chart(
            "Tokens per second",
            total,
            vec![one("input tokens", "a", "input_tokens_per_s"), one("loss tokens", "b", "loss_tokens_per_s")],
        ),
        chart("Memory, MB", total, vec![one("resident", "a", "memory_mb")]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Histogram of tokens per training record.
fn lengths(setup: &Setup) -> Value {
    let records = &setup.train;
    let mut all: Vec<usize> = (0..records.len()).map(|i| records.tokens(i)).collect();
    all.sort_unstable();
    let most = all.last().copied().unwrap_or(1).max(1);
    let width = most.div_ceil(BARS).max(1);
    let mut counts = vec![0usize; most.div_ceil(width).max(1)];
    for n in &all {
        counts[(n.saturating_sub(1)) / width] += 1;
    }
    let highest = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let each = WIDTH / counts.len() as f64;
    let bars: Vec<Value> = counts
        .iter()
        .enumerate()
        .map(|(i, count)| {
            let height = HEIGHT * *count as f64 / highest;
            json!({
                "x": format!("{:.1}", each * i as f64), "y": format!("{:.1}", HEIGHT - height),
                "width": format!("{:.1}", (each - 1.0).max(0.5)), "height": format!("{height:.1}"),
                "title": format!("{} to {} tokens: {count} records", i * width + 1, (i + 1) * width),
            })
        })
        .collect();
    let at = |share: f64| all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1)));
    json!({
        "bars": bars, "min": all.first(), "median": at(0.5), "p95": at(0.95), "max": most, "records": all.len(),
        "too_long": setup.train.too_long(),
    })
}

/// The checkpoints on disk, with the results of their evaluations.
fn checkpoints(folder: &RunFolder, lines: &[Value]) -> Result<Vec<Value>, TrainError> {
    let there = checkpoint::list(&folder.checkpoints())?;
    let latest = there.last().map(|(step, _)| *step);
    Ok(there
        .iter()
        .map(|(step, path)| {
            let evaluation = lines.iter().find(|l| l["step"] == *step && l["eval_loss"].is_number());
            let number = |key: &str| evaluation.and_then(|l| l[key].as_f64()).map(shown);
            json!({
                "step": step, "folder": path.file_name().map(|n| n.to_string_lossy()), "latest": latest == Some(*step),
                "loss": number("eval_loss"), "accuracy": number("token_accuracy"),
                "right": evaluation.and_then(right_of), "credit": number("partial_credit"),
            })
        })
        .collect())
}

/// Every evaluation, and whether its checkpoint is among the best.
fn evaluations(lines: &[Value]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    lines
        .iter()
        .filter(|l| l["eval_loss"].is_number() && seen.insert(l["step"].as_u64()))
        .map(|l| {
            let number = |key: &str| l[key].as_f64().map(shown);
            json!({
                "step": l["step"], "loss": number("eval_loss"), "accuracy": number("token_accuracy"),
                "right": right_of(l), "credit": number("partial_credit"), "best": l["best"],
            })
        })
        .collect()
}

/// Correct answers of an evaluation during training: `3 of 8`.
fn right_of(line: &Value) -> Option<String> {
    let (share, of) = (line["right_answers"].as_f64()?, line["graded"].as_u64()?);
    Some(format!("{:.0} of {of}", share * of as f64))
}

/// Graded answers of the expert, next to the base model's.
fn samples(summary: &Summary) -> Vec<Value> {
    let pairs = [&summary.held_out, &summary.eval_prompts].into_iter().flatten();
    pairs
        .flat_map(|Compared { base, expert }| base.graded.iter().zip(&expert.graded))
        .take(SAMPLES)
        .map(|(base, expert)| {
            let answer = |g: &hive_runtime::grade::Graded| {
                let findings: Vec<&str> = g.grade.findings.iter().map(|f| f.code.as_str()).collect();
                let right = g.grade.score >= RIGHT;
                let verdict =
                    if right { "right".to_owned() } else { format!("wrong, credit {}", shown(g.grade.score)) };
                json!({"text": g.completion, "right": right, "verdict": verdict, "findings": findings.join(", ")})
            };
            json!({"record": expert.prompt, "base": answer(base), "expert": answer(expert)})
        })
        .collect()
}
