//! Shared by `hive expert eval` and `hive expert compare`: running the evaluation that their arguments describe, with
//! its progress, and asking before the report of another evaluation is overwritten.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use hive_eval::{Candidate, Evaluation, ExistingReport, Report, Suite, existing_report};
use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_train::prompt_sample;

use super::eval_args::EvalArgs;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::eval_progress::EvalProgress;
use crate::numbers::grouped;
use crate::overwrite::may_overwrite;
use crate::pull_progress::PullProgress;

/// Shown at the first Ctrl-C.
pub(super) const STOPPING: &str = "\nStopping; graded answers are kept, Ctrl-C again ends at once";

/// Evaluates the base model and these candidates; `None` when stopped. `place` is the JSON file
/// for the report, which may contain another evaluation.
///
/// # Errors
/// Errors of the expert, an adapter or the engine.
pub(super) fn evaluate(
    args: &EvalArgs,
    (env, open): (&Environment, &OpenExpert),
    (suite, base): (Suite, &str),
    mut others: Vec<Candidate>,
    place: Option<&Path>,
    stop: &AtomicBool,
) -> CommandResult<Option<Report>> {
    compare_prompts(env, open, &mut others);
    let base = Base::open(&open.context, base, &mut PullProgress::on(env.screen))?.for_generation();
    let mut candidates = vec![Candidate::base()];
    for other in others {
        candidates.extend(args.unconstrained.then(|| other.unconstrained()));
        candidates.push(other);
    }
    let evaluation = Evaluation {
        open,
        base: &base,
        suite,
        candidates,
        max_new_tokens: answer_length(args, open, &base)?,
        options: args.flags.options(open.expert.manifest())?,
        workers: args.workers.map(usize::from),
    };
    if let Some(place) = place
        && existing_report(place, &evaluation.digest()?) == ExistingReport::Other
    {
        let hint = "`--out FOLDER` writes the report elsewhere";
        may_overwrite(env.screen, place, "the report of another evaluation", hint, args.force)?;
    }
    let progress = EvalProgress::on(env.screen);
    let report = evaluation.run(stop, &progress);
    progress.close();
    let report = report?;
    Ok(report)
}

/// Records how the expert's prompts differ from those that each candidate was trained on, and warns about it.
fn compare_prompts(env: &Environment, open: &OpenExpert, candidates: &mut [Candidate]) {
    for candidate in candidates {
        let then = candidate.dir().and_then(prompt_sample::of_adapter);
        candidate.facts.other_prompts = then.and_then(|then| then.differs(&open.expert));
        if let Some(difference) = &candidate.facts.other_prompts {
            env.screen.note(&format!("warning: {difference}: `{}` may answer worse", candidate.name));
        }
    }
}

/// The maximum tokens of an answer, if the base model then has room for a prompt.
fn answer_length(args: &EvalArgs, open: &OpenExpert, base: &Base) -> CommandResult<usize> {
    let max_tokens = args.max_new_tokens.unwrap_or(open.expert.manifest().generation.max_new_tokens);
    let longest = base.model.config.max_position_embeddings;
    if max_tokens < longest {
        return Ok(max_tokens);
    }
    let problem = format!(
        "Answers of {} tokens leave no room for a prompt: base model `{}` reads {} tokens, prompt and answer together",
        grouped(max_tokens),
        base.reference.id,
        grouped(longest)
    );
    Err(Failure::misuse(problem).hint("`--max-new-tokens N` asks for shorter answers").into())
}
