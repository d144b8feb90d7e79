//! `hive runs show`.

use std::path::PathBuf;

use clap::Args;
use hive_train::overview::{RunOverview, RunState};

use super::list::as_json;
use super::{loss, minute, size, state};
use crate::answering::run_named;
use crate::columns::Table;
use crate::context::Environment;
use crate::error::CommandResult;
use crate::output::{result, result_prose};

/// Show what one run is and has
#[derive(Debug, Args)]
pub struct Show {
    /// Folder of the run, or its name below `runs`
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print JSON, as `hive runs list --json` has it for each run
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        let run = RunOverview::of(&run_named(&self.run))?;
        if self.json {
            return result(&format!("{:#}", as_json(&run)));
        }
        let right = if run.right.of == 0 {
            "no answer was graded".to_owned()
        } else {
            format!("{} of {} prompts", run.right, run.right.of)
        };
        let mut rows = vec![
            ["run", &run.path.display().to_string()].map(str::to_owned),
            ["expert", &run.expert].map(str::to_owned),
            ["base model", &run.base].map(str::to_owned),
            ["state", state(run.state)].map(str::to_owned),
            ["begun", &format!("{} UTC", minute(run.begun))].map(str::to_owned),
            ["steps", &run.steps.to_string()].map(str::to_owned),
            ["loss", &format!("{} in training, {} held out", loss(run.loss), loss(run.eval_loss))].map(str::to_owned),
            ["right", &right].map(str::to_owned),
            ["size", &size(&run)].map(str::to_owned),
        ];
        let page = run.path.join("report.html");
        if page.is_file() {
            rows.push(["page".to_owned(), page.display().to_string()]);
        }
        let next = match run.state {
            RunState::Finished => format!("hive expert run {} --run {} \"…\"", run.expert, run.path.display()),
            RunState::Stopped => format!("hive expert train {} --resume {}", run.expert, run.path.display()),
            RunState::Running => String::new(),
        };
        result_prose(env.screen, &Table::new(rows).lines(None).join("\n"))?;
        // A command is copied: it stays on one line.
        if next.is_empty() { Ok(()) } else { result(&format!("next        {next}")) }
    }
}
