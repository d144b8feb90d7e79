//! What a run costs, as estimated: time, memory and disk.

use std::time::Duration;

use hive_train::plan::Plan;
use indicatif::HumanDuration;

use crate::numbers::grouped;

/// The time of the run, of a step and of an evaluation.
pub(super) fn time(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    format!(
        "about {}: {} a step at {:.0} tokens/s, {} an evaluation (from a short probe)",
        HumanDuration(Duration::from_secs_f64(estimate.seconds.min(1e9))),
        seconds(estimate.step_seconds),
        estimate.tokens_per_s,
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
