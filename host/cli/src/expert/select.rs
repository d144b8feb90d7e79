//! `hive expert use`: which of several installed releases an expert's name means.

use clap::Args;
use hive_packages::installed::Store;

use super::super::output::result;
use crate::context::Environment;
use crate::error::CommandResult;

/// Say which installed version an expert's name alone means
#[derive(Debug, Args)]
pub struct Use {
    /// NAME@VERSION
    #[arg(value_name = "NAME@VERSION")]
    what: String,
    /// The base model, where the version is installed for several
    #[arg(long)]
    base: Option<String>,
}

impl Use {
    /// Runs it.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn run(self, env: &Environment) -> CommandResult {
        let store = Store::of(env.context.home()?);
        let release = store.find(&self.what, self.base.as_deref())?;
        let release = store.switch(release)?;
        result(&format!("`{}` is now {}", release.description.name, release.title()))
    }
}
