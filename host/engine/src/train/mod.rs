//! Training: the recipe's numbers, the optimizer, the loop, checkpoints and what is reported.

pub mod best;
pub mod checkpoint;
pub mod config;
pub mod events;
pub mod gradient_guard;
pub mod optimizer;
pub mod run;
pub mod schedule;
pub mod trainer;

pub use best::{Best, Metric, Ranked};
pub use config::{NonFinite, Schedule, TrainConfig};
pub use events::{EvalReport, Graded, Grader, Reporter, SkipReport, StepReport};
pub use run::{Outcome, RunPlan, run};
pub use trainer::{Step, Trainer};
