//! The training loop: steps, evaluations and checkpoints; the best adapter is loaded at the end, and a run can be stopped
//! without losing anything.
//!
//! A checkpoint's [`State`], the recipe, the data and the base determine the rest of a run. A run that is resumed from a
//! checkpoint therefore makes the same steps, evaluations and checkpoints as one that was never stopped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hive_recipe::{Metric, NonFinite, TrainingSpec};
use tracing::debug_span;

use crate::adapter::peft::BaseRef;
use crate::data::order::Order;
use crate::data::{Example, Records};
use crate::error::{EngineError, Result};
use crate::train::best::Best;
use crate::train::checkpoint::{self, Position, State};
use crate::train::events::{EvalReport, Grader, Reporter, SkipReport};
use crate::train::schedule::learning_rate;
use crate::train::trainer::{Step, Trainer};

/// Maximum number of consecutive steps that [`NonFinite::Skip`] skips; one more ends the run.
const MOST_SKIPPED: u64 = 10;

/// The inputs of a run.
#[derive(Debug)]
pub struct RunPlan<'a> {
    /// The training section of the recipe.
    pub config: &'a TrainingSpec,
    /// Records to train on.
    pub train: &'a dyn Records,
    /// Validation records; may be empty.
    pub validation: &'a dyn Records,
    /// The base, recorded with every adapter.
    pub base: &'a BaseRef,
    /// The folder for checkpoints.
    pub checkpoints: &'a Path,
    /// Digests of the run's inputs, which a checkpoint keeps (see [`State::digests`]).
    pub digests: &'a BTreeMap<String, String>,
    /// Set by the caller to end the run: after the current step, or within it if the trainer is [`Trainer::stopped_by`] it.
    pub stop: &'a AtomicBool,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps were made.
    Complete,
    /// No better evaluation within the recipe's patience (early stopping).
    Patience,
    /// The caller stopped it.
    Stopped,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Steps made.
    pub step: u64,
    /// Steps planned.
    pub total: u64,
    /// Why it ended.
    pub end: End,
    /// The best evaluations; empty if nothing is evaluated.
    pub best: Best,
    /// The step whose adapter the trainer holds.
    pub adapter_step: u64,
}

/// The state of the loop between two steps.
struct Loop<'a, 'p> {
    plan: &'a RunPlan<'p>,
    best: Best,
    evaluated: bool,
    skipped_in_a_row: u64,
    seen: u64,
    /// The step of the last checkpoint, and whether it was evaluated.
    saved: Option<(u64, bool)>,
}

/// Trains to the end, or until it is stopped. The trainer then holds the best adapter if the recipe asks for it and the run
/// was not stopped, else the last.
///
/// # Errors
/// Errors of a step, a checkpoint, the grader or the reporter. Checkpoints written before remain.
pub fn run(
    trainer: &mut Trainer,
    plan: &RunPlan,
    start: Option<State>,
    mut grader: Option<&mut dyn Grader>,
    reporter: &mut dyn Reporter,
) -> Result<Outcome> {
    let RunPlan { config, train, validation, stop, .. } = plan;
    check(plan, grader.is_some())?;
    let records = config.total_records(train.len());
    let ranks = grader.is_some() || !validation.is_empty();
    let mut order = Order::new(train.len(), config.seed);
    let mut state = Loop::new(plan, start);
    // Counted from here: where a run is resumed with more epochs than it began with, the step that was its last may have
    // had fewer records than the others.
    let total = trainer.steps() + records.saturating_sub(state.seen).div_ceil(config.effective_batch as u64);
    let ended = |state: &Loop, step: u64| {
        if step >= total {
            Some(End::Complete)
        } else if config.patience.is_some_and(|p| state.best.evaluations_since >= p) {
            Some(End::Patience)
        } else {
            None
        }
    };
    let due = |step: u64| ranks && (step.is_multiple_of(config.eval_steps) || step == total);
    let mut undone = false;
    if !state.evaluated && due(trainer.steps()) {
        // The baseline before the first step; or the evaluation that a stop left undone.
        let kept = state.evaluate(trainer, &mut grader, reporter)?;
        debug_assert!(kept != Some(true) || trainer.steps() > 0, "nothing is trained yet");
        state.save(trainer, reporter)?;
        undone = kept.is_none();
    }
    let end = loop {
        let step = trainer.steps();
        if undone {
            break End::Stopped;
        }
        if let Some(end) = ended(&state, step) {
            break end;
        }
        let window = state.seen..(state.seen + config.effective_batch as u64).min(records);
        let seen = window.end;
        let examples: Vec<Example> = order.at(window).into_iter().map(|i| train.get(i)).collect();
        if !state.step(trainer, &examples, total, reporter)? {
            state.save(trainer, reporter)?;
            break End::Stopped;
        }
        state.seen = seen;
        let step = trainer.steps();
        let mut stopping = stop.load(Ordering::Relaxed) && (step < total || due(step));
        state.evaluated = false;
        let mut kept = false;
        if due(step) && !stopping {
            match state.evaluate(trainer, &mut grader, reporter)? {
                Some(best) => kept = best,
                None => stopping = true,
            }
        }
        // The best adapters are always on disk: one of them is loaded at the end.
        let last = ended(&state, step).is_some();
        if step.is_multiple_of(config.save_steps) || kept || last || stopping {
            state.save(trainer, reporter)?;
        }
        if stopping {
            break End::Stopped;
        }
    };
    let step = trainer.steps();
    let best = state.best;
    let load_best = config.load_best_at_end && end != End::Stopped;
    let adapter_step = match best.first().filter(|best| load_best && best.step != step) {
        Some(best) => {
            load_adapter(trainer, plan, best.step)?;
            best.step
        }
        None => step,
    };
    Ok(Outcome { step, total, end, best, adapter_step })
}

/// Refuses a plan that cannot be carried out.
fn check(plan: &RunPlan, graded: bool) -> Result<()> {
    if plan.train.is_empty() {
        return Err(EngineError::unsupported("There are no records to train on"));
    }
    if plan.config.best_metric == Metric::Score && !graded {
        return Err(EngineError::unsupported("The best checkpoint is to be found by score, and nothing is graded"));
    }
    Ok(())
}

/// Gives the trainer the adapter of a checkpoint; its steps and its optimizer stay as they are.
fn load_adapter(trainer: &mut Trainer, plan: &RunPlan, checkpoint_step: u64) -> Result<()> {
    let path = plan.checkpoints.join(checkpoint::folder_name(checkpoint_step));
    let loaded = checkpoint::load(&path, &trainer.base().config, plan.base)?;
    let (optimizer, step) = (trainer.optimizer.clone(), trainer.steps());
    trainer.restore(loaded.adapter.params, optimizer, step);
    Ok(())
}

impl<'a, 'p> Loop<'a, 'p> {
    /// The state before the first step, or where a checkpoint left it.
    fn new(plan: &'a RunPlan<'p>, start: Option<State>) -> Self {
        match start {
            Some(State { step, best, evaluated, skipped_in_a_row, position, .. }) => {
                let (seen, saved) = (position.seen(plan.train.len()), Some((step, evaluated)));
                Self { plan, best, evaluated, skipped_in_a_row, seen, saved }
            }
            None => Self { plan, best: Best::default(), evaluated: false, skipped_in_a_row: 0, seen: 0, saved: None },
        }
    }

    /// Makes a step; returns whether it was made, not stopped.
    fn step(
        &mut self,
        trainer: &mut Trainer,
        examples: &dyn Records,
        total: u64,
        reporter: &mut dyn Reporter,
    ) -> Result<bool> {
        let config = self.plan.config;
        let begin = Instant::now();
        let step = trainer.steps();
        match trainer.attempt(examples, learning_rate(config, step, total))? {
            Step::Done(mut report) => {
                report.total = total;
                self.skipped_in_a_row = 0;
                reporter.step(&report)?;
            }
            Step::Stopped => return Ok(false),
            Step::NotFinite(problem) => {
                if config.non_finite == NonFinite::Stop {
                    return Err(trainer.fault(problem));
                }
                self.skipped_in_a_row += 1;
                if self.skipped_in_a_row > MOST_SKIPPED {
                    let problem = format!("{problem}, after {MOST_SKIPPED} steps in a row that were skipped for such");
                    return Err(trainer.fault(problem));
                }
                trainer.skip();
                let skipped = trainer.steps() - trainer.optimizer.updates;
                let seconds = begin.elapsed().as_secs_f64();
                reporter.skipped(&SkipReport { step: step + 1, total, problem, skipped, seconds })?;
            }
        }
        Ok(true)
    }

    /// Evaluates the current adapter; returns whether its checkpoint is to be kept, `None` when it was stopped.
    fn evaluate(
        &mut self,
        trainer: &mut Trainer,
        grader: &mut Option<&mut dyn Grader>,
        reporter: &mut dyn Reporter,
    ) -> Result<Option<bool>> {
        let RunPlan { config, validation, .. } = self.plan;
        let step = trainer.steps();
        let begin = Instant::now();
        let loss = trainer.evaluate(*validation)?;
        if trainer.stopped() {
            return Ok(None);
        }
        let (mean, accuracy) = (loss.mean(), loss.accuracy());
        if !validation.is_empty() && !mean.is_finite() {
            let problem = format!("The validation loss is {mean}");
            return Err(EngineError::Training { step, updates: trainer.optimizer.updates, problem });
        }
        let seconds = begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        let graded = match grader {
            Some(grader) => debug_span!("grade", step).in_scope(|| grader.grade(trainer.model(), step))?,
            None => None,
        };
        if trainer.stopped() {
            return Ok(None);
        }
        let score_seconds = begin.elapsed().as_secs_f64();
        let value = match config.best_metric {
            Metric::EvalLoss => (!validation.is_empty()).then_some(mean),
            Metric::TokenAccuracy => (!validation.is_empty()).then_some(accuracy),
            Metric::Score => graded.map(|graded| graded.credit),
        };
        // Before the first step the adapter equals the base: a baseline, not a candidate.
        let place = value
            .filter(|_| step > 0)
            .and_then(|value| self.best.offer(step, value, config.keep_best.max(1), config.greater_is_better()));
        self.evaluated = true;
        reporter.evaluated(&EvalReport {
            step,
            loss: mean,
            token_accuracy: accuracy,
            graded,
            place,
            seconds,
            score_seconds,
        })?;
        Ok(Some(place.is_some()))
    }

    /// Saves a checkpoint, unless the last one is the same; before the first step there is nothing to save.
    fn save(&mut self, trainer: &Trainer, reporter: &mut dyn Reporter) -> Result<()> {
        let RunPlan { config, train, base, checkpoints, digests, .. } = self.plan;
        let step = trainer.steps();
        if step == 0 || self.saved == Some((step, self.evaluated)) {
            return Ok(());
        }
        let _span = debug_span!("checkpoint", step).entered();
        reporter.saving(step)?;
        let state = State {
            format: checkpoint::FORMAT,
            step,
            updates: trainer.optimizer.updates,
            skipped_in_a_row: self.skipped_in_a_row,
            position: Position::after(self.seen, train.len()),
            seed: config.seed,
            evaluated: self.evaluated,
            best: self.best.clone(),
            digests: (*digests).clone(),
        };
        let path = checkpoint::save(checkpoints, trainer, base, &state)?;
        // Old checkpoints are removed only after the new one is complete.
        let keep: Vec<u64> = self.best.steps().chain([step]).collect();
        checkpoint::keep_only(checkpoints, &keep)?;
        self.saved = Some((step, self.evaluated));
        reporter.checkpoint(step, &path)
    }
}
