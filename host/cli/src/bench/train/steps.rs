//! The steps that are timed: the size of their batches, and the settings of the optimizer.

use clap::Args;
use hive_engine::train::{Metric, NonFinite, Schedule, TrainingSpec};

use crate::error::{CommandResult, Failure};
use crate::numbers::{MOST_STEPS, MOST_TOKENS, grouped, real, whole};

/// Maximum tokens of a micro-batch: activations of more do not fit into the memory of supported
/// machines.
const MOST_AT_ONCE: usize = 1 << 17;

/// The optimizer steps.
#[derive(Debug, Args)]
pub(super) struct StepArgs {
    /// Tokens per record
    #[arg(long, default_value_t = 256, allow_negative_numbers = true, value_parser = whole::<usize>(2..=MOST_TOKENS))]
    pub(super) seq: usize,
    /// Records per micro-batch
    #[arg(long, default_value_t = 2, allow_negative_numbers = true, value_parser = whole::<usize>(1..=65_536))]
    pub(super) batch: usize,
    /// Micro-batches per optimizer step
    #[arg(long, default_value_t = 4, allow_negative_numbers = true, value_parser = whole::<usize>(1..=65_536))]
    pub(super) accum: usize,
    /// Optimizer steps; random tokens add an untimed warm-up step, with a batch file the first of
    /// several steps is the untimed warm-up
    #[arg(long, default_value_t = 3, allow_negative_numbers = true, value_parser = whole::<u64>(1..=MOST_STEPS))]
    pub(super) steps: u64,
    /// Fraction of each record that is prompt and carries no loss
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = real(0.0..=0.999))]
    pub(super) prompt_frac: f64,
    /// Constant learning rate
    #[arg(long, default_value_t = 2e-4, allow_negative_numbers = true, value_parser = real(0.0..=10.0))]
    pub(super) lr: f64,
    /// AdamW's decoupled weight decay
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = real(0.0..=100.0))]
    weight_decay: f64,
    /// Seed for initialisation, tokens and dropout
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    pub(super) seed: u64,
}

impl StepArgs {
    /// Checks that a micro-batch of random tokens fits into memory.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn check_micro_batch(&self) -> CommandResult {
        let tokens = self.batch * self.seq;
        if tokens <= MOST_AT_ONCE {
            return Ok(());
        }
        Err(Failure::misuse(format!(
            "`--batch` and `--seq` make {} tokens of a micro-batch, expected at most {}",
            grouped(tokens),
            grouped(MOST_AT_ONCE)
        ))
        .hint("`--accum` makes a step of more micro-batches")
        .into())
    }

    /// PyTorch's default AdamW, a constant learning rate, no clipping.
    pub(super) fn spec(&self) -> TrainingSpec {
        TrainingSpec {
            learning_rate: self.lr,
            epochs: 1.0,
            steps: Some(self.steps),
            warmup_ratio: 0.0,
            warmup_steps: None,
            schedule: Schedule::Constant,
            effective_batch: self.batch * self.accum,
            micro_batch_tokens: self.batch * self.seq,
            micro_batch_records: None,
            packing: false,
            weight_decay: self.weight_decay,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            max_grad_norm: 0.0,
            eval_steps: self.steps,
            save_steps: self.steps,
            keep_best: 1,
            best_metric: Metric::EvalLoss,
            greater_is_better: None,
            load_best_at_end: false,
            patience: None,
            non_finite: NonFinite::Stop,
            seed: self.seed,
            ..TrainingSpec::default()
        }
    }
}
