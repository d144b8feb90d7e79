//! `hive expert train`: from data to a graded adapter.

mod end;
mod next_command;
mod request;
mod summary;

use std::path::PathBuf;

use clap::Args;
use hive_train::run_record::TrainRequest;
use hive_train::train::{RunPlace, train};

use super::super::error::CommandResult;
use super::super::interrupt::on_interrupt_save;
use super::super::loading::load_expert;
use super::super::train_progress::TrainProgress;
use super::hive_command::hive_command;
use super::train_args::TrainArgs;
use crate::context::Environment;
use crate::shell::word;
use request::{new_run, resumed};

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
            Some(run) => resumed(&self, run.as_deref(), &expert)?,
            None => new_run(&self, env, &expert)?,
        };
        let options = self.args.flags.options(expert.expert.manifest())?;
        let request = TrainRequest { options, ..request };
        let interrupt =
            on_interrupt_save("\nStopping; Ctrl-C again ends at once, without saving", ended(&self.name, &place));
        let resuming = self.resume.is_some();
        for text in request.profile_notes(expert.expert.manifest()).iter().filter(|_| !resuming) {
            env.screen.row("profile", text);
        }
        let mut progress = TrainProgress::on(env.screen).with_unsaved(&interrupt.unsaved).resuming(resuming);
        let ended = train(&expert, &request, &place, &interrupt.stop, &mut progress);
        progress.close();
        end::show(env.screen, ended?, &expert.expert, self.json)
    }
}

/// What is said of a training that was ended before it had stopped by itself.
fn ended(expert: &str, place: &RunPlace) -> String {
    let (RunPlace::New(path) | RunPlace::Resume { path, .. }) = place;
    let resume = format!("{} expert train {expert} --resume {}", hive_command(), word(&path.display().to_string()));
    format!("Stopped at once; judged records and checkpoints are kept\nResume with: {resume}")
}
