//! `hive runs list`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use hive_errors::listed;
use hive_train::overview::RunOverview;
use serde_json::{Value, json};

use super::{loss, minute, size, state};
use crate::answering::RUNS;
use crate::columns::Table;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::result;

/// List the runs: when, how many steps, loss, right answers, size
#[derive(Debug, Args)]
pub struct List {
    /// Folder that holds the runs
    #[arg(value_name = "FOLDER", default_value = RUNS)]
    folder: PathBuf,
    /// Print JSON: `{"runs": [{"run", "expert", "base", "state", "begun", "steps", "loss",
    /// "eval_loss", "right_answers", "bytes"}]}`
    #[arg(long)]
    json: bool,
}

impl List {
    /// Lists what is below the folder.
    ///
    /// # Errors
    /// When the folder was named and there is none.
    pub(super) fn run(self, env: &Environment) -> CommandResult {
        if self.folder != Path::new(RUNS) && !self.folder.is_dir() {
            return Err(no_folder(&self.folder).into());
        }
        let found = RunOverview::below(&self.folder);
        if self.json {
            return result(&format!("{:#}", json!({"runs": found.iter().map(as_json).collect::<Vec<_>>()})));
        }
        if found.is_empty() {
            env.screen.note(&format!("No runs below `{}`: `hive expert train NAME` makes one", self.folder.display()));
            return Ok(());
        }
        let head = ["RUN", "STATE", "BEGUN (UTC)", "STEPS", "LOSS", "RIGHT", "SIZE"];
        let rows = found.iter().map(|run| {
            [
                run.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                state(run.state).to_owned(),
                minute(run.begun),
                run.steps.to_string(),
                loss(run.eval_loss),
                run.right.share(),
                size(run),
            ]
        });
        result(&Table::headed(head, rows).dropping(&[6, 2, 1]).lines(env.screen.table_width()).join("\n"))
    }
}

/// The error for a folder that is none; an expert's name is what is meant most often.
fn no_folder(folder: &Path) -> Failure {
    let shown = folder.display();
    let experts: BTreeSet<String> = RunOverview::below(Path::new(RUNS)).into_iter().map(|run| run.expert).collect();
    let hint = match experts.is_empty() {
        true => "`hive expert train NAME` makes a run".to_owned(),
        false => {
            let experts = listed(experts.iter().map(String::as_str));
            format!("`hive runs list` shows those below `{RUNS}`, which are of: {experts}")
        }
    };
    Failure::misuse(format!("There is no folder `{shown}`, expected one that holds runs")).hint(hint)
}

/// A run as JSON, for `list` and `show`.
pub(super) fn as_json(run: &RunOverview) -> Value {
    json!({
        "run": run.path, "expert": run.expert, "base": run.base, "state": state(run.state), "begun": minute(run.begun),
        "steps": run.steps, "loss": run.loss, "eval_loss": run.eval_loss,
        "right_answers": (run.right.of > 0).then_some(run.right), "bytes": run.bytes,
    })
}
