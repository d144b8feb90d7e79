//! Which run is packaged.

use std::path::{Path, PathBuf};

use hive_train::runs::Runs;

use super::Package;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::expert::train::RUNS;
use crate::loading::experts;

/// The run: as requested, else the latest that has an adapter.
///
/// # Errors
/// When there is none, or no such expert.
pub(super) fn finished(args: &Package, env: &Environment) -> CommandResult<PathBuf> {
    let name = &args.name;
    if let Some(run) = args.run.clone().or_else(|| Runs::in_folder(Path::new(RUNS)).latest(name)) {
        return Ok(run);
    }
    // An unknown name is reported as such.
    experts(env).get(name)?;
    Err(Failure::unacceptable(format!("There is no finished run of expert `{name}` below `{RUNS}`"))
        .hint(format!("`hive expert train {name} --profile quickstart` makes one"))
        .into())
}
