//! What a run will do and its cost: steps, parameters, and time and memory measured by a short
//! probe on this machine. Nothing is trained here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hive_engine::adapter::AdapterScales;
use hive_engine::adapter::peft::BaseRef;
use hive_engine::data::{Batching, Example, Records};
use hive_engine::network::pass::Pass;
use hive_engine::train::checkpoint::{self, State};
use hive_engine::train::trainer::evaluate;
use hive_engine::train::{Trainer, TrainingSpec};
use hive_engine::weights::Module;
use hive_errors::{counted, grouped};
use hive_files::free_bytes;
use hive_sdk::manifest::Recipe;
use serde::Serialize;

use super::TrainError;
use super::memory::{available_mb, memory_mb};
use super::recipes::SMALL;
use super::run_record::TrainRequest;
use super::setup::Setup;

/// Below this number of steps, a run seldom learns.
const FEW_STEPS: u64 = 20;

/// Minimum number of tokens for the probe.
const PROBE_TOKENS: usize = 256;

/// The plan of a run, for the user to read.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The base model.
    pub base: BaseRef,
    /// Number of base model parameters.
    pub base_parameters: usize,
    /// Number of adapter parameters.
    pub trainable: usize,
    /// Adapted layers and parameters per module.
    pub modules: Vec<ModuleShare>,
    /// The recipe.
    pub recipe: Recipe,
    /// The origin of each of its values.
    pub origins: BTreeMap<String, String>,
    /// Number of training records, and of records dropped as too long.
    pub train: (usize, usize),
    /// Number of validation records, and of records dropped as too long.
    pub validation: (usize, usize),
    /// Tokens of the training records, and how many of them carry loss.
    pub tokens: (u64, u64),
    /// Tokens of the longest record.
    pub longest: usize,
    /// Optimizer steps.
    pub steps: u64,
    /// Warm-up steps among them.
    pub warmup: u64,
    /// Steps completed before, in a resumed run.
    pub resumed_at: u64,
    /// Estimated cost.
    pub estimate: Estimate,
    /// Warnings: what will not fit, or may have an unexpected effect.
    pub concerns: Vec<String>,
    /// The run folder, if any.
    pub folder: Option<PathBuf>,
}

/// One kind of linear layer with adapters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleShare {
    /// `q_proj`
    pub module: &'static str,
    /// Number of layers.
    pub layers: usize,
    /// Number of adapter parameters.
    pub parameters: usize,
}

/// Time and memory, measured by a probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Training throughput in tokens per second.
    pub tokens_per_s: f64,
    /// Seconds of an average step.
    pub step_seconds: f64,
    /// Seconds of one evaluation of the validation loss.
    pub eval_seconds: f64,
    /// Seconds of all remaining steps and evaluations, without graded answers.
    pub seconds: f64,
    /// Peak memory in MB, where the system reports it.
    pub memory_mb: Option<u64>,
    /// Available memory in MB, including what this process uses, where the system reports it.
    pub available_mb: Option<u64>,
    /// Bytes of all checkpoints.
    pub checkpoint_bytes: u64,
    /// Free bytes on the disk of the checkpoints, where the system reports it.
    pub free_bytes: Option<u64>,
}

/// The inputs of a plan.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The base model.
    pub base: &'a BaseRef,
    /// Training records.
    pub train: &'a dyn Records,
    /// Held-out records.
    pub held: &'a dyn Records,
    /// Numbers of records dropped as too long, of each.
    pub too_long: (usize, usize),
    /// Tokens of the training records, and how many of them carry loss.
    pub tokens: (u64, u64),
    /// The recipe's training section.
    pub config: &'a TrainingSpec,
    /// State of the run, when it is resumed.
    pub start: Option<&'a State>,
    /// The run folder.
    pub folder: Option<&'a Path>,
}

impl Plan {
    /// The plan of a run that has been set up.
    ///
    /// # Errors
    /// Errors of the probe.
    pub fn new(
        request: &TrainRequest,
        setup: &Setup,
        trainer: &mut Trainer,
        start: Option<&State>,
        folder: Option<&Path>,
    ) -> Result<Self, TrainError> {
        let parts = Parts {
            base: &setup.base.reference,
            train: &setup.train,
            held: &setup.held,
            too_long: (setup.train.too_long(), setup.held.too_long()),
            tokens: setup.train.total_tokens(),
            config: &setup.config,
            start,
            folder,
        };
        Self::of(request, &parts, trainer)
    }

    /// The plan for these inputs.
    ///
    /// # Errors
    /// Errors of the probe.
    pub fn of(request: &TrainRequest, parts: &Parts<'_>, trainer: &mut Trainer) -> Result<Self, TrainError> {
        let Parts { base, train, held, config, .. } = *parts;
        let total = config.total_steps(train.len());
        let lengths: Vec<usize> = (0..train.len()).map(|i| train.tokens(i)).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let estimate = estimate(parts, trainer, &lengths, total)?;
        let modules = Module::ALL
            .into_iter()
            .filter_map(|module| {
                let slots = trainer.adapter.slots().iter().filter(|slot| slot.site.module == module);
                let sizes: Vec<usize> =
                    slots.map(|s| s.a.len() + s.b.len() + s.m.as_ref().map_or(0, std::ops::Range::len)).collect();
                let (layers, parameters) = (sizes.len(), sizes.iter().sum());
                (layers > 0).then_some(ModuleShare { module: module.name(), layers, parameters })
            })
            .collect();
        let mut plan = Self {
            base: base.clone(),
            base_parameters: trainer.base().parameters(),
            trainable: trainer.adapter.params.len(),
            modules,
            recipe: request.recipe.clone(),
            origins: request.origins.clone(),
            train: (train.len(), parts.too_long.0),
            validation: (held.len(), parts.too_long.1),
            tokens: parts.tokens,
            longest,
            steps: total,
            warmup: config.warmup(total),
            resumed_at: parts.start.map_or(0, |s| s.step),
            estimate,
            concerns: Vec::new(),
            folder: parts.folder.map(Path::to_owned),
        };
        plan.concerns = plan.worries(&lengths);
        Ok(plan)
    }

    fn worries(&self, lengths: &[usize]) -> Vec<String> {
        let training = &self.recipe.training;
        let Estimate { memory_mb, available_mb, checkpoint_bytes, free_bytes, .. } = &self.estimate;
        let mut found = Vec::new();
        if let Some((needed, there)) = memory_mb.zip(*available_mb)
            && needed > there
        {
            found.push(format!(
                "about {} MB of memory are needed, {} MB are available: fewer `micro_batch_tokens` need less",
                grouped(needed),
                grouped(there)
            ));
        }
        if let Some(free) = free_bytes.filter(|free| free < checkpoint_bytes) {
            found.push(format!(
                "the checkpoints take {} MB, {} MB are free on their disk: a lower `keep_best` needs less",
                grouped(checkpoint_bytes.div_ceil(1_000_000)),
                grouped(free / 1_000_000)
            ));
        }
        let alone = lengths.iter().filter(|n| **n > training.micro_batch_tokens).count();
        if alone > 0 {
            found.push(format!(
                "longer than micro_batch_tokens = {}: {}; each is a forward pass of its own, and the longest ({} tokens) \
                 decides the memory",
                grouped(training.micro_batch_tokens as u64),
                counted(alone as u64, "record"),
                grouped(self.longest as u64)
            ));
        }
        let of_small = format!("recipe {SMALL}");
        let small = match self.origins.values().any(|origin| *origin == of_small) {
            true => String::new(),
            false => {
                let records = counted(self.train.0 as u64, "record");
                format!("; `--profile {SMALL}` sets batch, epochs, warm-up and learning rate for {records}")
            }
        };
        if self.steps > 0 && self.warmup >= self.steps {
            found.push(format!(
                "{} warm-up, so the full learning rate is never used: `--set warmup_ratio=0.1` warms up \
                 for a tenth{small}",
                if self.steps == 1 {
                    "the only step is".to_owned()
                } else {
                    format!("all {} steps are", grouped(self.steps))
                }
            ));
        } else if self.steps < FEW_STEPS {
            found.push(format!(
                "{} few: `--steps N` asks for more, `--set effective_batch=N` for smaller ones{small}",
                if self.steps == 1 { "1 step is".to_owned() } else { format!("{} steps are", self.steps) }
            ));
        }
        if self.validation.0 == 0 {
            found.push("no record is held out: there is no best checkpoint, the last one is used".into());
        } else if training.eval_steps > self.steps {
            found.push(format!(
                "eval_steps = {} is more than the run has ({}): the only evaluation is at the end",
                grouped(training.eval_steps),
                counted(self.steps, "step")
            ));
        }
        found
    }
}

fn estimate(parts: &Parts<'_>, trainer: &mut Trainer, lengths: &[usize], total: u64) -> Result<Estimate, TrainError> {
    let Parts { train, held, config, .. } = *parts;
    let before = memory_mb();
    // The longest records cost most per token, and determine the largest micro-batches.
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    let mut probe: Vec<Example> = Vec::new();
    let mut tokens = 0;
    for i in order {
        if tokens >= PROBE_TOKENS.min(config.micro_batch_tokens)
            || probe.len() >= config.micro_batch_records.unwrap_or(usize::MAX)
        {
            break;
        }
        tokens += lengths[i];
        probe.push(train.get(i));
    }
    // Twice, as the first pass also allocates its memory.
    let mut seconds = f64::INFINITY;
    for _ in 0..2 {
        let begin = Instant::now();
        trainer.gradients(&probe)?;
        seconds = begin.elapsed().as_secs_f64().min(seconds);
    }
    let per_token = seconds / tokens.max(1) as f64;
    let begin = Instant::now();
    AdapterScales::new(&trainer.adapter, trainer.base());
    let per_step = begin.elapsed().as_secs_f64();
    let mut pass = Pass::new();
    let mut seconds = f64::INFINITY;
    for _ in 0..2 {
        let begin = Instant::now();
        evaluate(&mut pass, trainer.model(), &probe, Batching::from_recipe(config))?;
        seconds = begin.elapsed().as_secs_f64().min(seconds);
    }
    let per_eval_token = seconds / tokens.max(1) as f64;
    drop(pass);

    let mean = parts.tokens.0 as f64 / train.len().max(1) as f64;
    let step_seconds = per_step + per_token * mean * config.effective_batch as f64;
    let held_tokens: usize = (0..held.len()).map(|i| held.tokens(i)).sum();
    let eval_seconds = per_eval_token * held_tokens as f64;
    let done = parts.start.map_or(0, |s| s.step);
    let left = total.saturating_sub(done);
    let evaluations = if held.is_empty() { 0 } else { total / config.eval_steps - done / config.eval_steps + 1 };
    // Buffers grow with the tokens of the largest micro-batch.
    let largest = lengths
        .iter()
        .copied()
        .max()
        .unwrap_or(0)
        .max(config.micro_batch_tokens.min(lengths.iter().sum()).min(mean as usize * config.effective_batch));
    let buffers = trainer.buffer_bytes() as f64 * largest as f64 / tokens.max(1) as f64;
    let memory = before.map(|mb| mb + (buffers / 1e6) as u64);
    let checkpoint = checkpoint::size(trainer.adapter.params.len());
    Ok(Estimate {
        tokens_per_s: 1.0 / per_token,
        step_seconds,
        eval_seconds,
        seconds: left as f64 * step_seconds + evaluations as f64 * eval_seconds,
        memory_mb: memory,
        available_mb: available_mb().map(|mb| mb + memory_mb().unwrap_or(0)),
        // The best, the latest, and one that is being written.
        checkpoint_bytes: checkpoint * (config.keep_best as u64 + 2),
        free_bytes: parts.folder.and_then(free_bytes),
    })
}

/// Records of random tokens, all of the same length: to plan without data.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// Number of records.
    pub records: usize,
    /// Tokens per record.
    pub tokens: usize,
    /// Tokens per record that carry no loss.
    pub prompt: usize,
    /// Upper bound of the ids, exclusive.
    pub vocab: usize,
}

impl Records for Noise {
    fn len(&self) -> usize {
        self.records
    }

    fn tokens(&self, _index: usize) -> usize {
        self.tokens
    }

    fn loss_tokens(&self, _index: usize) -> usize {
        self.tokens - self.prompt.clamp(1, self.tokens)
    }

    fn get(&self, index: usize) -> Example {
        let id = |t| (hive_engine::ops::dropout::key(&[index as u64, t]) % self.vocab as u64) as u32;
        Example::new((0..self.tokens as u64).map(id).collect(), self.prompt, index as u64)
    }
}
