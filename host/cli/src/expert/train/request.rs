//! What is trained and where: a new run from the command line, or an earlier one with what the command line changes.

use std::path::Path;

use hive_runtime::opened::OpenExpert;
use hive_train::recipe::{Layers, changed};
use hive_train::run_folder::RunFolder;
use hive_train::run_record::{RunRecord, TrainRequest};
use hive_train::train::{RunPlace, run_to_resume};

use super::Train;
use crate::answering::{RUNS, run_named};
use crate::context::Environment;
use crate::error::{CommandResult, Failure};

/// A new run, with its recipe.
///
/// # Errors
/// When the recipe is invalid, or the folder holds a run already.
pub(super) fn new_run(args: &Train, env: &Environment, expert: &OpenExpert) -> CommandResult<(TrainRequest, RunPlace)> {
    let request = args.args.request(env, expert)?;
    let path = args.out.clone().unwrap_or_else(|| RunFolder::next(Path::new(RUNS), &args.name));
    if path.join("run.json").exists() {
        return Err(Failure::misuse(format!("`{}` holds a run already", path.display()))
            .hint(format!("`hive expert train {} --resume {}` resumes it", args.name, path.display()))
            .into());
    }
    Ok((request, RunPlace::New(path)))
}

/// A run's own request, with the changes from this command line.
///
/// # Errors
/// When there is no such run, or a change is invalid.
pub(super) fn resumed(
    args: &Train,
    run: Option<&Path>,
    expert: &OpenExpert,
) -> CommandResult<(TrainRequest, RunPlace)> {
    let path = run_to_resume(run.map(run_named).as_deref(), Path::new(RUNS), &args.name).ok_or_else(|| {
        Failure::misuse(format!("There is no run of `{}` below `{RUNS}` to resume", args.name))
            .hint(format!("`hive expert train {}` starts one", args.name))
    })?;
    let mut request = RunRecord::read_of(&path, &args.name)?.request;
    let layers = Layers { profiles: args.args.profile.clone(), sets: args.args.sets(), ..Layers::default() };
    let now = changed(expert.expert.manifest_json(), (&request.recipe, &request.origins), &layers)?;
    (request.recipe, request.origins) = (now.recipe, now.origins);
    if !args.args.dataset.is_empty() {
        request.datasets.clone_from(&args.args.dataset);
    }
    if args.args.map.is_some() {
        request.map.clone_from(&args.args.map);
    }
    if !args.args.fields.is_empty() {
        request.fields = args.args.fixed(expert)?;
    }
    Ok((request, RunPlace::Resume { path, force: args.force_recipe }))
}
