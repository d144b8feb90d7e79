//! The recipe `small`: what depends on the number of records is computed once they are counted. A value that a stronger
//! layer has set stays.

use std::collections::BTreeMap;

use hive_sdk::manifest::Recipe;

use crate::recipes::SMALL;
use crate::run_record::TrainRequest;

/// Optimizer steps that an epoch should have at least, as far as the records suffice.
const STEPS_PER_EPOCH: usize = 25;

/// Largest number of records per step.
const MAX_BATCH: usize = 16;

/// The learning rate for [`MAX_BATCH`] records per step.
const LEARNING_RATE: f64 = 5e-4;

/// Records from which one epoch is enough, and twice as many as for two.
const ONE_EPOCH: usize = 4_000;

/// Evaluations of the held-out loss in a run.
const EVALUATIONS: u64 = 5;

/// The request for a training set of `records` records.
pub(crate) fn sized(request: &TrainRequest, records: usize) -> TrainRequest {
    let mut sized = request.clone();
    apply(&mut sized.recipe, &request.origins, records);
    sized
}

fn apply(recipe: &mut Recipe, origins: &BTreeMap<String, String>, records: usize) {
    let own = format!("recipe {SMALL}");
    let is_own = |key: &str| origins.get(&format!("training.{key}")).is_some_and(|origin| *origin == own);
    let training = &mut recipe.training;
    if is_own("effective_batch") {
        // A power of two: 1 for up to 49 records, 16 from 400 on.
        let most = (records / STEPS_PER_EPOCH).clamp(1, MAX_BATCH);
        training.effective_batch = 1 << most.ilog2();
    }
    if is_own("epochs") {
        training.epochs = match records {
            n if n >= ONE_EPOCH => 1.0,
            n if n >= ONE_EPOCH / 2 => 2.0,
            _ => 3.0,
        };
    }
    if is_own("learning_rate") {
        // Adam's rate grows with the square root of the batch (arXiv 2205.10287).
        let share = training.effective_batch as f64 / MAX_BATCH as f64;
        // Two digits, as people write it.
        training.learning_rate = (LEARNING_RATE * share.sqrt() * 1e5).round() / 1e5;
    }
    let steps = training.total_steps(records);
    if is_own("eval_steps") {
        training.eval_steps = (steps / EVALUATIONS).max(1);
    }
    if is_own("save_steps") {
        training.save_steps = training.eval_steps;
    }
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;

    use super::*;
    use crate::recipe::tests::effective;

    fn training(records: usize, sets: &[&str]) -> hive_sdk::manifest::TrainingSpec {
        let mut effective = effective(&[SMALL], sets).unwrap();
        apply(&mut effective.recipe, &effective.origins, records);
        effective.recipe.training
    }

    #[test]
    fn a_run_has_enough_steps_whatever_the_number_of_records() {
        check_all(
            [
                (1, 1, 3.0, 1.3e-4, 3),
                (20, 1, 3.0, 1.3e-4, 60),
                (100, 4, 3.0, 2.5e-4, 75),
                (400, 16, 3.0, 5e-4, 75),
                (2_000, 16, 2.0, 5e-4, 250),
                (10_000, 16, 1.0, 5e-4, 625),
            ],
            |(records, batch, epochs, rate, steps)| {
                let training = training(records, &[]);
                let got = (training.effective_batch, training.epochs, training.total_steps(records));
                assert_eq!(got, (batch, epochs, steps), "{records} records");
                assert!((training.learning_rate - rate).abs() < 1e-9, "{records}: {}", training.learning_rate);
                assert!(training.warmup(steps) < steps.max(2), "{records} records");
                assert!((1..=steps).contains(&training.eval_steps), "{records}: {}", training.eval_steps);
                assert_eq!(training.save_steps, training.eval_steps);
            },
        );
    }

    #[test]
    fn what_is_set_stays() {
        let training = training(20, &["learning_rate=1e-3", "effective_batch=2", "eval_steps=7", "steps=40"]);
        let got = (training.learning_rate, training.effective_batch, training.eval_steps, training.steps);
        assert_eq!(got, (1e-3, 2, 7, Some(40)));
        assert_eq!(training.save_steps, 7);
    }
}
