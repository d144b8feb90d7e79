//! What answers under an expert's name alone: the run that was chosen with `hive expert use`, else the installed default
//! version, else the best finished run below `runs`. All commands that take a name go by this rule.

use std::path::{Path, PathBuf};

use hive_packages::installed::Releases;
use hive_runtime::resolver::{FoundAdapter, Source, find};
use hive_sdk::Manifest;
use hive_train::chosen::ChosenRuns;
use hive_train::runs::Runs;

use crate::builtin::install_command;
use crate::context::Environment;
use crate::error::{CommandError, CommandResult, Failure};
use crate::loading::experts;

/// Folder of all runs, below the current folder.
pub const RUNS: &str = "runs";
/// Folder of all comparisons, below the current folder.
pub const COMPARISONS: &str = "comparisons";

/// The places where adapters are found by name, in the order in which they count.
pub struct Answering {
    chosen: Option<ChosenRuns>,
    releases: Option<Releases>,
    runs: Runs,
}

impl Answering {
    /// Those of this environment. Without a home folder nothing is chosen and nothing installed.
    pub fn of(env: &Environment) -> Self {
        let home = env.context.home.as_deref();
        Self {
            chosen: home.map(ChosenRuns::of),
            releases: home.map(Releases::of),
            runs: Runs::in_folder(Path::new(RUNS)),
        }
    }

    fn sources(&self) -> Vec<&dyn Source> {
        let chosen = self.chosen.iter().map(|source| source as &dyn Source);
        let releases = self.releases.iter().map(|source| source as &dyn Source);
        chosen.chain(releases).chain([&self.runs as &dyn Source]).collect()
    }

    /// The adapter for `NAME` or `NAME@VERSION`; `base` selects one of several base models. `alternatives` says what else
    /// the command takes, for the hint.
    ///
    /// # Errors
    /// When there is none, or the one that counts cannot be used.
    pub fn adapter(
        &self,
        env: &Environment,
        name: &str,
        base: Option<&str>,
        alternatives: &str,
    ) -> CommandResult<FoundAdapter> {
        match find(&self.sources(), name, base).map_err(CommandError)? {
            Some(found) => Ok(found),
            None => Err(untrained(env, name, Some(alternatives))?.into()),
        }
    }

    /// The run for `NAME`, for commands that need one: the chosen one, else the best.
    ///
    /// # Errors
    /// When there is none.
    pub fn run(&self, env: &Environment, name: &str) -> CommandResult<PathBuf> {
        if let Some(run) = self.chosen.as_ref().map(|chosen| chosen.get(name)).transpose()?.flatten() {
            return Ok(run);
        }
        match self.runs.best(name) {
            Some(run) => Ok(run.path),
            None => Err(untrained(env, name, None)?.into()),
        }
    }

    /// What answers under this name, for people; `None` if nothing does.
    pub fn title(&self, name: &str) -> Option<String> {
        self.sources().into_iter().find_map(|source| source.title(name))
    }
}

/// The run that `name` means: a folder, or the name of one below `runs`.
pub fn run_named(name: &Path) -> PathBuf {
    let below = Path::new(RUNS).join(name);
    if !name.exists() && below.exists() { below } else { name.to_owned() }
}

/// The error for an expert of which nothing is trained or installed; without `alternatives`, only a run will do.
///
/// # Errors
/// When there is no expert of this name, which is then the error.
fn untrained(env: &Environment, name: &str, alternatives: Option<&str>) -> CommandResult<Failure> {
    let experts = experts(env);
    let entry = experts.get(name)?;
    let problem = format!("Expert `{name}` has no trained adapter: there is no finished run of it below `{RUNS}`");
    let manifest = entry.manifest_path();
    let manifest = std::fs::read_to_string(manifest).ok().and_then(|text| Manifest::parse(&text).ok());
    let quick = manifest.is_none_or(|manifest| manifest.profiles.contains_key("quickstart"));
    let how = if quick { "--profile quickstart" } else { "--dataset FILE --profile small" };
    let train = format!("`hive expert train {name} {how}` trains one{}", alternatives.unwrap_or_default());
    let hint = match alternatives.and_then(|_| install_command(env, name)) {
        Some(install) => format!("`{install}` installs the release that came with hive; {train}"),
        None => train,
    };
    Ok(Failure::misuse(problem).hint(hint))
}
