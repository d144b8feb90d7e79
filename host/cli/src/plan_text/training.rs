//! How it is trained: the steps, the learning rate, and which checkpoints are kept.

use hive_errors::counted;
use hive_sdk::manifest::{Metric, Schedule};
use hive_train::plan::Plan;

use super::number;
use crate::numbers::grouped;

/// The optimizer steps and the schedule of the learning rate.
pub(super) fn steps(plan: &Plan) -> String {
    let training = &plan.recipe.training;
    format!(
        "{} of {}, {} of them warm-up, then {}",
        grouped(plan.steps as usize),
        counted(training.effective_batch as u64, "record"),
        grouped(plan.warmup as usize),
        schedule(training.schedule)
    )
}

/// The optimizer's settings.
pub(super) fn rate(plan: &Plan) -> String {
    let training = &plan.recipe.training;
    format!(
        "{}, weight decay {}, gradient norm at most {}, seed {}",
        number(training.learning_rate),
        training.weight_decay,
        training.max_grad_norm,
        training.seed
    )
}

/// How often the adapter is evaluated and saved, what is kept, and when training stops early.
pub(super) fn keeping(plan: &Plan) -> String {
    let training = &plan.recipe.training;
    let best = match training.keep_best {
        1 => "best checkpoint".to_owned(),
        n => format!("{n} best checkpoints"),
    };
    let patience = training
        .patience
        .map_or_else(String::new, |n| format!(", stops early after {n} evaluations without a better one"));
    format!(
        "the {best} and the latest, by {}; steps between evaluations: {}, between saves: {}{patience}",
        metric(training.best_metric),
        grouped(training.eval_steps as usize),
        grouped(training.save_steps as usize)
    )
}

fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::EvalLoss => "held-out loss",
        Metric::TokenAccuracy => "held-out token accuracy",
        Metric::Score => "partial credit of held-out answers",
    }
}

fn schedule(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Cosine => "cosine",
        Schedule::Linear => "linear",
        Schedule::Constant => "constant",
    }
}
