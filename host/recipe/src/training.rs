//! Hyperparameters of the training loop. A step is an optimizer step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Learning rate schedule after warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Cosine decay to zero.
    #[default]
    Cosine,
    /// Linear decay to zero.
    Linear,
    /// Constant.
    Constant,
}

/// The metric that ranks the evaluations of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The validation loss; lower is better.
    #[default]
    EvalLoss,
    /// Fraction of the validation records' loss tokens for which the model's most likely token is
    /// correct.
    TokenAccuracy,
    /// Mean score of the answers to `graded_eval_prompts` held-out prompts, partial credit
    /// included.
    Score,
}

impl Metric {
    /// The name in recipes and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::EvalLoss => "eval_loss",
            Self::TokenAccuracy => "token_accuracy",
            Self::Score => "score",
        }
    }

    /// Whether a greater value is better, unless the recipe overrides it.
    pub fn greater_is_better(self) -> bool {
        self != Self::EvalLoss
    }
}

/// What to do when the loss or gradient is not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NonFinite {
    /// Stop the run; its checkpoints are kept.
    #[default]
    Stop,
    /// Skip the update, count the step and continue; ten in a row stop the run.
    Skip,
}

/// The training loop. A step is an optimizer step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSpec {
    /// Peak learning rate.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub learning_rate: f64,
    /// Epochs over the training records; a fraction is rounded to whole steps. Ignored when `steps`
    /// is given.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub epochs: f64,
    /// Total optimizer steps.
    #[schemars(range(max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Fraction of the steps during which the learning rate rises from zero.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub warmup_ratio: f64,
    /// Warm-up in optimizer steps; overrides `warmup_ratio`.
    #[schemars(range(max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_steps: Option<u64>,
    /// Learning rate after warm-up.
    pub schedule: Schedule,
    /// Records per optimizer step.
    #[schemars(range(min = 1, max = 65_536))]
    pub effective_batch: usize,
    /// Maximum length of a record in tokens, prompt and completion; longer records are dropped and
    /// counted.
    #[schemars(range(min = 8, max = 1_048_576))]
    pub max_seq_len: usize,
    /// Maximum tokens per forward pass: a memory setting that does not change the result.
    #[schemars(range(min = 8, max = 1_048_576))]
    pub micro_batch_tokens: usize,
    /// Maximum records per forward pass; as many as fit unless given. Does not change the result.
    #[schemars(range(min = 1, max = 65_536))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_batch_records: Option<usize>,
    /// Pack records of any length into a forward pass, instead of batching records of similar
    /// length. Records never attend to each other, so this does not change the result.
    pub packing: bool,
    /// Decoupled weight decay of A and B; magnitudes are not decayed.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_decay: f64,
    /// AdamW's first-moment decay.
    #[schemars(range(min = 0.0, max = 0.9999999))]
    pub beta1: f64,
    /// AdamW's second-moment decay.
    #[schemars(range(min = 0.0, max = 0.9999999))]
    pub beta2: f64,
    /// AdamW's epsilon.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub epsilon: f64,
    /// Gradients are clipped to this global L2 norm; 0 disables clipping.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub max_grad_norm: f64,
    /// Optimizer steps between evaluations of the validation loss.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub eval_steps: u64,
    /// Optimizer steps between checkpoints.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub save_steps: u64,
    /// Number of held-out prompts answered and graded at every evaluation; 0: none.
    #[schemars(range(max = 100_000))]
    pub graded_eval_prompts: usize,
    /// Number of checkpoints to keep, the best by `best_metric`, in addition to the latest.
    #[schemars(range(min = 1, max = 10_000))]
    pub keep_best: usize,
    /// Metric that determines the best evaluation.
    pub best_metric: Metric,
    /// Whether a greater value of `best_metric` is better; the metric's own default unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greater_is_better: Option<bool>,
    /// Keep the best adapter at the end instead of the last.
    pub load_best_at_end: bool,
    /// Early stopping: number of evaluations without improvement after which the run stops; never
    /// unless given.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// What to do when the loss or gradient is not finite.
    pub non_finite: NonFinite,
    /// Seed for initialisation, data order and dropout.
    pub seed: u64,
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            learning_rate: 5e-5,
            epochs: 1.5,
            steps: None,
            warmup_ratio: 0.1,
            warmup_steps: None,
            schedule: Schedule::Cosine,
            effective_batch: 90,
            max_seq_len: 800,
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
            graded_eval_prompts: 0,
            keep_best: 4,
            best_metric: Metric::EvalLoss,
            greater_is_better: None,
            load_best_at_end: true,
            patience: None,
            non_finite: NonFinite::Stop,
            seed: 42,
        }
    }
}

impl TrainingSpec {
    /// Records seen over the whole run: steps × batch, or epochs × records.
    ///
    /// Whole epochs show every record equally often, so the remaining records make a last, smaller
    /// step. A fractional epoch ends at an arbitrary record anyway, so only whole steps count
    /// (99,935 records, 1.5 epochs, 90 per step: 1,665 steps), but at least one.
    pub fn total_records(&self, records: usize) -> u64 {
        let batch = self.effective_batch as u64;
        if let Some(steps) = self.steps {
            return steps * batch;
        }
        let seen = (self.epochs * records as f64).round() as u64;
        if self.epochs.fract() == 0.0 || seen < batch {
            return seen;
        }
        // Not `seen`: rounding that up must not complete a step.
        let whole = (self.epochs * records as f64 / batch as f64 + 1e-9).floor() as u64;
        whole * batch
    }

    /// Optimizer steps of the whole run; the last step may have fewer records.
    pub fn total_steps(&self, records: usize) -> u64 {
        self.total_records(records).div_ceil(self.effective_batch as u64)
    }

    /// Whether a greater value of the metric is better.
    pub fn greater_is_better(&self) -> bool {
        self.greater_is_better.unwrap_or_else(|| self.best_metric.greater_is_better())
    }

    /// Steps of warm-up in a run of `total` steps (rounded up, as transformers does).
    pub fn warmup(&self, total: u64) -> u64 {
        self.warmup_steps.unwrap_or_else(|| (self.warmup_ratio * total as f64).ceil() as u64).min(total)
    }

    /// A message for every number that is out of range.
    pub fn problems(&self) -> Vec<String> {
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
        need(self.steps != Some(0), "steps", "0".into(), "at least 1 step");
        need(self.eval_steps > 0, "eval_steps", "0".into(), "at least 1 step");
        need(self.save_steps > 0, "save_steps", "0".into(), "at least 1 step");
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(epochs: f64, effective_batch: usize) -> TrainingSpec {
        TrainingSpec { epochs, effective_batch, ..TrainingSpec::default() }
    }

    #[test]
    fn steps_of_whole_and_of_broken_epochs() {
        let steps = |epochs, batch, records| config(epochs, batch).total_steps(records);
        assert_eq!(steps(1.5, 90, 99_935), 1665);
        assert_eq!(config(1.5, 90).warmup(1665), 167);
        // Whole epochs: the remainder makes a smaller step, as every record counts equally often.
        assert_eq!(steps(1.0, 4, 10), 3);
        assert_eq!(steps(3.0, 4, 10), 8);
        assert_eq!(config(1.0, 4).total_records(10), 10);
        // Fractional epochs: whole steps, however the fraction rounds.
        assert_eq!(steps(1.5, 4, 10), 3);
        assert_eq!(steps(1.1, 11, 100), 10);
        assert_eq!(steps(0.25, 4, 10), 1);
        assert_eq!(config(0.25, 4).total_records(10), 3);
        assert_eq!(steps(0.0, 4, 10), 0);
    }
}
