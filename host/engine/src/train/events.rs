//! What a run tells its caller while it goes on. The engine prints nothing: the host draws bars
//! and writes files.
//!
//! The order of calls: `step` after every optimizer step; `evaluated` after the steps at which the
//! validation loss is computed, and once before the first step; `checkpoint` when one is complete
//! under its final name.

use std::path::Path;

/// One optimizer step, done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// From 1.
    pub step: u64,
    /// Steps in all.
    pub total: u64,
    /// Mean loss per loss token, before the update, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Learning rate used.
    pub learning_rate: f64,
    /// Tokens that carried loss.
    pub loss_tokens: usize,
    /// Tokens read.
    pub input_tokens: usize,
    /// Wall time of the step.
    pub seconds: f64,
}

/// An evaluation, done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalReport {
    /// Optimizer steps made before it.
    pub step: u64,
    /// Mean loss per loss token of the validation records, in nats.
    pub loss: f64,
    /// Share of loss tokens that were the most likely ones.
    pub token_accuracy: f64,
    /// Whether it is the lowest so far.
    pub best: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Receives the events of a run.
pub trait Reporter {
    /// After every optimizer step.
    ///
    /// # Errors
    /// An error ends the run after its last checkpoint, as a full disk does.
    fn step(&mut self, report: &StepReport) -> crate::Result<()>;

    /// After every evaluation of the validation loss.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn evaluated(&mut self, report: &EvalReport) -> crate::Result<()>;

    /// When a checkpoint is complete.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn checkpoint(&mut self, step: u64, path: &Path) -> crate::Result<()>;
}
