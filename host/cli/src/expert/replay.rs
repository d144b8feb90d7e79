//! `hive expert replay`: repeats a run's first steps and reports whether they are identical.

use std::path::PathBuf;

use clap::Args;
use hive_train::replay::{Replay as Found, replay};
use hive_train::run_record::RunRecord;
use serde_json::json;

use super::super::error::{CommandResult, Failure};
use super::super::interrupt::on_interrupt;
use super::super::loading::load_expert;
use super::super::numbers::{MOST_STEPS, whole};
use super::super::output::result;
use super::super::train_progress::TrainProgress;
use crate::answering::run_named;
use crate::context::Environment;
use crate::ended::Interrupted;

/// Repeat a run's first steps and compare them
#[derive(Debug, Args)]
pub struct Replay {
    /// Run folder, or its name below `runs`
    run: PathBuf,
    /// Number of steps to repeat
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true, value_parser = whole::<u64>(1..=MOST_STEPS))]
    steps: u64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Replay {
    /// Runs the command.
    ///
    /// # Errors
    /// When the run cannot be repeated, or its steps differ.
    pub fn run(self, env: &Environment) -> CommandResult {
        let path = run_named(&self.run);
        let record = RunRecord::read(&path)?;
        let expert = load_expert(env, &record.expert)?;
        let stop = on_interrupt("\nStopping; Ctrl-C again ends at once");
        let mut progress = TrainProgress::on(env.screen);
        let found = replay(&path, &expert, self.steps, &stop, &mut progress);
        progress.close();
        let Some(Found { steps, parts_at }) = found? else {
            return Err(Interrupted("Stopped before the first step; a replay keeps nothing".to_owned()).into());
        };
        if self.json {
            result(&json!({"identical": parts_at.is_none(), "steps": steps, "parts_at": parts_at}).to_string())?;
        }
        match parts_at {
            None if self.json => Ok(()),
            None => result(&format!("Identical: {steps} of {steps} steps of `{}`", path.display())),
            Some(parting) => {
                let failure = Failure::unacceptable(format!(
                    "The run in `{}` differs from step {} on",
                    path.display(),
                    parting.step
                ));
                Err(failure.details(vec![format!("then {}", parting.then), format!("now  {}", parting.now)]).into())
            }
        }
    }
}
