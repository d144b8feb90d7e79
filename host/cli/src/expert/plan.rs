//! `hive expert plan`: what a training run would do, and its cost, without training.

use clap::Args;
use hive_engine::train::Trainer;
use hive_engine::weights::decoder::Decoder;
use hive_train::data::check_length;
use hive_train::plan::{Noise, Parts, Plan as Planned};
use hive_train::run_record::TrainRequest;
use hive_train::setup::{fresh_adapter, set_up};

use super::super::arch::Arch;
use super::super::columns::Table;
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::numbers::{MOST_RECORDS, MOST_TOKENS, whole};
use super::super::output::{json_text, result};
use super::super::plan_text::{rows, table};
use super::super::train_progress::TrainProgress;
use super::train_args::TrainArgs;
use crate::context::Environment;
use crate::ended::Interrupted;
use crate::error::CommandResult;

/// Seed of the random weights of `--arch`.
const SEED: u64 = 0;

/// Show what training would do: the recipe with origins, parameters, steps, time and memory
#[derive(Debug, Args)]
pub struct Plan {
    /// Name of the expert
    name: String,
    #[command(flatten)]
    args: TrainArgs,
    /// Plan with random weights of this shape and random records: needs neither base model nor data
    #[arg(long, conflicts_with_all = ["base", "dataset", "map", "fields"])]
    arch: Option<Arch>,
    /// With --arch: number of training records
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 5000, allow_negative_numbers = true, value_parser = whole::<usize>(1..=MOST_RECORDS))]
    records: usize,
    /// With --arch: number of held-out records
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 250, allow_negative_numbers = true, value_parser = whole::<usize>(0..=MOST_RECORDS))]
    held_out: usize,
    /// With --arch: tokens per record
    #[arg(long, value_name = "N", requires = "arch", default_value_t = 250, allow_negative_numbers = true, value_parser = whole::<u32>(2..=MOST_TOKENS))]
    record_tokens: u32,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of the recipe, the data or the base model.
    pub fn run(self, env: &Environment) -> CommandResult {
        let open = load_expert(env, &self.name)?;
        let mut request = self.args.request(env, &open)?;
        let plan = if let Some(arch) = self.arch {
            // The plan does not use the recipe's base model.
            request.recipe.base_model = arch.reference(SEED).id;
            request.origins.insert("base_model".to_owned(), "--arch".to_owned());
            self.without_data(arch, &request)?
        } else {
            let stop = on_interrupt("\nStopping after the records in hand; Ctrl-C again ends at once");
            let mut progress = TrainProgress::on(env.screen);
            let setup = set_up(&open, &request, &stop, &mut progress);
            progress.close();
            let Some(setup) = setup? else {
                return Err(
                    Interrupted("Stopped; judged records are kept, and the same command resumes".to_owned()).into()
                );
            };
            let adapter = setup.fresh_adapter()?;
            let mut trainer = Trainer::new(&setup.base.decoder, adapter, setup.config.clone())?;
            Planned::new(&setup.request, &setup, &mut trainer, None, None)?
        };
        if self.json {
            return result(&json_text(&plan)?);
        }
        let rows = rows(&plan).into_iter().map(|(name, text)| [format!("{name:>10}"), text]);
        let mut lines = Table::new(rows).close().wrapping(1).lines(Some(env.screen.result_width()));
        lines.push(String::new());
        lines.extend(table(&plan, env.screen.table_width()));
        result(&lines.join("\n"))
    }

    fn without_data(&self, arch: Arch, request: &TrainRequest) -> CommandResult<Planned> {
        check_length(&request.recipe, &arch.config(), &request.recipe.base_model)?;
        let config = request.recipe.training.clone();
        let decoder = Decoder::random(&arch.config(), SEED)?;
        let adapter = fresh_adapter(&request.recipe, &decoder)?;
        let mut trainer = Trainer::new(&decoder, adapter, config.clone())?;
        let tokens = (self.record_tokens as usize).min(request.recipe.training.max_seq_len);
        // Three quarters of a record are prompt, about as in the first expert.
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
