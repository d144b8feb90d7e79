//! `hive expert use`: sets the default version of an installed expert.

use clap::Args;
use hive_packages::installed::Store;

use super::super::output::result;
use crate::context::Environment;
use crate::error::CommandResult;

/// Set the default version of an installed expert
#[derive(Debug, Args)]
pub struct Use {
    /// NAME@VERSION
    #[arg(value_name = "NAME@VERSION")]
    release: String,
    /// Base model, if the version is installed for several
    #[arg(long)]
    base: Option<String>,
}

impl Use {
    /// Runs the command.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let release = store.find(&self.release, self.base.as_deref())?;
        let release = store.switch(release)?;
        result(&format!("`{}` is now {}", release.description.name, release.title()))
    }
}
