//! `hive expert train`: from data to a graded adapter.

use std::path::{Path, PathBuf};

use clap::Args;
use hive_engine::files::write_file;
use hive_engine::train::run::End;
use serde_json::json;

use super::super::error::Failure;
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::output::{note, result};
use super::super::train_progress::TrainProgress;
use super::what::{What, options};
use crate::experts::data::OpenExpert;
use crate::experts::evaluation::{Compared, Summary};
use crate::experts::grade::Scores;
use crate::experts::recipe::{Layers, changed};
use crate::experts::run_folder::RunFolder;
use crate::experts::run_record::{RunRecord, TrainRequest};
use crate::experts::train::{RunPlace, TrainEnd, run_to_resume, train};

/// Folder of all runs, below the current one.
pub(super) const RUNS: &str = "runs";

/// Shown below the options.
const AFTER_HELP: &str = "\
The recipe of a run is put together from, weakest first: the manifest, --profile, `hive.toml`,
variables such as HIVE_TRAINING__LEARNING_RATE, and --set. `hive expert schema` describes its keys,
`hive expert plan` shows what comes out. A run that goes on keeps its recipe: of these, only what
stands on the command line then counts.";

/// Train an expert's adapter
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Train {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    #[command(flatten)]
    what: What,
    /// Folder for the run; the next free `runs/NAME-N` unless given
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Go on from the last checkpoint of the run in this folder, or of the latest run
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with = "out")]
    resume: Option<Option<PathBuf>>,
    /// With --resume: go on although the recipe has changed, where it may change (epochs, steps, rates,
    /// how often to evaluate and save)
    #[arg(long, requires = "resume")]
    force_recipe: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Train {
    /// Runs it.
    ///
    /// # Errors
    /// What training says.
    pub fn run(self) -> anyhow::Result<()> {
        let expert = load_expert(&self.name)?;
        let (request, place) = match &self.resume {
            Some(run) => self.resumed(run.as_deref(), &expert)?,
            None => self.new_run(&expert)?,
        };
        let request = TrainRequest { options: options(self.what.database_url.as_deref()), ..request };
        let stop = on_interrupt("\nStopping after this step; Ctrl-C again ends at once, without saving")?;
        let mut progress = TrainProgress::stderr();
        let end = train(&expert, &request, &place, &stop, &mut progress);
        progress.close();
        match end? {
            TrainEnd::StoppedBefore => {
                note("Stopped before training; what was judged is kept, and the same command goes on");
                if self.json {
                    result(&json!({"stopped": true, "step": 0}).to_string())?;
                }
                Ok(())
            }
            TrainEnd::Stopped(outcome, folder) => {
                let path = folder.path().display();
                note(&format!(
                    "Stopped after step {} of {}; the checkpoint is in `{path}`",
                    outcome.step, outcome.total
                ));
                note(&format!("Go on with: {} expert train {} --resume {path}", spoken_name(), self.name));
                if self.json {
                    let text =
                        json!({"stopped": true, "step": outcome.step, "total": outcome.total, "run": folder.path()});
                    result(&text.to_string())?;
                }
                Ok(())
            }
            TrainEnd::Done(summary, outcome, folder) => {
                if outcome.end == End::Patience {
                    note(&format!(
                        "Ended after step {} of {}: no better evaluation for as long as `patience` waits",
                        outcome.step, outcome.total
                    ));
                }
                self.show(&summary, &folder)
            }
        }
    }

    fn new_run(&self, expert: &OpenExpert) -> anyhow::Result<(TrainRequest, RunPlace)> {
        let request = self.what.request(expert)?;
        let path = self.out.clone().unwrap_or_else(|| RunFolder::next(Path::new(RUNS), &self.name));
        if path.join("run.json").exists() {
            return Err(Failure::misuse(format!("`{}` holds a run already", path.display()))
                .hint(format!("`hive expert train {} --resume {}` goes on with it", self.name, path.display()))
                .into());
        }
        Ok((request, RunPlace::New(path)))
    }

    /// A run's own request, with the changes that this command line asks for.
    fn resumed(&self, run: Option<&Path>, expert: &OpenExpert) -> anyhow::Result<(TrainRequest, RunPlace)> {
        let path = run_to_resume(run, Path::new(RUNS), &self.name).ok_or_else(|| {
            Failure::misuse(format!("There is no run of `{}` below `{RUNS}` to go on with", self.name))
                .hint(format!("`hive expert train {}` starts one", self.name))
        })?;
        let mut request = RunRecord::read_of(&path, &self.name)?.request;
        let layers = Layers { profiles: self.what.profile.clone(), file: None, sets: self.what.sets() };
        let now = changed(expert.expert.manifest_json(), (&request.recipe, &request.origins), &layers)?;
        (request.recipe, request.origins) = (now.recipe, now.origins);
        if !self.what.dataset.is_empty() {
            request.datasets.clone_from(&self.what.dataset);
        }
        if self.what.map.is_some() {
            request.map.clone_from(&self.what.map);
        }
        Ok((request, RunPlace::Resume { path, force: self.force_recipe }))
    }

    fn show(&self, summary: &Summary, folder: &RunFolder) -> anyhow::Result<()> {
        if self.json {
            let brief = |pair: &Option<Compared<Scores>>| {
                let pair = pair.as_ref()?;
                Some(json!({"base": pair.base.score, "expert": pair.expert.score, "prompts": pair.expert.graded.len()}))
            };
            let value = json!({
                "run": folder.path(), "adapter": folder.adapter(), "step": summary.step,
                "loss": summary.loss, "token_accuracy": summary.token_accuracy,
                "score": brief(&summary.held_out), "eval_prompts": brief(&summary.eval_prompts),
            });
            return result(&value.to_string());
        }
        let mut lines =
            vec![String::new(), format!("What training was worth (base → expert, adapter of step {}):", summary.step)];
        if let Some(Compared { base, expert }) = &summary.loss {
            lines.push(format!("  held-out loss            {base:.4} → {expert:.4} nats per token"));
        }
        if let Some(Compared { base, expert }) = &summary.token_accuracy {
            lines.push(format!("  held-out token accuracy  {:.1} % → {:.1} %", 100.0 * base, 100.0 * expert));
        }
        for (name, pair) in
            [("graded score, held-out", &summary.held_out), ("graded score, own suite", &summary.eval_prompts)]
        {
            if let Some(Compared { base, expert }) = pair {
                let left_out = match expert.left_out {
                    0 => String::new(),
                    n => format!("; {n} left out, too long for the base with an answer"),
                };
                lines.push(format!(
                    "  {name:23}  {:.3} → {:.3} (of 1, {} prompts{left_out})",
                    base.score,
                    expert.score,
                    expert.graded.len()
                ));
            }
        }
        lines.push(format!("Adapter: {}", folder.adapter().display()));
        lines.push(format!("Report:  {}", folder.path().join("report.html").display()));
        lines.extend(self.next_command(summary, folder));
        result(&lines.join("\n"))
    }

    /// The command to try next, ready to be pasted: a held-out question, its schema beside the run.
    fn next_command(&self, summary: &Summary, folder: &RunFolder) -> Option<String> {
        let hive = spoken_name();
        let example = &summary.held_out.as_ref().or(summary.eval_prompts.as_ref())?.expert.graded.first()?.prompt;
        let question = example.text("question")?.replace(['"', '$', '`', '\\'], "'");
        let mut command = format!("Try it:  {hive} expert run {} --run {}", self.name, folder.path().display());
        if let Some(schema) = example.text("schema") {
            let path = folder.path().join("example.schema.sql");
            write_file(&path, schema.as_bytes()).ok()?;
            command += &format!(" --schema {}", path.display());
        }
        Some(format!("{command} \"{question}\""))
    }
}

/// How the person calls this binary: by its name when it is what `hive` means in their shell, else
/// through cargo, as the README does.
pub(super) fn spoken_name() -> &'static str {
    let in_path = || {
        let this = std::env::current_exe().ok()?;
        let path = std::env::var_os("PATH")?;
        Some(std::env::split_paths(&path).any(|dir| dir.join("hive") == this))
    };
    if in_path() == Some(true) { "hive" } else { "cargo run --release --" }
}
