//! `hive expert plan`: what a training run would do and cost, without training.

use std::path::PathBuf;

use clap::Args;
use hive_engine::model::decoder::Decoder;
use hive_engine::train::Trainer;
use serde_json::{Map, json};

use super::super::arch::Arch;
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::output::{note, result};
use super::super::plan_text::{rows, table};
use super::super::train_progress::TrainProgress;
use super::train::options;
use crate::experts::engine_config::train_config;
use crate::experts::plan::{Noise, Parts, Plan as Planned};
use crate::experts::recipe::{Effective, Layers, resolve};
use crate::experts::run_record::TrainRequest;
use crate::experts::setup::{fresh_adapter, set_up};

/// Seed of the weights of `--arch`.
const SEED: u64 = 0;

/// Show what training would do: the recipe with origins, parameters, steps, time and memory
#[derive(Debug, Args)]
pub struct Plan {
    /// Name of the expert
    name: String,
    /// A named recipe (`before`, `external`, `llama-factory`, `optimized`), one of the manifest's
    /// profiles (such as `quickstart`), or a TOML file; may be given several times, the last wins
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Plan for this data, as `hive expert train --dataset` takes it
    #[arg(long, value_name = "FILE")]
    dataset: Vec<PathBuf>,
    /// Which column of the files holds which field
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Option<String>,
    /// A PostgreSQL server to judge records on, instead of the embedded one
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Base model instead of the recipe's
    #[arg(long)]
    base: Option<String>,
    /// Number of optimizer steps instead of the recipe's
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Set a key of the recipe; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Plan for random weights of this shape and records of noise: needs neither base nor data
    #[arg(long, conflicts_with_all = ["base", "dataset", "map"])]
    arch: Option<Arch>,
    /// With --arch: training records
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 5000)]
    records: usize,
    /// With --arch: records held out
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 250)]
    held_out: usize,
    /// With --arch: tokens per record
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 250, value_parser = clap::value_parser!(u32).range(2..))]
    record_tokens: u32,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    /// Runs it.
    ///
    /// # Errors
    /// What the recipe, the data or the base says.
    pub fn run(self) -> anyhow::Result<()> {
        let open = load_expert(&self.name)?;
        let mut sets = self.sets.clone();
        sets.extend(self.base.as_ref().map(|base| format!("base_model={}", json!(base))));
        sets.extend(self.steps.map(|steps| format!("training.steps={steps}")));
        let layers = Layers { profiles: self.profile.clone(), file: Some(PathBuf::from("hive.toml")), sets };
        let Effective { recipe, origins } = resolve(open.expert.manifest_json(), &layers)?;
        let (datasets, map) = (self.dataset.clone(), self.map.clone());
        let options: Map<_, _> = options(self.database_url.as_deref());
        let request = TrainRequest { recipe, origins, datasets, map, options };
        let plan = if let Some(arch) = self.arch {
            self.without_data(arch, &request)?
        } else {
            let stop = on_interrupt("\nStopping after the records in hand; Ctrl-C again ends at once")?;
            let mut progress = TrainProgress::stderr();
            let setup = set_up(&open, &request, &stop, &mut progress);
            progress.close();
            let Some(setup) = setup? else {
                note("Stopped; what was judged is kept");
                return Ok(());
            };
            let adapter = setup.fresh_adapter(&request)?;
            let mut trainer = Trainer::new(&setup.base.decoder, adapter, setup.config.clone())?;
            Planned::new(&request, &setup, &mut trainer, None, None)?
        };
        if self.json {
            return result(&serde_json::to_string_pretty(&plan)?);
        }
        let mut lines: Vec<String> = rows(&plan).into_iter().map(|(name, text)| format!("{name:>10} {text}")).collect();
        lines.push(String::new());
        lines.extend(table(&plan));
        result(&lines.join("\n"))
    }

    fn without_data(&self, arch: Arch, request: &TrainRequest) -> anyhow::Result<Planned> {
        let config = train_config(&request.recipe.training);
        let decoder = Decoder::random(&arch.config(), SEED)?;
        let adapter = fresh_adapter(&request.recipe, &decoder)?;
        let mut trainer = Trainer::new(&decoder, adapter, config.clone())?;
        let tokens = (self.record_tokens as usize).min(request.recipe.training.max_seq_len);
        // Three quarters of a record are prompt, about as in text-to-SQL.
        let noise = |records| Noise { records, tokens, prompt: tokens * 3 / 4, vocab: decoder.config.vocab_size };
        let (train, held) = (noise(self.records), noise(self.held_out));
        let all = (self.records * tokens) as u64;
        let parts = Parts {
            base: &arch.reference(SEED),
            train: &train,
            held: &held,
            too_long: (0, 0),
            tokens: (all, (self.records * (tokens - tokens * 3 / 4)) as u64),
            config: &config,
            start: None,
            folder: None,
        };
        Ok(Planned::of(request, &parts, &mut trainer)?)
    }
}
