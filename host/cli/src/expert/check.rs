//! `hive expert check`: proves an expert before it trains. Exit code 0 when no check of level `must` has failed, 1 when one
//! has.

mod text;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use hive_check::{Depth, Level, run};
use hive_data::sources::LocalData;

use super::{statement, subject};
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::{json_text, result};

/// Shown below the options.
const AFTER_HELP: &str = "\
hive calls the expert as training does, in a process of its own, with its eval prompts, with records
that it synthesizes, with odd ones, and with those of a data set. A base model is built in: nothing is
downloaded. `docs/checks.md` lists all checks. Training runs those marked `quick` by itself.

Exit code 0: no check of level `must` has failed, 1: one has.";

/// Prove an expert before it trains: what is wrong, where, and what goes wrong otherwise
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    /// Name of the expert, or its folder, which need not be linked
    #[arg(value_name = "NAME|FOLDER")]
    expert: String,
    /// Check records of this data set too: a file or a folder [default: `records.jsonl` in the expert's folder]
    #[arg(long, value_name = "FILE")]
    dataset: Option<PathBuf>,
    /// Run only the checks that training runs by itself
    #[arg(long)]
    quick: bool,
    /// Print every check with its outcome as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such expert, or a check of level `must` has failed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let start = Instant::now();
        let dataset = self.dataset.map(|path| LocalData { name: path.display().to_string(), path });
        let found = subject::find(env, &self.expert)?;
        let subject = found.subject(env, dataset)?;
        let report = run(&subject, if self.quick { Depth::Quick } else { Depth::Full });
        statement::record(env, &found.place(env), &report);
        if self.json {
            result(&json_text(&report.as_json())?)?;
        } else {
            env.screen.note(&format!("Expert `{}`, {}", report.expert, found.shown()));
            result(&text::shown(&report, start.elapsed(), env.screen))?;
        }
        match report.failed(Level::Must).count() {
            0 => Ok(()),
            1 => Err(Failure::unacceptable("1 check of level `must` has failed").into()),
            n => Err(Failure::unacceptable(format!("{n} checks of level `must` have failed")).into()),
        }
    }
}
