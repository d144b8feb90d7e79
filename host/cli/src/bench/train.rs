//! `hive bench train`: times optimizer steps; no plugin is needed.

mod adapter;
mod batch_file;
mod result;
mod steps;
mod timed;

use std::path::PathBuf;

use clap::Args;
use hive_engine::EngineError;
use hive_engine::adapter::peft::{self, BaseRef};
use hive_engine::train::Trainer;
use hive_engine::weights::decoder::Decoder;
use hive_runtime::base::Base;

use super::check_length;
use crate::arch::Arch;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::result;
use crate::pull_progress::PullProgress;
use adapter::AdapterArgs;
use batch_file::read_batch;
use steps::StepArgs;
use timed::{Timed, on_file, on_noise};

/// `hive bench train`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("model").args(["base", "arch"]).required(true))]
pub struct BenchTrain {
    /// Base model: a catalogue id, a folder or a GGUF file
    #[arg(long)]
    base: Option<String>,
    /// Use random weights of this shape instead of a base model
    #[arg(long)]
    arch: Option<Arch>,
    #[command(flatten)]
    shape: AdapterArgs,
    #[command(flatten)]
    steps: StepArgs,
    /// Start from this PEFT adapter folder; its method, rank, alpha and targets are used
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Train on this batch instead of random tokens: safetensors with `input_ids`, `labels` (-100:
    /// no loss, not shifted) and `attention_mask`, i64 [rows, tokens]
    #[arg(long)]
    batch_file: Option<PathBuf>,
    /// Write the trained adapter to this folder
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print one JSON line
    #[arg(long)]
    json: bool,
}

impl BenchTrain {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        if self.batch_file.is_none() {
            self.steps.check_micro_batch()?;
        }
        self.shape.check_targets()?;
        let (decoder, reference) = self.base(env)?;
        if self.batch_file.is_none() {
            check_length(&decoder.config, "`--seq` asks for", self.steps.seq)?;
        }
        let adapter = match &self.adapter {
            Some(folder) => self.shape.loaded(folder, &decoder, &reference)?,
            None => self.shape.fresh(&decoder, self.steps.seed)?,
        };
        let trainable = adapter.params.len();
        let mut trainer = Trainer::new(&decoder, adapter, self.steps.spec())?;
        let timed = self.timed(&mut trainer)?;
        if let Some(out) = &self.out {
            std::fs::create_dir_all(out).map_err(|e| EngineError::io("create", out, e))?;
            peft::save(out, &trainer.adapter, &reference)?;
        }
        result(&result::text(&timed, trainable, self.json))
    }

    fn base(&self, env: &Environment) -> CommandResult<(Decoder, BaseRef)> {
        if let Some(base) = &self.base {
            let base = Base::open(&env.context, base, &mut PullProgress::on(env.screen))?;
            return Ok((base.decoder, base.reference));
        }
        let arch = self.arch.unwrap_or(Arch::SmolLm2);
        let seed = self.steps.seed;
        Ok((Decoder::random(&arch.config(), seed)?, arch.reference(seed)))
    }

    fn timed(&self, trainer: &mut Trainer) -> CommandResult<Timed> {
        let Some(path) = &self.batch_file else {
            let vocab = trainer.base().config.vocab_size;
            return on_noise(&self.steps, trainer, vocab);
        };
        let batch = read_batch(path)?;
        let longest = batch.iter().map(|example| example.ids.len()).max().unwrap_or(0);
        check_length(&trainer.base().config, "The longest row of `--batch-file` has", longest)?;
        on_file(&self.steps, trainer, &batch)
    }
}
