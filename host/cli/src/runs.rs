//! `hive runs`: the training runs below a folder.

mod compare;
mod list;
mod remove;
mod show;

use std::time::SystemTime;

use clap::Subcommand;
use hive_train::overview::{RunOverview, RunState};

use crate::context::Environment;
use crate::error::CommandResult;

/// Commands for runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List the runs: when, how many steps, loss, right answers, size
    List(list::List),
    /// Show what one run is and has
    Show(show::Show),
    /// Compare runs: their curves on one page, what differs between their recipes, and their results
    Compare(compare::Compare),
    /// Remove runs
    #[command(name = "rm")]
    Remove(remove::Remove),
}

impl RunsCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::List(command) => command.run(env),
            Self::Show(command) => command.run(env),
            Self::Compare(command) => command.run(env),
            Self::Remove(command) => command.run(env),
        }
    }
}

/// `2026-11-28 13:20`, in UTC.
fn minute(time: SystemTime) -> String {
    chrono::DateTime::<chrono::Utc>::from(time).format("%Y-%m-%d %H:%M").to_string()
}

fn state(state: RunState) -> &'static str {
    match state {
        RunState::Finished => "finished",
        RunState::Stopped => "stopped",
        RunState::Running => "running",
    }
}

/// Loss with four digits, or a dash.
fn loss(loss: Option<f64>) -> String {
    loss.map_or_else(|| "–".to_owned(), |loss| format!("{loss:.4}"))
}

fn size(run: &RunOverview) -> String {
    indicatif::DecimalBytes(run.bytes).to_string()
}
