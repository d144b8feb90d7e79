//! A whole training run: the loop over steps, with evaluations, checkpoints, an end that loads
//! the best adapter, and a stop that loses nothing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::adapter::peft::BaseRef;
use crate::data::Example;
use crate::data::order::Order;
use crate::error::{EngineError, Result};
use crate::model::decoder::Decoder;
use crate::train::checkpoint::{self, Best, State};
use crate::train::config::TrainConfig;
use crate::train::events::{EvalReport, Reporter};
use crate::train::schedule::learning_rate;
use crate::train::trainer::Trainer;

/// What a run works on.
#[derive(Debug)]
pub struct RunPlan<'a> {
    /// The recipe's numbers.
    pub config: &'a TrainConfig,
    /// Records to train on.
    pub train: &'a [Example],
    /// Records whose loss is watched; may be empty.
    pub validation: &'a [Example],
    /// The base, for the adapter's record of it.
    pub base: &'a BaseRef,
    /// Where checkpoints go.
    pub checkpoints: &'a Path,
    /// What the run is of, for resuming.
    pub fingerprint: &'a str,
    /// Set by the caller to end the run after the current step.
    pub stop: &'a AtomicBool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Steps made.
    pub step: u64,
    /// Steps planned.
    pub total: u64,
    /// The best evaluation, when there is a validation set.
    pub best: Option<Best>,
    /// Validation loss of the adapter the trainer holds now.
    pub final_loss: Option<f64>,
    /// Whether the caller stopped it.
    pub stopped: bool,
}

/// Trains to the end, or until asked to stop. The trainer then holds the best adapter (by
/// validation loss, when the recipe says so) or, when stopped, the last.
///
/// # Errors
/// What a step, a checkpoint or the reporter says. The checkpoints written before stand.
pub fn run(
    trainer: &mut Trainer,
    decoder: &Decoder,
    plan: &RunPlan,
    start: Option<State>,
    reporter: &mut dyn Reporter,
) -> Result<Outcome> {
    let RunPlan { config, train, validation, checkpoints, stop, .. } = plan;
    if train.is_empty() {
        return Err(EngineError::unsupported("There are no records to train on"));
    }
    let total = config.total_steps(train.len());
    let records = config.total_records(train.len());
    let validation: Vec<&Example> = validation.iter().collect();
    let mut order = Order::new(train.len(), config.seed, config.effective_batch);
    let mut best = start.and_then(|s| s.best);
    let save = |trainer: &Trainer, best: Option<Best>, reporter: &mut dyn Reporter| {
        let step = trainer.steps();
        let state = State { step, best, fingerprint: plan.fingerprint.to_owned() };
        let path = checkpoint::save(checkpoints, trainer, plan.base, &state)?;
        let keep: Vec<u64> = [Some(step), best.map(|b| b.step)].into_iter().flatten().collect();
        checkpoint::keep_only(checkpoints, &keep)?;
        reporter.checkpoint(step, &path)
    };
    let mut last_loss = None;
    if trainer.steps() == 0 && !validation.is_empty() {
        // The adapter starts as the base: this is the loss to beat.
        last_loss = Some(evaluate(trainer, &validation, &mut best, reporter)?);
    }
    while trainer.steps() < total {
        let step = trainer.steps();
        let examples: Vec<&Example> = order.step(step, records).into_iter().map(|i| &train[i]).collect();
        let mut report = trainer.step(&examples, learning_rate(config, step, total))?;
        report.total = total;
        reporter.step(&report)?;
        let step = trainer.steps();
        let stopping = stop.load(Ordering::Relaxed);
        let evaluates =
            !validation.is_empty() && !stopping && (step.is_multiple_of(config.eval_steps) || step == total);
        let was_best = best;
        if evaluates {
            last_loss = Some(evaluate(trainer, &validation, &mut best, reporter)?);
        }
        // The best adapter is always on disk: its checkpoint is what is loaded at the end.
        if step.is_multiple_of(config.save_steps) || step == total || stopping || best != was_best {
            save(trainer, best, reporter)?;
        }
        if stopping && step < total {
            return Ok(Outcome { step, total, best, final_loss: last_loss, stopped: true });
        }
    }
    let mut final_loss = last_loss;
    if let Some(best) = best.filter(|b| config.load_best_at_end && b.step != trainer.steps() && b.step > 0) {
        let path = checkpoints.join(checkpoint::folder_name(best.step));
        let loaded = checkpoint::load(&path, &decoder.config, plan.base)?;
        trainer.restore(loaded.adapter.params, trainer.optimizer.clone());
        final_loss = Some(best.loss);
    }
    Ok(Outcome { step: total, total, best, final_loss, stopped: false })
}

fn evaluate(
    trainer: &mut Trainer,
    validation: &[&Example],
    best: &mut Option<Best>,
    reporter: &mut dyn Reporter,
) -> Result<f64> {
    let begin = Instant::now();
    let step = trainer.steps();
    let loss = trainer.evaluate(validation)?;
    let mean = loss.mean();
    if !mean.is_finite() {
        return Err(EngineError::Training { step, updates: step, problem: format!("The validation loss is {mean}") });
    }
    let is_best = best.is_none_or(|b| mean < b.loss);
    if is_best {
        *best = Some(Best { step, loss: mean });
    }
    let seconds = begin.elapsed().as_secs_f64();
    reporter.evaluated(&EvalReport { step, loss: mean, token_accuracy: loss.accuracy(), best: is_best, seconds })?;
    Ok(mean)
}
