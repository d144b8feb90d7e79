//! Timed optimizer steps, on a given batch or on random tokens.

use hive_engine::data::Example;
use hive_engine::network::flops::training_flops;
use hive_engine::ops::dropout::key;
use hive_engine::train::Trainer;

use super::steps::StepArgs;
use crate::error::CommandResult;

/// What the steps took and reached.
#[derive(Debug, Default)]
pub(super) struct Timed {
    /// Tokens of a step.
    pub(super) tokens: usize,
    /// Useful floating-point operations per step.
    pub(super) flops: f64,
    /// The loss of each step.
    pub(super) losses: Vec<f64>,
    /// The duration of each timed step.
    pub(super) seconds: Vec<f64>,
}

/// The loss before every update and after the last.
///
/// # Errors
/// When a step fails.
pub(super) fn on_file(args: &StepArgs, trainer: &mut Trainer, batch: &[Example]) -> CommandResult<Timed> {
    let examples: Vec<&Example> = batch.iter().collect();
    let mut timed = Timed { tokens: batch.iter().map(|e| e.ids.len()).sum(), ..Timed::default() };
    timed.flops = training_flops(&trainer.base().config, &trainer.adapter, &examples);
    for step in 0..args.steps {
        let report = trainer.step(&examples, args.lr)?;
        timed.losses.push(report.loss);
        if step > 0 || args.steps == 1 {
            timed.seconds.push(report.seconds);
        }
    }
    timed.losses.push(trainer.evaluate(&examples)?.mean());
    Ok(timed)
}

/// Random tokens; the first step is an untimed warm-up.
///
/// # Errors
/// When a step fails.
pub(super) fn on_noise(args: &StepArgs, trainer: &mut Trainer, vocab: usize) -> CommandResult<Timed> {
    let records = args.batch * args.accum;
    let mut timed = Timed { tokens: records * args.seq, ..Timed::default() };
    let prompt = (args.prompt_frac * args.seq as f64) as usize;
    for step in 0..=args.steps {
        let examples: Vec<Example> = (0..records as u64)
            .map(|r| {
                let id = |t| (key(&[args.seed, step, r, t]) % vocab as u64) as u32;
                Example::new((0..args.seq as u64).map(id).collect(), prompt, r)
            })
            .collect();
        let examples: Vec<&Example> = examples.iter().collect();
        let report = trainer.step(&examples, args.lr)?;
        timed.flops = training_flops(&trainer.base().config, &trainer.adapter, &examples);
        if step > 0 {
            timed.losses.push(report.loss);
            timed.seconds.push(report.seconds);
        }
    }
    Ok(timed)
}
