//! `receipt.json`: digests of all inputs and outputs of a run, to tell whether two runs are
//! identical and whether a run can be replayed.

use std::path::Path;

use hive_engine::adapter::peft::{BaseRef, TENSOR_FILE};
use hive_engine::train::{Outcome, Ranked};
use hive_files::{hex, sha256_of_file};
use hive_sdk::manifest::Metric;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run_folder::RunFolder;
use super::run_record::{Digests, RunRecord};
use super::{TrainError, metrics};

/// Format version of the receipt.
const FORMAT: u32 = 2;

/// File name.
pub const FILE: &str = "receipt.json";

/// A run's receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Format version.
    pub format: u32,
    /// The expert.
    pub expert: ExpertRef,
    /// The base model.
    pub base: BaseRef,
    /// Digests of the steps' inputs.
    pub digests: Digests,
    /// Numbers of training and held-out records.
    pub records: (usize, usize),
    /// Seed for initialisation, data order and dropout.
    pub seed: u64,
    /// The hive binary that trained.
    pub code: Binary,
    /// Number of compute threads.
    pub threads: usize,
    /// Steps completed, and steps in total.
    pub steps: (u64, u64),
    /// Digests of each step.
    pub trace: Trace,
    /// The metric of the best evaluations: `eval_loss`, `token_accuracy` or `partial_credit`.
    /// Missing in receipts of format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_by: Option<String>,
    /// The best evaluations.
    pub best: Vec<Ranked>,
    /// The resulting adapter.
    pub adapter: AdapterRef,
}

/// The expert that rendered the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpertRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 digest of its library.
    pub library: String,
}

/// The hive binary that trained: version and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binary {
    /// hive's version.
    pub version: String,
    /// SHA-256 digest of its file.
    pub binary: String,
}

/// The adapter of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterRef {
    /// The step at which it was saved.
    pub step: u64,
    /// SHA-256 digest of its tensor file.
    pub sha256: String,
}

/// The steps of a run, as digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// SHA-256 digest over all steps.
    pub digest: String,
    /// Per step, the first 8 bytes of the SHA-256 digest over its loss, gradient norm, learning
    /// rate and tokens.
    pub steps: Vec<String>,
}

impl Trace {
    /// The trace of the lines of `metrics.jsonl`.
    pub fn of(lines: &[Value]) -> Self {
        let steps: Vec<String> = lines.iter().filter(|line| is_step(line)).map(step_digest).collect();
        Self { digest: hex(&Sha256::digest(steps.join("\n"))), steps }
    }
}

/// Whether a line of `metrics.jsonl` is a training step, completed or skipped.
fn is_step(line: &Value) -> bool {
    line["loss"].is_number() || line["problem"].is_string()
}

/// The digest of one step.
pub fn step_digest(line: &Value) -> String {
    // Numbers are written in their shortest form that round-trips, so equal text means equal
    // numbers.
    hex(&Sha256::digest(metrics::repeatable(line).to_string())[..8])
}

/// The name, as in the run's files, of the metric that ranks its evaluations.
fn best_by(metric: Metric) -> &'static str {
    match metric {
        Metric::EvalLoss => "eval_loss",
        Metric::TokenAccuracy => "token_accuracy",
        Metric::Score => "partial_credit",
    }
}

impl Receipt {
    /// The receipt of a finished run, from its folder.
    ///
    /// # Errors
    /// When a file in the folder cannot be read.
    pub(super) fn of(
        folder: &RunFolder,
        record: &RunRecord,
        (base, digests): (&BaseRef, &Digests),
        library: &str,
        records: (usize, usize),
        outcome: &Outcome,
    ) -> Result<Self, TrainError> {
        let this = std::env::current_exe().map_err(|source| folder.fault("find", Path::new("hive"), source))?;
        Ok(Self {
            format: FORMAT,
            expert: ExpertRef {
                name: record.expert.clone(),
                version: record.expert_version.clone(),
                library: library.to_owned(),
            },
            base: base.clone(),
            digests: digests.clone(),
            records,
            seed: record.request.recipe.training.seed,
            code: Binary { version: env!("CARGO_PKG_VERSION").to_owned(), binary: sha256_of_file(&this)? },
            threads: hive_engine::threads(),
            steps: (outcome.step, outcome.total),
            trace: Trace::of(&metrics::read(folder)?),
            best_by: Some(best_by(record.request.recipe.training.best_metric).to_owned()),
            best: outcome.best.ranked.clone(),
            adapter: AdapterRef {
                step: outcome.adapter_step,
                sha256: sha256_of_file(&folder.adapter().join(TENSOR_FILE))?,
            },
        })
    }

    /// The receipt in a run folder, if the run is finished.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &RunFolder) -> Result<Option<Self>, TrainError> {
        let Some(value) = folder.read_json(FILE)? else { return Ok(None) };
        let receipt = serde_json::from_value(value);
        receipt.map(Some).map_err(|e| folder.fault("read", &folder.path().join(FILE), e.into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trace_tells_steps_apart_and_not_clocks() {
        let line = |loss: f64, seconds: f64| json!({"step": 1, "loss": loss, "seconds": seconds});
        let eval = json!({"step": 1, "eval_loss": 2.0});
        let trace = |lines: &[Value]| Trace::of(lines);
        let one = trace(&[line(0.1, 1.0), eval.clone()]);
        assert_eq!(one.steps.len(), 1);
        assert_eq!(one, trace(&[line(0.1, 2.0), eval]));
        assert_ne!(one, trace(&[line(0.100_000_000_000_000_02, 1.0)]));
    }
}
