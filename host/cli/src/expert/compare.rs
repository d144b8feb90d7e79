//! `hive expert compare`: evaluates candidates on the same prompts; recipes are trained first, on
//! the same data.

mod candidates;
mod recipe;

use std::path::{Path, PathBuf};

use clap::Args;
use hive_train::run_folder::RunFolder;
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt_save;
use super::super::loading::load_expert;
use super::super::numbers::{MOST_STEPS, whole};
use super::super::output::{json_text, result};
use super::eval_args::EvalArgs;
use super::eval_report::{table, write};
use super::evaluation::{STOPPING, evaluate};
use crate::answering::COMPARISONS;
use crate::context::Environment;
use crate::ended::Interrupted;
use recipe::trained;

/// Shown below the options.
const AFTER_HELP: &str = "\
Each `--recipe` is first trained on the same data, into the comparison's folder: an existing run
is resumed, or reused when it is finished and nothing has changed. `--set` and `--steps` apply to
all of them: `--steps 150` gives each the same budget.";

/// Compare candidates side by side: adapters, and recipes that are trained first
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Compare {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    /// Candidate: a run folder, a PEFT folder, or `hub:OWNER/NAME`; may be repeated
    #[arg(long = "adapter", value_name = "NAME=SOURCE")]
    adapters: Vec<String>,
    /// Recipe to train and compare: a named one (`small`, `before`, `external`, `llama-factory`,
    /// `optimized`), a profile of the manifest, or a TOML file; may be repeated
    #[arg(long = "recipe", value_name = "NAME", num_args = 1..)]
    recipes: Vec<String>,
    /// With --recipe: train on this data set instead of the expert's own data; may be repeated
    #[arg(long, value_name = "FILE", requires = "recipes")]
    dataset: Vec<PathBuf>,
    /// With --dataset: map fields to columns
    #[arg(long, value_name = "FIELD=COLUMN,…", requires = "dataset")]
    map: Option<String>,
    /// With --dataset: set a field in every record that lacks it; may be repeated
    #[arg(long = "field", value_name = "FIELD=VALUE", requires = "dataset")]
    fields: Vec<String>,
    /// With --recipe: number of optimizer steps of each run
    #[arg(long, value_name = "N", requires = "recipes", allow_negative_numbers = true, value_parser = whole::<u64>(1..=MOST_STEPS))]
    steps: Option<u64>,
    /// With --recipe: set a key of every recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "recipes")]
    sets: Vec<String>,
    #[command(flatten)]
    args: EvalArgs,
    /// Folder for runs and report [default: the next free `comparisons/NAME-N`]. An existing one is
    /// resumed
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of training or the evaluation.
    pub fn run(self, env: &Environment) -> CommandResult {
        if self.adapters.is_empty() && self.recipes.is_empty() {
            return Err(Failure::misuse("There is nothing to compare the base with")
                .hint("`--adapter ours=RUN` takes a run, `--adapter other=DIR` any PEFT folder; `--recipe before` trains one")
                .into());
        }
        let open = load_expert(env, &self.name)?;
        let mut candidates = candidates::adapters(&self, env)?;
        // Invalid arguments are reported before anything trains.
        let suite = self.args.suite(&open)?;
        let base = self.args.base_id(env, &open, &candidates)?;
        candidates::check_names(&self, &candidates)?;
        let folder = self.out.clone().unwrap_or_else(|| RunFolder::next(Path::new(COMPARISONS), &self.name));
        let place = folder.join("compare.json");
        let again = format!("Stopped at once; resume with the same command and `--out {}`", folder.display());
        let interrupt = on_interrupt_save(STOPPING, again);
        let stop = &interrupt.stop;
        for recipe in &self.recipes {
            match trained(&self, env, &open, recipe, &base, &folder, &interrupt)? {
                Some(candidate) => candidates.push(candidate),
                None => return self.stopped(&folder),
            }
        }
        let Some(report) = evaluate(&self.args, (env, &open), (suite, &base), candidates, Some(&place), stop)? else {
            return self.stopped(&folder);
        };
        let page = write(&report, &folder, "compare")?;
        if self.json {
            return result(&json_text(&report)?);
        }
        let mut lines = table(&report, env.screen);
        lines.push(format!("\nComparison: {}", page.display()));
        result(&lines.join("\n"))
    }

    fn stopped(&self, folder: &Path) -> CommandResult {
        if self.json {
            result(&json!({"stopped": true}).to_string())?;
        }
        let folder = folder.display();
        Err(Interrupted(format!("Stopped; resume with the same command and `--out {folder}`")).into())
    }
}
