//! `hive expert use`: sets what an expert's name alone stands for, an installed version or a run.

use std::path::PathBuf;

use clap::Args;
use hive_packages::installed::Store;
use hive_train::chosen::ChosenRuns;

use super::super::output::result_prose;
use crate::answering::Answering;
use crate::answering::run_named;
use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::loading::experts;

/// Choose what answers under an expert's name: an installed version, or a run
#[derive(Debug, Args)]
pub struct Use {
    /// NAME@VERSION for an installed version; NAME with `--run` or `--forget`
    #[arg(value_name = "NAME[@VERSION]")]
    name: String,
    /// Run that answers from now on
    #[arg(long, value_name = "RUN", conflicts_with = "forget")]
    run: Option<PathBuf>,
    /// Forget the chosen run
    #[arg(long)]
    forget: bool,
    /// Base model, if the version is installed for several
    #[arg(long, conflicts_with_all = ["run", "forget"])]
    base: Option<String>,
}

impl Use {
    /// Runs the command.
    ///
    /// # Errors
    /// When the version is not installed, or there is no such run.
    pub fn run(self, env: &Environment) -> CommandResult {
        let home = env.context.home()?;
        let name = self.name.split('@').next().unwrap_or_default();
        let chosen = ChosenRuns::of(home);
        if name != self.name && (self.run.is_some() || self.forget) {
            let problem = format!("`{}` is an installed version, expected the expert's name alone", self.name);
            return Err(Failure::misuse(problem).into());
        }
        if let Some(run) = &self.run {
            experts(env).get(name)?;
            chosen.choose(name, &run_named(run))?;
        } else if self.forget {
            experts(env).get(name)?;
            chosen.forget(name)?;
        } else {
            let store = Store::of(home);
            store.switch(store.find(&self.name, self.base.as_deref())?)?;
            chosen.forget(name)?;
        }
        let answers = match Answering::of(env).title(name) {
            Some(title) => format!("`{name}` is now {title}"),
            None => format!("Nothing answers under `{name}`"),
        };
        result_prose(env.screen, &answers)
    }
}
