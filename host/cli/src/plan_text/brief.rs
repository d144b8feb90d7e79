//! A plan in three lines: what is trained, in how many steps, and what that costs.

use std::time::Duration;

use hive_errors::counted;
use hive_sdk::Method;
use hive_train::plan::Plan;

use crate::fitting::{Part, fitted};
use crate::numbers::{grouped, short};

/// The rows, each with a label and a text of at most `width` columns, as far as names allow; a fourth if records are
/// dropped.
pub(crate) fn brief(plan: &Plan, width: usize) -> Vec<(&'static str, String)> {
    let rows = [("plan", what(plan)), ("steps", steps(plan)), ("cost", cost(plan))];
    let mut rows: Vec<_> = rows.into_iter().map(|(label, parts)| (label, fitted(&parts, ", ", width))).collect();
    let (train, held) = (plan.train.1, plan.validation.1);
    if train + held > 0 {
        let longest = plan.recipe.training.max_seq_len;
        let text = format!("{} longer than {} tokens", counted((train + held) as u64, "record"), grouped(longest));
        rows.push(("dropped", text));
    }
    rows
}

fn what(plan: &Plan) -> Vec<Part> {
    let method = match plan.recipe.adapter.method {
        Method::Dora => "DoRA",
        Method::Lora => "LoRA",
    };
    vec![
        (0, format!("{method} rank {} on `{}`", plan.recipe.adapter.rank, plan.base.id)),
        (1, format!("{} parameters", grouped(plan.trainable))),
    ]
}

fn steps(plan: &Plan) -> Vec<Part> {
    let training = &plan.recipe.training;
    let records = format!("from {}, {} held out", counted(plan.train.0 as u64, "record"), grouped(plan.validation.0));
    vec![
        (0, format!("{} of {}", grouped(plan.steps as usize), counted(training.effective_batch as u64, "record"))),
        (1, records),
        (2, format!("evaluated every {}", grouped(training.eval_steps as usize))),
    ]
}

fn cost(plan: &Plan) -> Vec<Part> {
    let estimate = &plan.estimate;
    let mut parts = vec![(0, about(estimate.seconds))];
    parts.extend(estimate.memory_mb.map(|needed| {
        let there = estimate.available_mb.map_or_else(String::new, |mb| format!(" of {}", grouped(mb as usize)));
        (2, format!("{}{there} MB of memory", grouped(needed as usize)))
    }));
    parts.extend(plan.folder.as_ref().map(|folder| (1, format!("in `{}`", folder.display()))));
    parts
}

/// A time that was estimated: `about 2m12s`.
pub(crate) fn about(seconds: f64) -> String {
    match seconds {
        ..1.0 => "less than 1s".to_owned(),
        _ => format!("about {}", short(Duration::from_secs_f64(seconds.min(1e9)))),
    }
}
