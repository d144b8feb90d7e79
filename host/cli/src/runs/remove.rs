//! `hive runs rm`.

use std::path::PathBuf;

use clap::Args;
use hive_errors::counted;
use hive_train::overview::RunOverview;

use super::size;
use crate::answering::run_named;
use crate::confirm::confirmed;
use crate::context::Environment;
use crate::error::CommandResult;

/// Remove runs
#[derive(Debug, Args)]
pub struct Remove {
    /// Folders of the runs, or their names below `runs`
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Do not ask
    #[arg(long)]
    force: bool,
}

impl Remove {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        // A wrong name is reported before anything is removed.
        let found = self.runs.iter().map(|run| RunOverview::of(&run_named(run))).collect::<Result<Vec<_>, _>>()?;
        for run in found {
            let (shown, size) = (run.path.display().to_string(), size(&run));
            let what = format!("the run `{shown}` ({}, {size})", counted(run.steps, "step"));
            if confirmed(env.screen, &what, self.force)? {
                run.remove()?;
                env.screen.note(&format!("Removed `{shown}`, {size}"));
            }
        }
        Ok(())
    }
}
