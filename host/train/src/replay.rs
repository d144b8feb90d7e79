//! Repeats a run's first steps to check that they are reproducible.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hive_engine::adapter::peft::{self, TENSOR_FILE};
use hive_engine::data::order::Order;
use hive_engine::data::{Example, Records};
use hive_engine::train::checkpoint;
use hive_engine::train::schedule::learning_rate;
use hive_engine::train::trainer::{Step, Trainer};
use hive_files::sha256_of_file;
use hive_runtime::opened::OpenExpert;
use serde::Serialize;
use serde_json::{Value, json};

use super::TrainError;
use super::metrics::{self, step_line};
use super::receipt::{Receipt, step_digest};
use super::reporter::TrainReporter;
use super::run_folder::RunFolder;
use super::run_record::{Digests, RunRecord, TrainRequest};
use super::setup::set_up;

/// The result of a replay.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// Number of steps repeated.
    pub steps: u64,
    /// The first difference, if any.
    pub parts_at: Option<Parting>,
}

/// The first step that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Parting {
    /// The step, from 1.
    pub step: u64,
    /// The recorded values; empty when only a digest was recorded.
    pub then: Value,
    /// The values now.
    pub now: Value,
}

/// Repeats the first `steps` steps of the run in `path`; `None` when `stop` was set before the
/// first.
///
/// # Errors
/// When the run cannot be repeated: its data, its base model or the expert's rendering has changed.
pub fn replay(
    path: &Path,
    open: &OpenExpert,
    steps: u64,
    stop: &AtomicBool,
    reporter: &mut dyn TrainReporter,
) -> Result<Option<Replay>, TrainError> {
    let fault = |problem: String| TrainError::Replay { path: path.to_owned(), problem };
    let record = RunRecord::read_of(path, open.expert.name())?;
    let Some(digests) = &record.digests else { return Err(fault("it has no steps yet".into())) };
    let folder = RunFolder::open(path);
    let lines = metrics::read(&folder)?;
    let told: Vec<&Value> = lines.iter().filter(|l| l["loss"].is_number() || l["problem"].is_string()).collect();
    let receipt = Receipt::read(&folder)?;
    // The receipt is authoritative; without one, the metrics are.
    let expected: Vec<String> = match &receipt {
        Some(receipt) => receipt.trace.steps.clone(),
        None => told.iter().map(|line| step_digest(line)).collect(),
    };
    // If the recipe was changed during the run, the first one applied until then.
    let first = record.changes.first();
    let until = first.map_or(u64::MAX, |change| change.at_step);
    let steps = steps.min(expected.len() as u64).min(until);
    if steps == 0 {
        return Err(fault("it has no steps to replay".into()));
    }
    let recipe = first.map_or(&record.request.recipe, |change| &change.recipe).clone();
    let request = TrainRequest { recipe, ..record.request.clone() };
    let Some(setup) = set_up(open, &request, stop, reporter)? else { return Ok(None) };
    let changed = changed(digests, &setup.digests);
    if !changed.is_empty() {
        let lines: Vec<String> = changed.into_iter().map(|(_, line)| line).collect();
        return Err(fault(format!("its inputs have changed: {}", lines.join("; "))));
    }
    let config = &setup.config;
    let train = &setup.train;
    let (total, records) = (config.total_steps(train.len()), config.total_records(train.len()));
    let mut trainer = Trainer::new(&setup.base.decoder, setup.fresh_adapter()?, config.clone())?.stopped_by(stop);
    let mut order = Order::new(train.len(), config.seed);
    let batch = config.effective_batch as u64;
    for step in 0..steps {
        let window = step * batch..((step + 1) * batch).min(records);
        let examples: Vec<Example> = order.at(window).into_iter().map(|i| train.get(i)).collect();
        let now = match trainer.attempt(&examples, learning_rate(config, step, total))? {
            Step::Done(report) => step_line(&report),
            Step::Stopped if step == 0 => return Ok(None),
            Step::Stopped => return Ok(Some(Replay { steps: step, parts_at: None })),
            Step::NotFinite(problem) => {
                trainer.skip();
                let skipped = trainer.steps() - trainer.optimizer.updates;
                json!({"step": step + 1, "problem": problem, "skipped": skipped})
            }
        };
        let now = metrics::repeatable(&now);
        reporter.replayed(step + 1, steps);
        if Some(&step_digest(&now)) != expected.get(step as usize) {
            let then =
                told.iter().find(|line| line["step"] == step + 1).map_or(Value::Null, |l| metrics::repeatable(l));
            return Ok(Some(Replay { steps: step + 1, parts_at: Some(Parting { step: step + 1, then, now }) }));
        }
    }
    // With all steps, the adapter must be identical to the last bit.
    if let Some(receipt) = &receipt
        && steps == receipt.steps.0
        && receipt.adapter.step == steps
    {
        let dir = tempfile::tempdir().map_err(|e| folder.fault("create", path, e))?;
        let adapter = dir.path().join(checkpoint::folder_name(steps));
        std::fs::create_dir(&adapter).map_err(|e| folder.fault("create", &adapter, e))?;
        peft::save(&adapter, &trainer.adapter, &setup.base.reference)?;
        let now = sha256_of_file(&adapter.join(TENSOR_FILE))?;
        if now != receipt.adapter.sha256 {
            let (then, now) = (json!({"adapter": receipt.adapter.sha256}), json!({"adapter": now}));
            return Ok(Some(Replay { steps, parts_at: Some(Parting { step: steps, then, now }) }));
        }
    }
    Ok(Some(Replay { steps, parts_at: None }))
}

/// The inputs of a run that have changed: the name of each, and a line with both digests.
pub(super) fn changed(then: &Digests, now: &Digests) -> Vec<(&'static str, String)> {
    let (then, now) = (then.map(), now.map());
    let digest = |all: &BTreeMap<String, String>, name: &str| all.get(name).cloned().unwrap_or_default();
    let found = ["base", "data", "template", "tokenizer"].into_iter().filter_map(|name| {
        let (then, now) = (digest(&then, name), digest(&now, name));
        (then != now).then(|| (name, format!("{name} was {then}, now {now}")))
    });
    found.collect()
}
