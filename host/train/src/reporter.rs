//! Progress of training.

use hive_engine::train::Reporter;
use hive_runtime::answer::Answer;

use super::plan::Plan;
use super::setup::SetupReporter;

/// Receives events in this order: those of the setup, `plan`, the engine's events, then `grading`
/// per answer.
pub trait TrainReporter: Reporter + SetupReporter {
    /// The plan of the run.
    fn plan(&mut self, plan: &Plan);
    /// `who` (`base`, `expert`) has answered prompt `done` of `total` of this kind (`held-out`, `eval`).
    fn grading(&mut self, who: &str, kind: &str, progress: (usize, usize), answer: &Answer);
    /// Step `done` of `total` was repeated.
    fn replayed(&mut self, done: u64, total: u64);
}
