//! What `hive expert eval` evaluates: an adapter, or a run's adapter or checkpoints, or what the expert's name stands for.

use std::path::{Path, PathBuf};

use hive_eval::{Candidate, Origin, asked_checkpoints, candidate_at};
use hive_plugins::ExpertEntry;
use hive_train::run_folder::RunFolder;

use super::Eval;
use crate::answering::{Answering, RUNS, run_named};
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::loading::experts;
use crate::pull_progress::PullProgress;

/// What can be evaluated if nothing is trained.
const ALTERNATIVE: &str = "; `--adapter DIR` takes any PEFT folder";

/// What is evaluated.
pub(super) struct Asked {
    /// The candidates besides the base model.
    pub(super) candidates: Vec<Candidate>,
    /// The folder of their run.
    pub(super) run: Option<PathBuf>,
    /// The installed expert that they came with.
    pub(super) expert: Option<ExpertEntry>,
}

impl Asked {
    /// What these arguments ask for.
    ///
    /// # Errors
    /// When there is no such adapter, run or checkpoint.
    pub(super) fn of(args: &Eval, env: &Environment) -> CommandResult<Self> {
        let name = args.name.as_str();
        if let Some(source) = &args.adapter {
            let candidate = candidate_at(&env.context, "adapter", source, name, &mut PullProgress::on(env.screen))?;
            return Ok(Self { candidates: vec![candidate], run: None, expert: None });
        }
        if let Some(checkpoint) = &args.checkpoint {
            let run =
                args.run.as_deref().map(run_named).or_else(|| RunFolder::latest(Path::new(RUNS), name, "checkpoints"));
            let Some(run) = run else {
                // An unknown name is reported as such.
                experts(env).get(name)?;
                let problem = format!("There is no run of expert `{name}` with checkpoints below `{RUNS}`");
                let hint = format!("`hive expert train {name} --profile quickstart` makes one");
                return Err(Failure::unacceptable(problem).hint(hint).into());
            };
            let candidates = asked_checkpoints(&run, name, checkpoint)?;
            return Ok(Self { candidates, run: Some(run), expert: None });
        }
        if let Some(run) = &args.run {
            return Self::of_run(&run_named(run), name);
        }
        let found = Answering::of(env).adapter(env, name, args.args.base.as_deref(), ALTERNATIVE)?;
        match found.dir.parent().filter(|run| run.join("run.json").is_file()) {
            Some(run) => Self::of_run(run, name),
            None => {
                let origin = Origin::Folder { path: found.dir.clone() };
                let candidate = Candidate::of_folder("expert", &found.dir, origin)?;
                Ok(Self { candidates: vec![candidate], run: None, expert: found.expert })
            }
        }
    }

    fn of_run(run: &Path, name: &str) -> CommandResult<Self> {
        let candidates = vec![Candidate::of_run("expert", run, name)?];
        Ok(Self { candidates, run: Some(run.to_owned()), expert: None })
    }
}
