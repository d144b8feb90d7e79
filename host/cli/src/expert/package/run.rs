//! Which run is packaged.

use std::path::PathBuf;

use super::Package;
use crate::answering::{Answering, run_named};
use crate::context::Environment;
use crate::error::CommandResult;

/// The run: as requested, else the chosen one, else the best.
///
/// # Errors
/// When there is none, or no such expert.
pub(super) fn finished(args: &Package, env: &Environment) -> CommandResult<PathBuf> {
    match &args.run {
        Some(run) => Ok(run_named(run)),
        None => Answering::of(env).run(env, &args.name),
    }
}
