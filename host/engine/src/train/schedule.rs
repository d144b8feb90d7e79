//! Learning-rate schedules.

use hive_recipe::{Schedule, TrainingSpec};

/// The learning rate of step `step` (from 0) in a run of `total` steps: linear warm-up, which reaches the highest rate at its
/// last step, then the schedule.
///
/// Warm-up does not start from 0, which would waste the first step.
pub fn learning_rate(config: &TrainingSpec, step: u64, total: u64) -> f64 {
    let warmup = config.warmup(total);
    if step < warmup {
        return config.learning_rate * (step + 1) as f64 / warmup as f64;
    }
    let progress = (step - warmup) as f64 / (total - warmup).max(1) as f64;
    let share = match config.schedule {
        Schedule::Constant => 1.0,
        Schedule::Linear => 1.0 - progress,
        Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
    };
    config.learning_rate * share.max(0.0)
}
