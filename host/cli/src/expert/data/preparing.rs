//! Shared by `hive expert data` and its `compare`: preparing data with its progress, and how it ends when it is stopped.

use std::sync::atomic::AtomicBool;

use hive_data::pipeline::{Outcome, PreparedSet};
use hive_engine::weights::source::BaseModel;
use hive_runtime::opened::OpenExpert;
use hive_train::data::{DataRequest, prepare};
use serde_json::json;

use crate::data_progress::DataProgress;
use crate::ended::Interrupted;
use crate::error::CommandResult;
use crate::output::result;
use crate::screen::Screen;

/// Shown at the first Ctrl-C.
pub(super) const STOPPING: &str = "\nStopping after the records in hand; Ctrl-C again ends at once";

/// Reports that the user stopped the command.
pub(super) fn stopped(json: bool) -> CommandResult {
    if json {
        result(&json!({"stopped": true}).to_string())?;
    }
    Err(Interrupted("Stopped; judged records are kept, and the same command resumes".to_owned()).into())
}

/// Prepares data with a progress bar; `None` when stopped.
pub(super) fn prepared(
    screen: Screen,
    open: &OpenExpert,
    request: &DataRequest,
    model: Option<&(BaseModel, String)>,
    stop: &AtomicBool,
) -> CommandResult<Option<(Box<PreparedSet>, bool)>> {
    let progress = DataProgress::on(screen);
    let outcome = prepare(open, request, model.map(|(model, id)| (model, id.as_str())), stop, &progress);
    progress.close();
    Ok(match outcome? {
        Outcome::Done(set, found) => Some((set, found)),
        Outcome::Stopped => None,
    })
}
