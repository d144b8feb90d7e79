//! The start of `hive expert run`: the expert's process is started and inspects the prompt while the base model is opened.

use hive_runtime::base::Base;
use hive_runtime::inspection::Inspector;
use hive_runtime::models::ModelStore;
use hive_runtime::opened::OpenExpert;
use hive_runtime::resolver::{BaseChoice, FoundAdapter};
use hive_sdk::Record;

use super::{Run, adapter, inspection};
use crate::context::Environment;
use crate::error::CommandResult;

/// What is needed to answer.
pub(super) struct Started {
    /// The expert's process, if it can inspect.
    pub(super) inspector: Option<Inspector>,
    /// The prompt.
    pub(super) record: Record,
    /// The base model.
    pub(super) base: Base,
}

/// Inspects the prompt and opens the base model.
///
/// # Errors
/// When the prompt has faults, which is reported first, or the base model cannot be had.
pub(super) fn start(
    args: &Run,
    env: &Environment,
    open: &OpenExpert,
    found: Option<&FoundAdapter>,
    record: Record,
) -> CommandResult<Started> {
    let choice = adapter::base_choice(args, found, open.expert.manifest())?;
    let inspect = || inspection::prompt(env.screen, args, open, record);
    if !is_here(env, &choice) {
        // Nothing is downloaded for a prompt that cannot be answered.
        let (inspector, record) = inspect()?;
        return Ok(Started { inspector, record, base: adapter::opened(env, choice)? });
    }
    std::thread::scope(|scope| {
        let inspecting = scope.spawn(inspect);
        let base = adapter::opened(env, choice);
        let inspected = inspecting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (inspector, record) = inspected?;
        Ok(Started { inspector, record, base: base? })
    })
}

fn is_here(env: &Environment, choice: &BaseChoice) -> bool {
    ModelStore::new(&env.context).is_ok_and(|store| store.locate(&choice.id).is_ok())
}
