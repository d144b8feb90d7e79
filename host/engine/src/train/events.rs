//! Events of a run, reported to its caller. The engine prints nothing: the host draws progress bars and writes files.
//!
//! The order of calls: `step` (or `skipped`) after every optimizer step; `evaluated` after every evaluation, the first of
//! which comes before the first step; `saving` before a checkpoint is written, and `checkpoint` when it is complete.

use std::path::Path;

use crate::network::pass::Model;

/// A completed optimizer step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Number of the step, from 1.
    pub step: u64,
    /// Total number of steps.
    pub total: u64,
    /// Mean loss per loss token, before the update, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Number of tokens that carried loss.
    pub loss_tokens: usize,
    /// Number of input tokens.
    pub input_tokens: usize,
    /// Wall time of the step.
    pub seconds: f64,
}

/// A completed evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalReport {
    /// Optimizer steps made before it.
    pub step: u64,
    /// Mean loss per loss token of the validation records, in nats.
    pub loss: f64,
    /// Share of loss tokens that the model predicts as the most likely ones.
    pub token_accuracy: f64,
    /// Grades of generated answers, if there is a grader.
    pub graded: Option<Graded>,
    /// Place among the best evaluations so far, from 0; `None` if it is not among those kept, and before the first step.
    pub place: Option<usize>,
    /// Wall time of computing the loss.
    pub seconds: f64,
    /// Wall time of grading.
    pub score_seconds: f64,
}

/// Grades of the answers to a set of prompts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    /// Number of answers.
    pub answers: usize,
    /// Number of right answers: those with the full score.
    pub right: usize,
    /// Mean score from 0 to 1, with partial credit.
    pub credit: f64,
    /// The 95 % confidence interval of the mean score.
    pub credit_interval: (f64, f64),
}

/// A skipped step: its loss or gradient was not finite, so nothing was updated.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipReport {
    /// Number of the step, from 1.
    pub step: u64,
    /// Total number of steps.
    pub total: u64,
    /// What was not finite.
    pub problem: String,
    /// Number of steps skipped so far.
    pub skipped: u64,
    /// Wall time of the step.
    pub seconds: f64,
}

/// Grades answers of the model during training.
pub trait Grader {
    /// Grades the model's answers after `step` steps; `None` if nothing is graded.
    ///
    /// # Errors
    /// An error ends the run. Checkpoints written before remain.
    fn grade(&mut self, model: Model, step: u64) -> crate::Result<Option<Graded>>;
}

/// Receives the events of a run.
pub trait Reporter {
    /// After every optimizer step.
    ///
    /// # Errors
    /// An error ends the run, as a full disk does. Checkpoints written before remain.
    fn step(&mut self, report: &StepReport) -> crate::Result<()>;

    /// After every evaluation.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn evaluated(&mut self, report: &EvalReport) -> crate::Result<()>;

    /// After a step that was skipped.
    ///
    /// # Errors
    /// As [`Reporter::step`].
    fn skipped(&mut self, report: &SkipReport) -> crate::Result<()>;

    /// Before a checkpoint is written: what was reported so far must be durable before the checkpoint is.
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
