//! Which adapter answers `hive expert run`, the one that was asked for or else what the expert's name stands for, and on
//! which base model.

use std::path::Path;

use hive_plugins::LoadedExpert;
use hive_runtime::base::{Base, WeightForm};
use hive_runtime::models::Catalogue;
use hive_runtime::resolver::{BaseChoice, FoundAdapter};
use hive_sdk::Manifest;
use hive_train::prompt_sample;
use hive_train::run_folder::trained_length;
use hive_train::runs::Runs;

use super::Run;
use crate::answering::{Answering, run_named};
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::numbers::grouped;
use crate::pull_progress::PullProgress;
use crate::screen::Screen;

/// What answers if nothing is trained.
const ALTERNATIVES: &str = "; `--adapter DIR` takes any PEFT folder; `--base-only` asks the base";

/// The adapter; `None` for the base model alone.
///
/// # Errors
/// When there is none, or it is not finished or was changed.
pub(super) fn adapter(args: &Run, env: &Environment) -> CommandResult<Option<FoundAdapter>> {
    if args.base_only {
        return Ok(None);
    }
    if let Some(dir) = &args.adapter {
        return Ok(Some(FoundAdapter::folder(dir.clone())));
    }
    let name = args.name.as_str();
    if let Some(run) = &args.run {
        if name.contains('@') {
            return Err(Failure::misuse(format!("`{name}` is an installed version, `--run` another adapter")).into());
        }
        return Ok(Some(Runs::adapter(&run_named(run), name)?));
    }
    Ok(Some(Answering::of(env).adapter(env, name, args.base.as_deref(), ALTERNATIVES)?))
}

/// The base model: as requested, else the adapter's.
///
/// # Errors
/// When the adapter's configuration cannot be read.
pub(super) fn base_choice(args: &Run, found: Option<&FoundAdapter>, manifest: &Manifest) -> CommandResult<BaseChoice> {
    if let Some(base) = &args.base {
        return Ok(BaseChoice::asked(base));
    }
    let first = manifest.base_models.first().map_or("", String::as_str);
    Ok(BaseChoice::of(found, first, &Catalogue::embedded()?)?)
}

/// Opens the base model.
///
/// # Errors
/// When it is not available, or its files are invalid.
pub(super) fn opened(env: &Environment, choice: BaseChoice) -> CommandResult<Base> {
    choice.remark.iter().for_each(|remark| env.screen.note(remark));
    let (base, instead) = choice.open(&env.context, WeightForm::Stored, &mut PullProgress::on(env.screen))?;
    instead.iter().for_each(|remark| env.screen.note(remark));
    Ok(base)
}

/// Who is asked, in a sentence.
pub(super) fn title(found: Option<&FoundAdapter>, base: &Base) -> String {
    let id = &base.reference.id;
    match found {
        // The title of a release says what it is for.
        Some(found) if found.title.contains(&format!("for `{id}`")) || found.title.contains(&format!("for {id}")) => {
            format!("Asking {}", found.title)
        }
        Some(found) => format!("Asking {} on base model `{id}`", found.title),
        None => format!("Asking base model `{id}` without an adapter"),
    }
}

/// Warns if the expert renders prompts differently than when the adapter was trained.
pub(super) fn warn_of_other_prompts(screen: Screen, adapter: &Path, expert: &LoadedExpert) {
    if let Some(difference) = prompt_sample::of_adapter(adapter).and_then(|then| then.differs(expert)) {
        screen.note(&format!("warning: {difference}: the adapter may answer worse"));
    }
}

/// Warns of a prompt that is longer than the records that the adapter was trained on.
pub(super) fn warn_of_long_prompt(screen: Screen, adapter: &Path, tokens: usize) {
    if let Some(trained) = trained_length(adapter).filter(|trained| tokens > *trained) {
        screen.note(&format!(
            "warning: the prompt has {} tokens, the adapter was trained on records of at most {}: answers to longer \
             prompts were never trained",
            grouped(tokens),
            grouped(trained)
        ));
    }
}
