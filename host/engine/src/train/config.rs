//! The numbers of a training run. Where they come from (manifest, profile, command line) is the
//! host's business.

use serde::{Deserialize, Serialize};

use crate::data::Cut;
use crate::error::{EngineError, MismatchOf, Result};
use crate::train::best::Metric;

/// How the learning rate moves after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine, down to zero.
    Cosine,
    /// A straight line, down to zero.
    Linear,
    /// No change.
    Constant,
}

/// What to do with a step whose loss or gradient is not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonFinite {
    /// End the run; the checkpoints stand.
    #[default]
    Stop,
    /// Leave the adapter as it is, count the step, go on with the next records. After
    /// [`MOST_SKIPPED`] such steps in a row the run ends all the same.
    Skip,
}

/// Steps in a row that [`NonFinite::Skip`] skips before it gives up.
pub const MOST_SKIPPED: u64 = 10;

/// What a run does. A step is an optimizer step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Passes over the records; not used when `steps` is given.
    pub epochs: f64,
    /// Optimizer steps in all.
    pub steps: Option<u64>,
    /// Share of the steps during which the learning rate rises.
    pub warmup_ratio: f64,
    /// Steps of warm-up, instead of `warmup_ratio`.
    pub warmup_steps: Option<u64>,
    /// Learning rate after warm-up.
    pub schedule: Schedule,
    /// Records per step.
    pub effective_batch: usize,
    /// Most tokens in one forward pass.
    pub micro_batch_tokens: usize,
    /// Most records in one forward pass; as many as fit when none.
    pub micro_batch_records: Option<usize>,
    /// Fill each forward pass with whatever still fits, instead of records of a size.
    pub packing: bool,
    /// AdamW's decoupled weight decay, on A and B only.
    pub weight_decay: f64,
    /// AdamW's first-moment decay.
    pub beta1: f64,
    /// AdamW's second-moment decay.
    pub beta2: f64,
    /// AdamW's epsilon.
    pub epsilon: f64,
    /// Global L2 norm that gradients are scaled down to; 0: never.
    pub max_grad_norm: f64,
    /// Steps between evaluations.
    pub eval_steps: u64,
    /// Steps between checkpoints.
    pub save_steps: u64,
    /// Checkpoints to keep, the best by `metric`, besides the latest.
    pub keep_best: usize,
    /// What ranks evaluations.
    pub metric: Metric,
    /// Whether a greater value of it is better; as the metric itself says when none.
    pub greater_is_better: Option<bool>,
    /// End with the best adapter instead of the last.
    pub load_best_at_end: bool,
    /// End after so many evaluations without a better one; never when none.
    pub patience: Option<u64>,
    /// What to do about a loss or gradient that is not finite.
    pub non_finite: NonFinite,
    /// Seed of order and dropout.
    pub seed: u64,
}

impl TrainConfig {
    /// Records seen over the whole run: steps × batch, or epochs × records.
    ///
    /// Whole epochs show every record equally often, so the records left at their end make a last,
    /// smaller step. A part of an epoch is cut at an arbitrary record anyway: there, only whole
    /// steps count (99,935 records, 1.5 epochs, 90 a step: 1,665 steps), but at least one.
    pub fn total_records(&self, records: usize) -> u64 {
        let batch = self.effective_batch as u64;
        if let Some(steps) = self.steps {
            return steps * batch;
        }
        let seen = (self.epochs * records as f64).round() as u64;
        if self.epochs.fract() == 0.0 || seen < batch {
            return seen;
        }
        // Not `seen`: rounding it up must not complete a step.
        let whole = (self.epochs * records as f64 / batch as f64 + 1e-9).floor() as u64;
        whole * batch
    }

    /// Optimizer steps of the whole run; the last may hold fewer records.
    pub fn total_steps(&self, records: usize) -> u64 {
        self.total_records(records).div_ceil(self.effective_batch as u64)
    }

    /// How a step's records are cut into forward passes.
    pub fn cut(&self) -> Cut {
        let records = self.micro_batch_records.unwrap_or(usize::MAX);
        Cut { tokens: self.micro_batch_tokens, records, packing: self.packing }
    }

    /// Whether a greater value of the metric is better.
    pub fn greater_is_better(&self) -> bool {
        self.greater_is_better.unwrap_or_else(|| self.metric.greater_is_better())
    }

    /// Steps of warm-up in a run of `total` steps (rounded up, as transformers does).
    pub fn warmup(&self, total: u64) -> u64 {
        self.warmup_steps.unwrap_or_else(|| (self.warmup_ratio * total as f64).ceil() as u64).min(total)
    }

    /// Checks the ranges of the numbers.
    ///
    /// # Errors
    /// All faults at once.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut need = |ok: bool, name: &str, got: String, expected: &str| {
            if !ok {
                problems.push(format!("`{name}` is {got}, expected {expected}"));
            }
        };
        let finite = |v: f64| v.is_finite() && v >= 0.0;
        need(finite(self.learning_rate), "learning_rate", self.learning_rate.to_string(), "a number of at least 0");
        need(finite(self.epochs), "epochs", self.epochs.to_string(), "a number of at least 0");
        need((0.0..=1.0).contains(&self.warmup_ratio), "warmup_ratio", self.warmup_ratio.to_string(), "0 to 1");
        need(self.effective_batch > 0, "effective_batch", "0".into(), "at least 1 record");
        need(self.micro_batch_tokens > 0, "micro_batch_tokens", "0".into(), "at least 1 token");
        need(self.micro_batch_records != Some(0), "micro_batch_records", "0".into(), "at least 1 record");
        need(self.patience != Some(0), "patience", "0".into(), "at least 1 evaluation");
        need(finite(self.weight_decay), "weight_decay", self.weight_decay.to_string(), "a number of at least 0");
        need((0.0..1.0).contains(&self.beta1), "beta1", self.beta1.to_string(), "0 to below 1");
        need((0.0..1.0).contains(&self.beta2), "beta2", self.beta2.to_string(), "0 to below 1");
        need(finite(self.epsilon), "epsilon", self.epsilon.to_string(), "a number of at least 0");
        need(finite(self.max_grad_norm), "max_grad_norm", self.max_grad_norm.to_string(), "a number of at least 0");
        need(self.eval_steps > 0, "eval_steps", "0".into(), "at least 1 step");
        need(self.save_steps > 0, "save_steps", "0".into(), "at least 1 step");
        if problems.is_empty() {
            return Ok(());
        }
        Err(EngineError::Mismatch { of: MismatchOf::Recipe, summary: "The recipe cannot be trained".into(), problems })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(epochs: f64, effective_batch: usize) -> TrainConfig {
        TrainConfig {
            learning_rate: 5e-5,
            epochs,
            steps: None,
            warmup_ratio: 0.1,
            warmup_steps: None,
            schedule: Schedule::Cosine,
            effective_batch,
            micro_batch_tokens: 1600,
            micro_batch_records: None,
            packing: false,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            max_grad_norm: 1.0,
            eval_steps: 250,
            save_steps: 250,
            keep_best: 4,
            metric: Metric::EvalLoss,
            greater_is_better: None,
            load_best_at_end: true,
            patience: None,
            non_finite: NonFinite::Stop,
            seed: 42,
        }
    }

    #[test]
    fn steps_of_whole_and_of_broken_epochs() {
        let steps = |epochs, batch, records| config(epochs, batch).total_steps(records);
        assert_eq!(steps(1.5, 90, 99_935), 1665);
        assert_eq!(config(1.5, 90).warmup(1665), 167);
        // Whole epochs: what is left over makes a smaller step, as every record counts equally often.
        assert_eq!(steps(1.0, 4, 10), 3);
        assert_eq!(steps(3.0, 4, 10), 8);
        assert_eq!(config(1.0, 4).total_records(10), 10);
        // Broken ones: whole steps, however the fraction rounds.
        assert_eq!(steps(1.5, 4, 10), 3);
        assert_eq!(steps(1.1, 11, 100), 10);
        assert_eq!(steps(0.25, 4, 10), 1);
        assert_eq!(config(0.25, 4).total_records(10), 3);
        assert_eq!(steps(0.0, 4, 10), 0);
    }
}
