//! What a run tells its caller while it goes on. The engine prints nothing: the host draws bars
//! and writes files.
//!
//! The order of calls: `step` (or `skipped`) after every optimizer step; `evaluated` after the steps
//! at which the validation loss is computed, and once before the first step; `saving` before a
//! checkpoint is written and `checkpoint` when it is complete under its final name.

use std::path::Path;

use crate::network::pass::Model;

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
    /// What generated answers were graded, when there was grading.
    pub graded: Option<Graded>,
    /// Place among the best so far, from 0; `None` when it is not among those kept, and before the
    /// first step.
    pub place: Option<usize>,
    /// Wall time of the loss.
    pub seconds: f64,
    /// Wall time of grading.
    pub score_seconds: f64,
}

/// What the answers to some prompts were graded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    /// Answers.
    pub answers: usize,
    /// Of these, the right ones: those with the full score.
    pub right: usize,
    /// Mean score, 0 to 1: partial credit counts.
    pub credit: f64,
}

/// A step without an update: its loss or gradient was not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipReport {
    /// From 1.
    pub step: u64,
    /// Steps in all.
    pub total: u64,
    /// What was not finite.
    pub problem: String,
    /// Steps skipped so far.
    pub skipped: u64,
    /// Wall time of the step.
    pub seconds: f64,
}

/// Grades what the adapter writes, in the middle of training.
pub trait Grader {
    /// The grades of the model's answers after `step` steps; `None` for no opinion.
    ///
    /// # Errors
    /// An error ends the run after its last checkpoint.
    fn grade(&mut self, model: Model, step: u64) -> crate::Result<Option<Graded>>;
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

    /// After a step that was skipped.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn skipped(&mut self, report: &SkipReport) -> crate::Result<()>;

    /// Before a checkpoint is written: what was told so far must outlive what the checkpoint
    /// outlives.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn saving(&mut self, step: u64) -> crate::Result<()>;

    /// When a checkpoint is complete.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn checkpoint(&mut self, step: u64, path: &Path) -> crate::Result<()>;
}
