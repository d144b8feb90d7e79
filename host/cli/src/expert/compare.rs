//! `hive expert compare`: evaluates candidates on the same prompts; recipes are trained first, on
//! the same data.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use hive_data::datasets::fixed_fields;
use hive_eval::Candidate;
use hive_runtime::opened::OpenExpert;
use hive_train::receipt::Receipt;
use hive_train::recipe::{Effective, resolve};
use hive_train::run_folder::RunFolder;
use hive_train::run_record::TrainRequest;
use hive_train::setup::set_up;
use hive_train::train::{RunPlace, TrainEnd, train};
use serde_json::json;

use super::super::columns::heading;
use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::numbers::{MOST_STEPS, whole};
use super::super::output::{json_text, note, result};
use super::super::train_progress::TrainProgress;
use super::eval_args::{EvalArgs, STOPPING, candidate, table, write};
use crate::context::Environment;

/// Folder of all comparisons, below the current folder.
const COMPARISONS: &str = "comparisons";

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
    /// Recipe to train and compare: a named one (`before`, `external`, `llama-factory`,
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
        let mut candidates = Vec::new();
        for adapter in &self.adapters {
            let (name, source) = adapter.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                Failure::misuse(format!("`--adapter {adapter}` is not of the form `NAME=SOURCE`"))
                    .hint("such as `--adapter ours=runs/NAME-1`")
            })?;
            candidates.push(candidate(env, name, source, &self.name)?);
        }
        // Invalid arguments are reported before anything trains.
        let suite = self.args.suite(&open)?;
        let base = self.args.base_id(&open, &candidates)?;
        let mut names: Vec<String> = candidates.iter().map(|c| c.name.clone()).collect();
        names.extend(self.recipes.iter().map(|recipe| run_name(recipe)));
        names.push("base".to_owned());
        names.sort_unstable();
        if let Some([same, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Failure::misuse(format!("Two candidates are called `{same}`"))
                .hint("`--adapter OTHER=SOURCE` gives one another name; `base` is the base model")
                .into());
        }
        let folder = self.out.clone().unwrap_or_else(|| RunFolder::next(Path::new(COMPARISONS), &self.name));
        let place = folder.join("compare.json");
        let stop = on_interrupt(STOPPING)?;
        for recipe in &self.recipes {
            match self.trained((env, &open), recipe, &base, &folder, &stop)? {
                Some(candidate) => candidates.push(candidate),
                None => return self.stopped(&folder),
            }
        }
        let Some(report) = self.args.hold(&open, (suite, &base), candidates, Some(&place), &stop)? else {
            return self.stopped(&folder);
        };
        let page = write(&report, &folder, "compare")?;
        if self.json {
            return result(&json_text(&report)?);
        }
        let mut lines = table(&report);
        lines.push(format!("\nComparison: {}", page.display()));
        result(&lines.join("\n"))
    }

    fn stopped(&self, folder: &Path) -> CommandResult {
        note(&format!("Resume with the same command and `--out {}`", folder.display()));
        if self.json { result(&json!({"stopped": true}).to_string()) } else { Ok(()) }
    }

    /// The run of a recipe: finished earlier, resumed, or new; `None` when stopped.
    fn trained(
        &self,
        (env, open): (&Environment, &OpenExpert),
        recipe: &str,
        base: &str,
        folder: &Path,
        stop: &AtomicBool,
    ) -> CommandResult<Option<Candidate>> {
        // Its answers are evaluated here, so training does not grade any.
        let mut sets = vec!["training.graded_eval_prompts=0".to_owned(), "data.graded_prompts=0".to_owned()];
        sets.push(format!("base_model={}", json!(base)));
        sets.extend(self.steps.map(|steps| format!("training.steps={steps}")));
        sets.extend(self.sets.iter().cloned());
        let layers = env.layers(vec![recipe.to_owned()], sets);
        let Effective { recipe: effective, origins } = resolve(open.expert.manifest_json(), &layers)?;
        let options = self.args.flags.options(open.expert.manifest())?;
        let (datasets, map) = (self.dataset.clone(), self.map.clone());
        let fields = fixed_fields(&self.fields, &open.expert.manifest().dataset.fields)?;
        let request = TrainRequest { recipe: effective, origins, datasets, map, fields, options };
        let name = run_name(recipe);
        let path = folder.join("recipes").join(&name);
        note(&format!("{} {name}: {}", heading("recipe"), path.display()));
        let run = RunFolder::open(&path);
        let mut progress = TrainProgress::stderr();
        let receipt = Receipt::read(&run)?;
        if let Some(receipt) = &receipt {
            let Some(setup) = set_up(open, &request, stop, &mut progress)? else {
                progress.close();
                return Ok(None);
            };
            progress.close();
            if receipt.digests == setup.digests {
                note(&format!("{} {name} was trained before, on the same data", heading("recipe")));
                return Ok(Some(Candidate::of_run(&name, &path, &self.name)?));
            }
            return Err(Failure::misuse(format!("`{}` holds a different run", path.display()))
                .hint("remove it, or give another `--out`")
                .into());
        }
        let place = if path.join("run.json").is_file() {
            RunPlace::Resume { path: path.clone(), force: false }
        } else {
            RunPlace::New(path.clone())
        };
        let end = train(open, &request, &place, stop, &mut progress);
        progress.close();
        match end? {
            TrainEnd::Done(..) | TrainEnd::AlreadyDone(..) => Ok(Some(Candidate::of_run(&name, &path, &self.name)?)),
            TrainEnd::Stopped(..) | TrainEnd::StoppedBefore => Ok(None),
        }
    }
}

/// The name of a recipe's run: the recipe's name, or that of its file.
fn run_name(recipe: &str) -> String {
    Path::new(recipe).file_stem().map_or_else(|| recipe.to_owned(), |name| name.to_string_lossy().into_owned())
}
