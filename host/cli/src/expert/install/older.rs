//! A package in the older format, converted for installation; what is lost on the way is printed.

use std::path::Path;

use hive_packages::Legacy;
use hive_packages::installed::Store;
use hive_packages::trust::{RequireSigned, Signer};
use hive_runtime::base::Base;

use super::super::loaded_package::LoadedPackage;
use super::Install;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::pull_progress::PullProgress;

/// Converts the package; `None` when it is not one in the older format.
///
/// # Errors
/// When it is damaged, must be signed, or its base model is unknown or not available.
pub(super) fn package(
    args: &Install,
    env: &Environment,
    store: &Store,
    policy: RequireSigned,
) -> CommandResult<Option<LoadedPackage>> {
    let path = Path::new(&args.source);
    if !path.is_file() {
        return Ok(None);
    }
    let staging = store.staging()?;
    let Some(legacy) = Legacy::open(path, &staging)? else { return Ok(None) };
    // Nothing in it authenticates its content.
    Signer::Nobody.admit(policy, &legacy.shown)?;
    let base = Base::open(&env.context, &base_id(args, &legacy)?, &mut PullProgress::on(env.screen))?;
    let package = legacy.convert(&base, &staging)?;
    env.screen.note(&format!("`{}` is of an older format. Lost on the way:", legacy.shown));
    for lost in &legacy.lost {
        env.screen.note(&format!("  {lost}"));
    }
    env.screen.note("  the prompt format used in training: the user's text is the whole prompt");
    Ok(Some(LoadedPackage::of_file(path, package)))
}

/// The base model that the package is for: as requested, else the one of the catalogue that it names.
fn base_id(args: &Install, legacy: &Legacy) -> CommandResult<String> {
    match (&args.base, legacy.base_id()?) {
        (Some(base), _) => Ok(base.clone()),
        (None, Some(id)) => Ok(id),
        (None, None) => {
            let problem =
                format!("`{}` is for base model `{}`, which is not in the catalogue", legacy.shown, legacy.base);
            Err(Failure::misuse(problem).hint("`--base PATH` names a copy of it on this machine").into())
        }
    }
}
