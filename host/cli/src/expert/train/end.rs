//! How a training ended, and what to do next.

use hive_engine::train::run::{End, Outcome};
use hive_plugins::LoadedExpert;
use hive_train::run_folder::RunFolder;
use hive_train::train::TrainEnd;
use serde_json::json;

use super::super::hive_command::hive_command;
use super::summary;
use crate::ended::Interrupted;
use crate::error::CommandResult;
use crate::output::result;
use crate::screen::Screen;
use crate::shell::word;

/// Prints the end of a training of `expert`.
///
/// # Errors
/// When stdout cannot be written to.
pub(super) fn show(screen: Screen, end: TrainEnd, expert: &LoadedExpert, as_json: bool) -> CommandResult {
    let (reached, folder) = match end {
        TrainEnd::StoppedBefore => {
            if as_json {
                result(&json!({"stopped": true, "step": 0}).to_string())?;
            }
            let text = "Stopped before training; judged records are kept, and the same command resumes";
            return Err(Interrupted(text.to_owned()).into());
        }
        TrainEnd::Stopped(outcome, folder) => return stopped(&outcome, &folder, expert.name(), as_json),
        TrainEnd::AlreadyDone(summary, folder) => {
            let path = folder.path().display();
            screen.note(&format!("The run in `{path}` is already finished; nothing to do"));
            screen.note(&format!(
                "`{} expert train {} --resume {path} --set epochs=N --force-recipe` trains more steps",
                hive_command(),
                expert.name()
            ));
            (summary, folder)
        }
        TrainEnd::Done(summary, outcome, folder) => {
            if outcome.end == End::Patience {
                screen.note(&format!(
                    "Ended after step {} of {}: no better evaluation within `patience`",
                    outcome.step, outcome.total
                ));
            }
            (summary, folder)
        }
    };
    if as_json {
        return result(&summary::json(&reached, &folder).to_string());
    }
    result(&summary::lines(expert, &reached, &folder, screen).join("\n"))
}

/// Prints that the user stopped the run, which can be resumed.
fn stopped(outcome: &Outcome, folder: &RunFolder, expert: &str, as_json: bool) -> CommandResult {
    let path = folder.path().display();
    if as_json {
        let text = json!({"stopped": true, "step": outcome.step, "total": outcome.total, "run": folder.path()});
        result(&text.to_string())?;
    }
    let (step, total) = (outcome.step, outcome.total);
    let kept = match step {
        0 => "Stopped before the first step was made; judged records are kept".to_owned(),
        _ if step == total => format!(
            "Stopped after the last of {total} steps, before all answers were graded; `{path}` has the checkpoint"
        ),
        _ => format!("Stopped after step {step} of {total}; the checkpoint is in `{path}`"),
    };
    Err(Interrupted(format!(
        "{kept}\nResume with: {} expert train {expert} --resume {}",
        hive_command(),
        word(&path.to_string())
    ))
    .into())
}
