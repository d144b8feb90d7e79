//! Who hears how far training is.

use hive_engine::train::Reporter;
use hive_runtime::answer::Answer;

use super::plan::Plan;
use super::setup::SetupReporter;

/// Receives what happens, in this order: what setting up does, `plan`, then the engine's events, then
/// `grading` per answer.
pub trait TrainReporter: Reporter + SetupReporter {
    /// What is about to happen.
    fn plan(&mut self, plan: &Plan);
    /// An answer of `who` (`base`, `expert`) was written: the `done`th of `total`.
    fn grading(&mut self, who: &str, done: usize, total: usize, answer: &Answer);
    /// A step was made again: the `done`th of `total`.
    fn replayed(&mut self, done: u64, total: u64);
}
