//! What a run costs, as estimated: time, memory and disk.

use hive_train::plan::Plan;

use super::brief::about;
use crate::numbers::grouped;

/// The time of the run, of a step and of an evaluation.
pub(super) fn time(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    format!(
        "{}: {} a step at {} tokens/s, {} an evaluation (from a short probe)",
        about(estimate.seconds),
        seconds(estimate.step_seconds),
        grouped(estimate.tokens_per_s.round() as usize),
        seconds(estimate.eval_seconds)
    )
}

/// The memory, and the disk space of the checkpoints.
pub(super) fn memory(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    let mut parts = Vec::new();
    if let Some(needed) = estimate.memory_mb {
        let there =
            estimate.available_mb.map_or_else(String::new, |mb| format!(" of {} available", grouped(mb as usize)));
        parts.push(format!("about {} MB{there}", grouped(needed as usize)));
    }
    let free = estimate.free_bytes.map_or_else(String::new, |b| format!(", {} MB are free", grouped(mb(b) as usize)));
    parts.push(format!("checkpoints {} MB on disk{free}", grouped(mb(estimate.checkpoint_bytes).max(1) as usize)));
    parts.join("; ")
}

fn mb(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn seconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} s") } else { format!("{value:.0} s") }
}
