//! Progress of an evaluation.

use super::answer::Answered;
use super::checked_suite::CheckedSuite;

/// Receives the progress of an evaluation.
pub trait EvalReporter: Sync {
    /// `done` of `total` prompts of the suite have been checked.
    fn checking(&self, done: usize, total: usize);
    /// The whole suite has been checked.
    fn checked(&self, checked: &CheckedSuite);
    /// `prompts` prompts are longer than any record that `candidate` was trained on; the longest had `trained` tokens.
    fn beyond_training(&self, candidate: &str, prompts: usize, trained: usize);
    /// `candidate` has answered prompt number `done` of `total`.
    fn answering(&self, candidate: &str, done: usize, total: usize, answer: &Answered);
    /// The answers of all candidates to `done` of `total` prompts have been graded.
    fn grading(&self, done: usize, total: usize);
}
