//! The numbers of a training run. Where they come from (manifest, profile, command line) is the
//! host's business.

use serde::{Deserialize, Serialize};

use crate::error::{EngineError, MismatchOf, Result};

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
    /// End with the adapter of lowest evaluation loss.
    pub load_best_at_end: bool,
    /// Seed of order and dropout.
    pub seed: u64,
}

impl TrainConfig {
    /// Records seen over the whole run: epochs × records, or steps × batch.
    pub fn total_records(&self, records: usize) -> u64 {
        match self.steps {
            Some(steps) => steps * self.effective_batch as u64,
            None => (self.epochs * records as f64).round() as u64,
        }
    }

    /// Optimizer steps of the whole run; the last may hold fewer records.
    pub fn total_steps(&self, records: usize) -> u64 {
        self.total_records(records).div_ceil(self.effective_batch as u64)
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
