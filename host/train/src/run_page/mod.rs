//! `report.html`: a run as a self-contained page. Built from the files in the run folder; this code computes what it
//! shows, the template lays it out; style and charts are those of all pages.

mod charts;
mod evaluations;

use std::collections::BTreeSet;

use hive_engine::data::Records;
use hive_engine::train::checkpoint;
use hive_files::write_file;
use hive_pages::{render, shown};
use hive_runtime::grade::Graded;
use hive_runtime::statistics::RIGHT;
use serde_json::{Value, json};

use super::curves::{best_by, best_step, last_step, mean_text, partial_credit, rate_text, right_answers};
use super::evaluation::{Compared, Summary};
use super::making;
use super::recipe::leaves;
use super::run_folder::RunFolder;
use super::run_record::RunRecord;
use super::setup::Setup;
use super::{TrainError, metrics};
pub use evaluations::link_evaluations;

/// File name.
pub const FILE: &str = "report.html";

/// Number of graded answers shown.
const SAMPLES: usize = 12;

/// The page of a run.
pub(super) struct RunPage<'a> {
    pub(super) folder: &'a RunFolder,
    pub(super) record: &'a RunRecord,
    pub(super) setup: &'a Setup,
    /// The field of a record that has its gold answer.
    pub(super) gold: &'a str,
}

impl RunPage<'_> {
    /// Writes it; with `summary` once the run is finished.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub(super) fn write(&self, summary: Option<&Summary>) -> Result<(), TrainError> {
        let Self { folder, record, setup, gold } = *self;
        let path = folder.path().join(FILE);
        let lines = metrics::read(folder)?;
        let total = setup.config.total_steps(setup.train.len());
        let metric = setup.config.best_metric;
        let recipe: Vec<Value> = leaves(&json!(record.request.recipe))
            .into_iter()
            .map(|(key, value)| {
                json!({"key": key, "value": value.to_string(), "origin": record.request.origins.get(&key)})
            })
            .collect();
        let values = json!({
            "record": record, "summary": summary.map(final_figures), "charts": charts::curves(&lines, total, metric),
            "lengths": charts::lengths(&setup.train, setup.train.too_long()), "recipe": recipe,
            "checkpoints": checkpoints(folder, &lines)?, "evaluations": evaluations(&lines),
            "held": setup.held.len(), "best": best_step(&lines), "best_by": best_by(metric),
            "skipped": lines.iter().filter(|l| l["problem"].is_string()).collect::<Vec<_>>(),
            "step": last_step(&lines), "total": total,
            "samples": summary.map(|summary| samples(summary, gold)), "linked": evaluations::list(folder.path()),
        });
        let text = render("run", include_str!("page.html"), &making::read(folder), &values);
        let text = text.map_err(|source| TrainError::Page { path: path.clone(), source })?;
        Ok(write_file(&path, text.as_bytes())?)
    }
}

/// The final evaluation, row by row.
fn final_figures(summary: &Summary) -> Value {
    let row = |name: &str, pair: Option<(f64, f64)>| {
        pair.map(|(base, expert)| json!({"name": name, "base": aligned(base), "expert": aligned(expert)}))
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

/// A loss or an accuracy, with as many digits in every row.
fn aligned(value: f64) -> String {
    format!("{value:.4}")
}

/// The figures of an evaluation during training.
fn evaluated(line: &Value) -> Value {
    let number = |key: &str| line[key].as_f64().map(aligned);
    json!({
        "step": line["step"], "loss": number("eval_loss"), "accuracy": number("token_accuracy"),
        "right": right_answers(line).map(rate_text), "credit": partial_credit(line).map(mean_text), "best": line["best"],
    })
}

/// The checkpoints on disk, with the results of their evaluations.
fn checkpoints(folder: &RunFolder, lines: &[Value]) -> Result<Vec<Value>, TrainError> {
    let there = checkpoint::list(&folder.checkpoints())?;
    let latest = there.last().map(|(step, _)| *step);
    let best = best_step(lines);
    Ok(there
        .iter()
        .map(|(step, path)| {
            let evaluation = lines.iter().find(|l| l["step"] == *step && l["eval_loss"].is_number());
            let which = [(best, "best"), (latest, "latest")];
            let which: Vec<&str> = which.iter().filter(|(at, _)| *at == Some(*step)).map(|(_, what)| *what).collect();
            json!({
                "folder": path.file_name().map(|n| n.to_string_lossy()), "which": which.join(", "),
                "evaluated": evaluation.map_or_else(|| json!({}), evaluated),
            })
        })
        .collect())
}

/// Every evaluation.
fn evaluations(lines: &[Value]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    lines.iter().filter(|l| l["eval_loss"].is_number() && seen.insert(l["step"].as_u64())).map(evaluated).collect()
}

/// Graded answers of the expert, next to the base model's and the gold answer.
fn samples(summary: &Summary, gold: &str) -> Vec<Value> {
    let pairs = [&summary.held_out, &summary.eval_prompts].into_iter().flatten();
    pairs
        .flat_map(|Compared { base, expert }| base.graded.iter().zip(&expert.graded))
        .take(SAMPLES)
        .map(|(base, expert)| {
            let fields: Vec<Value> = expert
                .prompt
                .0
                .iter()
                .filter(|(name, _)| *name != gold)
                .map(|(name, value)| {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    json!({"name": name, "text": text})
                })
                .collect();
            json!({
                "fields": fields, "gold": expert.prompt.text(gold),
                "answers": [answer("base", base), answer("expert", expert)],
            })
        })
        .collect()
}

/// An answer and what it is worth.
fn answer(who: &str, graded: &Graded) -> Value {
    let findings: Vec<&str> = graded.grade.findings.iter().map(|f| f.code.as_str()).collect();
    let right = graded.grade.score >= RIGHT;
    let verdict = if right { "right".to_owned() } else { format!("wrong, credit {}", shown(graded.grade.score)) };
    json!({
        "who": who, "text": graded.completion, "right": right, "verdict": verdict, "findings": findings.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gold_answers_are_told_from_fields_and_wrong_answers_are_called_wrong() {
        let graded = |text: &str, score: f64| {
            let prompt = json!({"text": "hello", "loud": "HELLO", "n": 3});
            json!({"prompt": prompt, "completion": text, "grade": {"score": score}})
        };
        let scores = |text: &str, score: f64| {
            let figures = json!(hive_runtime::statistics::Figures::of([score]));
            let mut scores = json!({"of": 1, "findings": {}, "graded": [graded(text, score)]});
            scores.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
            scores
        };
        let summary = json!({
            "format": 2, "loss": null, "token_accuracy": null, "step": 3, "eval_prompts": null,
            "held_out": {"base": scores("hello", 0.25), "expert": scores("HELLO", 1.0)},
        });
        let summary: Summary = serde_json::from_value(summary).unwrap();
        let samples = samples(&summary, "loud");
        let [sample] = &samples[..] else { panic!("{samples:?}") };
        assert_eq!(sample["gold"], "HELLO");
        assert_eq!(sample["fields"], json!([{"name": "text", "text": "hello"}, {"name": "n", "text": "3"}]));
        let verdict = |i: usize| (sample["answers"][i]["right"].clone(), sample["answers"][i]["verdict"].clone());
        assert_eq!(verdict(0), (json!(false), json!("wrong, credit 0.25")));
        assert_eq!(verdict(1), (json!(true), json!("right")));
    }
}
