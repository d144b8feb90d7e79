//! Training: optimizer, learning-rate schedule, training loop, checkpoints and events.

pub mod best;
pub mod checkpoint;
pub mod events;
pub mod gradient_guard;
pub mod optimizer;
pub mod run;
pub mod schedule;
pub mod trainer;

pub use best::{Best, Ranked};
pub use events::{EvalReport, Graded, Grader, Reporter, SkipReport, StepReport};
pub use hive_recipe::{Metric, NonFinite, Schedule, TrainingSpec};
pub use run::{Outcome, RunPlan, run};
pub use trainer::{Step, Trainer};
