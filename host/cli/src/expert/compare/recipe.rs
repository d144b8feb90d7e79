//! A recipe that `hive expert compare` is given: its run is reused if it is finished, resumed if it has begun, and
//! otherwise new.

use std::path::Path;

use hive_data::datasets::fixed_fields;
use hive_eval::Candidate;
use hive_runtime::opened::OpenExpert;
use hive_train::receipt::Receipt;
use hive_train::recipe::{Effective, resolve};
use hive_train::run_folder::RunFolder;
use hive_train::run_record::TrainRequest;
use hive_train::setup::set_up;
use hive_train::train::{RunPlace, TrainEnd, train};
use serde_json::json;

use super::Compare;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::interrupt::Interrupt;
use crate::train_progress::TrainProgress;

/// The candidate that the recipe's run below `folder` is; `None` when stopped.
///
/// # Errors
/// When the folder holds another run; errors of training.
pub(super) fn trained(
    args: &Compare,
    env: &Environment,
    open: &OpenExpert,
    recipe: &str,
    base: &str,
    folder: &Path,
    interrupt: &Interrupt,
) -> CommandResult<Option<Candidate>> {
    let request = request(args, env, open, recipe, base)?;
    let name = run_name(recipe);
    let path = folder.join("recipes").join(&name);
    env.screen.row("recipe", &format!("{name}: {}", path.display()));
    let mut progress = TrainProgress::on(env.screen).with_unsaved(&interrupt.unsaved);
    let stop = &*interrupt.stop;
    if let Some(receipt) = Receipt::read(&RunFolder::open(&path))? {
        let setup = set_up(open, &request, stop, &mut progress)?;
        progress.close();
        let Some(setup) = setup else { return Ok(None) };
        if receipt.digests != setup.digests {
            return Err(Failure::misuse(format!("`{}` holds a different run", path.display()))
                .hint("remove it, or give another `--out`")
                .into());
        }
        env.screen.row("recipe", &format!("{name} was trained before, on the same data"));
        return Ok(Some(Candidate::of_run(&name, &path, &args.name)?));
    }
    let end = train(open, &request, &RunPlace::at(&path), stop, &mut progress);
    progress.close();
    match end? {
        TrainEnd::Done(..) | TrainEnd::AlreadyDone(..) => Ok(Some(Candidate::of_run(&name, &path, &args.name)?)),
        TrainEnd::Stopped(..) | TrainEnd::StoppedBefore => Ok(None),
    }
}

/// What to train: the recipe on the comparison's data and base model.
fn request(
    args: &Compare,
    env: &Environment,
    open: &OpenExpert,
    recipe: &str,
    base: &str,
) -> CommandResult<TrainRequest> {
    // Its answers are evaluated here, so training does not grade any.
    let mut sets = vec!["training.graded_eval_prompts=0".to_owned(), "data.graded_prompts=0".to_owned()];
    sets.push(format!("base_model={}", json!(base)));
    sets.extend(args.steps.map(|steps| format!("training.steps={steps}")));
    sets.extend(args.sets.iter().cloned());
    let layers = env.layers(vec![recipe.to_owned()], sets);
    let Effective { recipe, origins } = resolve(open.expert.manifest_json(), &layers)?;
    let options = args.args.flags.options(open.expert.manifest())?;
    let (datasets, map) = (args.dataset.clone(), args.map.clone());
    let fields = fixed_fields(&args.fields, &open.expert.manifest().dataset.fields)?;
    Ok(TrainRequest { recipe, origins, datasets, map, fields, options })
}

/// The name of a recipe's run: the recipe's name, or that of its file.
pub(super) fn run_name(recipe: &str) -> String {
    Path::new(recipe).file_stem().map_or_else(|| recipe.to_owned(), |name| name.to_string_lossy().into_owned())
}
