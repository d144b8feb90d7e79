//! `hive expert train`: from data to a graded adapter.

use std::path::{Path, PathBuf};

use clap::Args;
use hive_engine::train::run::End;
use hive_files::write_file;
use hive_plugins::LoadedExpert;
use hive_runtime::asking::flag;
use hive_runtime::grade::{Graded, Scores};
use hive_runtime::opened::OpenExpert;
use hive_runtime::statistics::RIGHT;
use hive_sdk::Record;
use hive_sdk::manifest::InputKind;
use hive_train::evaluation::{Compared, Summary};
use hive_train::recipe::{Layers, changed};
use hive_train::run_folder::RunFolder;
use hive_train::run_record::{RunRecord, TrainRequest};
use hive_train::train::{RunPlace, TrainEnd, run_to_resume, train};
use serde_json::json;

use super::super::columns::heading;
use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::output::{note, result};
use super::super::shell::word;
use super::super::train_progress::TrainProgress;
use super::train_args::TrainArgs;
use crate::context::Environment;

/// Folder of all runs, below the current folder.
pub(super) const RUNS: &str = "runs";

/// Shown below the options.
const AFTER_HELP: &str = "\
A recipe is merged from these layers, weakest first: the manifest, --profile, `hive.toml`,
variables such as HIVE_TRAINING__LEARNING_RATE, and --set. `hive expert schema` describes its keys,
`hive expert plan` shows the result. A resumed run keeps its recipe: only changes on the command
line then apply.";

/// Train an expert's adapter
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Train {
    /// Name of the expert, as `hive expert list` shows it
    name: String,
    #[command(flatten)]
    args: TrainArgs,
    /// Run folder [default: the next free `runs/NAME-N`]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Resume from the last checkpoint of this run, or of the latest run
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with = "out")]
    resume: Option<Option<PathBuf>>,
    /// With --resume: resume even though the recipe has changed, in keys that may change (epochs,
    /// steps, learning rate, evaluation and save intervals)
    #[arg(long, requires = "resume")]
    force_recipe: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Train {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of training.
    pub fn run(self, env: &Environment) -> CommandResult {
        let expert = load_expert(env, &self.name)?;
        let (request, place) = match &self.resume {
            Some(run) => self.resumed(run.as_deref(), &expert)?,
            None => self.new_run(env, &expert)?,
        };
        let options = self.args.flags.options(expert.expert.manifest())?;
        let request = TrainRequest { options, ..request };
        let stop = on_interrupt("\nStopping after this step; Ctrl-C again ends at once, without saving")?;
        let notes = profile_notes(&expert.expert, &request);
        for text in &notes {
            note(&format!("{} {text}", heading("profile")));
        }
        let mut progress = TrainProgress::stderr();
        let end = train(&expert, &request, &place, &stop, &mut progress);
        progress.close();
        match end? {
            TrainEnd::StoppedBefore => {
                note("Stopped before training; judged records are kept, and the same command resumes");
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
                note(&format!("Resume with: {} expert train {} --resume {path}", spoken_name(), self.name));
                if self.json {
                    let text =
                        json!({"stopped": true, "step": outcome.step, "total": outcome.total, "run": folder.path()});
                    result(&text.to_string())?;
                }
                Ok(())
            }
            TrainEnd::AlreadyDone(summary, folder) => {
                let path = folder.path().display();
                note(&format!("The run in `{path}` is already finished; nothing to do"));
                note(&format!(
                    "More steps: {} expert train {} --resume {path} --set epochs=N --force-recipe",
                    spoken_name(),
                    self.name
                ));
                self.show(&expert.expert, &summary, &folder, &notes)
            }
            TrainEnd::Done(summary, outcome, folder) => {
                if outcome.end == End::Patience {
                    note(&format!(
                        "Ended after step {} of {}: no better evaluation within `patience`",
                        outcome.step, outcome.total
                    ));
                }
                self.show(&expert.expert, &summary, &folder, &notes)
            }
        }
    }

    fn new_run(&self, env: &Environment, expert: &OpenExpert) -> CommandResult<(TrainRequest, RunPlace)> {
        let request = self.args.request(env, expert)?;
        let path = self.out.clone().unwrap_or_else(|| RunFolder::next(Path::new(RUNS), &self.name));
        if path.join("run.json").exists() {
            return Err(Failure::misuse(format!("`{}` holds a run already", path.display()))
                .hint(format!("`hive expert train {} --resume {}` resumes it", self.name, path.display()))
                .into());
        }
        Ok((request, RunPlace::New(path)))
    }

    /// A run's own request, with the changes from this command line.
    fn resumed(&self, run: Option<&Path>, expert: &OpenExpert) -> CommandResult<(TrainRequest, RunPlace)> {
        let path = run_to_resume(run, Path::new(RUNS), &self.name).ok_or_else(|| {
            Failure::misuse(format!("There is no run of `{}` below `{RUNS}` to resume", self.name))
                .hint(format!("`hive expert train {}` starts one", self.name))
        })?;
        let mut request = RunRecord::read_of(&path, &self.name)?.request;
        let layers = Layers { profiles: self.args.profile.clone(), sets: self.args.sets(), ..Layers::default() };
        let now = changed(expert.expert.manifest_json(), (&request.recipe, &request.origins), &layers)?;
        (request.recipe, request.origins) = (now.recipe, now.origins);
        if !self.args.dataset.is_empty() {
            request.datasets.clone_from(&self.args.dataset);
        }
        if self.args.map.is_some() {
            request.map.clone_from(&self.args.map);
        }
        if !self.args.fields.is_empty() {
            request.fields = self.args.fixed(expert)?;
        }
        Ok((request, RunPlace::Resume { path, force: self.force_recipe }))
    }

    fn show(&self, expert: &LoadedExpert, summary: &Summary, folder: &RunFolder, notes: &[String]) -> CommandResult {
        if self.json {
            let brief = |pair: &Option<Compared<Scores>>| {
                let Compared { base, expert } = pair.as_ref()?;
                let (a, b) = (base.figures, expert.figures);
                Some(json!({
                    "prompts": expert.graded.len(), "of": expert.of,
                    "right_answers": {"base": a.right_answers, "expert": b.right_answers},
                    "partial_credit": {"base": a.partial_credit, "expert": b.partial_credit},
                }))
            };
            let value = json!({
                "run": folder.path(), "adapter": folder.adapter(), "step": summary.step,
                "loss": summary.loss, "token_accuracy": summary.token_accuracy,
                "held_out": brief(&summary.held_out), "eval_prompts": brief(&summary.eval_prompts),
            });
            return result(&value.to_string());
        }
        let mut lines =
            vec![String::new(), format!("Result of training (base → expert, adapter of step {}):", summary.step)];
        let mut line = |name: &str, text: String| lines.push(format!("  {name:28}  {text}"));
        if let Some(Compared { base, expert }) = &summary.loss {
            line("held-out loss", format!("{base:.4} → {expert:.4} nats per token"));
        }
        if let Some(Compared { base, expert }) = &summary.token_accuracy {
            line("held-out token accuracy", format!("{:.1} % → {:.1} %", 100.0 * base, 100.0 * expert));
        }
        for (name, pair) in [("held-out", &summary.held_out), ("eval prompts", &summary.eval_prompts)] {
            let Some(Compared { base, expert }) = pair else { continue };
            let (a, b) = (base.figures, expert.figures);
            let left_out = match expert.left_out {
                0 => String::new(),
                n => format!("; {n} skipped, too long for the base model with an answer"),
            };
            let of = format!("({} of {} asked{left_out})", expert.graded.len(), expert.of);
            line(&format!("right answers, {name}"), format!("{} → {} {of}", a.right_answers, b.right_answers));
            line(&format!("partial credit, {name}"), format!("{} → {} {of}", a.partial_credit, b.partial_credit));
        }
        if summary.held_out.is_some() || summary.eval_prompts.is_some() {
            let run = word(&folder.path().display().to_string());
            lines.push(format!(
                "  Answers were graded by their text; `hive expert eval {} --run {run}` runs them.",
                self.name
            ));
        }
        lines.extend(notes.iter().cloned());
        lines.push(format!("Adapter: {}", folder.adapter().display()));
        lines.push(format!("Report:  {}", folder.path().join("report.html").display()));
        lines.extend(self.next_command(expert, summary, folder));
        result(&lines.join("\n"))
    }

    /// The command to try next, ready to be pasted: a held-out prompt that was answered correctly,
    /// if there is one; a field that is entered as a file is written to the run folder.
    fn next_command(&self, expert: &LoadedExpert, summary: &Summary, folder: &RunFolder) -> Option<String> {
        let asked =
            || [&summary.held_out, &summary.eval_prompts].into_iter().flatten().flat_map(|pair| &pair.expert.graded);
        let right = asked().find(|graded| graded.grade.score >= RIGHT);
        let Graded { prompt, .. } = right.or_else(|| asked().next())?;
        let manifest = expert.manifest();
        let asked_field = manifest.asked_field()?;
        let run = folder.path().display().to_string();
        let mut words = vec![spoken_name().to_owned(), "expert run".to_owned(), self.name.clone()];
        words.extend(["--run".to_owned(), word(&run)]);
        for field in manifest.dataset.fields.iter().filter(|f| !f.completion && f.name != asked_field) {
            let Some(text) = prompt.text(&field.name) else { continue };
            // Fields that do not affect the prompt can be omitted.
            if field.optional && !shows(expert, prompt, &field.name) {
                continue;
            }
            match field.input {
                Some(InputKind::File) => {
                    let path = folder.path().join(format!("example.{}.{}", field.name, field.file_extension()));
                    write_file(&path, text.as_bytes()).ok()?;
                    words.extend([format!("--{}", flag(&field.name)), word(&path.display().to_string())]);
                }
                Some(InputKind::Text) => words.extend([format!("--{}", flag(&field.name)), word(text)]),
                _ => words.extend(["--field".to_owned(), word(&format!("{}={text}", field.name))]),
            }
        }
        words.push(word(prompt.text(asked_field)?));
        let label =
            if right.is_some() { "Try it:  " } else { "Try it (none of these prompts was answered correctly):\n  " };
        Some(format!("{label}{}", words.join(" ")))
    }
}

/// Whether a record's prompt depends on this field.
fn shows(expert: &LoadedExpert, record: &Record, field: &str) -> bool {
    let prompt = |record: &Record| expert.render_one(record).map(|rendered| rendered.prompt().to_vec()).ok();
    prompt(record) != prompt(&record.without(field))
}

/// The manifest's notes on the profiles of this run's recipe.
fn profile_notes(expert: &LoadedExpert, request: &TrainRequest) -> Vec<String> {
    let used = |name: &str| request.origins.values().any(|origin| *origin == format!("profile {name}"));
    let notes = expert.manifest().profile_notes.iter().filter(|(name, _)| used(name));
    notes.map(|(name, text)| format!("{name}: {text}")).collect()
}

/// How the user calls this binary: by its name if that is what `hive` resolves to in their shell,
/// else through cargo, as in the README.
pub(super) fn spoken_name() -> &'static str {
    let in_path = || {
        let this = std::env::current_exe().ok()?;
        let path = std::env::var_os("PATH")?;
        Some(std::env::split_paths(&path).any(|dir| dir.join("hive") == this))
    };
    if in_path() == Some(true) { "hive" } else { "cargo run --release --" }
}
