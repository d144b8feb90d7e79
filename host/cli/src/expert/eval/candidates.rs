//! What `hive expert eval` evaluates: an adapter, or a run's adapter or checkpoints.

use std::path::{Path, PathBuf};

use hive_eval::{Candidate, asked_checkpoints, candidate_at};
use hive_train::run_folder::RunFolder;

use super::Eval;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::expert::train::RUNS;
use crate::pull_progress::PullProgress;

/// The candidates to evaluate besides the base model, and the folder of their run.
///
/// # Errors
/// When there is no such adapter, run or checkpoint.
pub(super) fn candidates(args: &Eval, env: &Environment) -> CommandResult<(Vec<Candidate>, Option<PathBuf>)> {
    let expert = args.name.as_str();
    if let Some(source) = &args.adapter {
        let progress = &mut PullProgress::stderr();
        return Ok((vec![candidate_at(&env.context, "adapter", source, expert, progress)?], None));
    }
    let file = if args.checkpoint.is_some() { "checkpoints" } else { "adapter" };
    let run = args.run.clone().or_else(|| RunFolder::latest(Path::new(RUNS), expert, file));
    let Some(run) = run else {
        let problem = format!("There is no finished run of expert `{expert}` below `{RUNS}`");
        let hint = format!(
            "`hive expert train {expert} --profile quickstart` makes one; `--adapter DIR` takes any PEFT folder"
        );
        return Err(Failure::unacceptable(problem).hint(hint).into());
    };
    let all = match &args.checkpoint {
        None => vec![Candidate::of_run("expert", &run, expert)?],
        Some(checkpoint) => asked_checkpoints(&run, expert, checkpoint)?,
    };
    Ok((all, Some(run)))
}
