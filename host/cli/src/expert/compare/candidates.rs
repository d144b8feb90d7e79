//! The adapters that `hive expert compare` is given, and the names of all candidates.

use hive_eval::{Candidate, candidate_at};

use super::Compare;
use super::recipe::run_name;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::pull_progress::PullProgress;

/// The adapters, in the order in which they were given.
///
/// # Errors
/// When an argument is malformed, or names no adapter.
pub(super) fn adapters(args: &Compare, env: &Environment) -> CommandResult<Vec<Candidate>> {
    let mut candidates = Vec::new();
    for adapter in &args.adapters {
        let (name, source) = adapter.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Failure::misuse(format!("`--adapter {adapter}` is not of the form `NAME=SOURCE`"))
                .hint("such as `--adapter ours=runs/NAME-1`")
        })?;
        candidates.push(candidate_at(&env.context, name, source, &args.name, &mut PullProgress::on(env.screen))?);
    }
    Ok(candidates)
}

/// Checks that adapters, recipes and the base model have different names.
///
/// # Errors
/// When two have the same.
pub(super) fn check_names(args: &Compare, adapters: &[Candidate]) -> CommandResult {
    let mut names: Vec<String> = adapters.iter().map(|c| c.name.clone()).collect();
    names.extend(args.recipes.iter().map(|recipe| run_name(recipe)));
    names.push("base".to_owned());
    names.sort_unstable();
    if let Some([same, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Failure::misuse(format!("Two candidates are called `{same}`"))
            .hint("`--adapter OTHER=SOURCE` gives one another name; `base` is the base model")
            .into());
    }
    Ok(())
}
