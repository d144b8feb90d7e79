//! What is trained on: the records and their tokens.

use hive_train::plan::Plan;

use crate::numbers::grouped;

/// The records of both halves.
pub(super) fn records(plan: &Plan) -> String {
    let dropped = |n: usize| {
        let longest = plan.recipe.training.max_seq_len;
        if n == 0 {
            String::new()
        } else {
            format!(" ({} longer than {} tokens dropped)", grouped(n), grouped(longest))
        }
    };
    format!(
        "{} to train on{}, {} held out{}",
        grouped(plan.train.0),
        dropped(plan.train.1),
        grouped(plan.validation.0),
        dropped(plan.validation.1)
    )
}

/// The tokens of the training records.
pub(super) fn tokens(plan: &Plan) -> String {
    format!(
        "{} in the training records, {} of them carry loss; the longest has {}",
        grouped(plan.tokens.0 as usize),
        grouped(plan.tokens.1 as usize),
        grouped(plan.longest)
    )
}
