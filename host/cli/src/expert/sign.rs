//! `hive expert sign`: vouches for a package.

use std::path::PathBuf;

use clap::Args;
use hive_packages::trust::Ring;
use hive_packages::{Package, sign};

use super::super::output::note;
use super::super::overwrite::may_overwrite;
use super::super::packages::staging;
use crate::context::Environment;
use crate::error::CommandResult;

/// Sign a package with a key of `hive key list`
#[derive(Debug, Args)]
pub struct Sign {
    /// The package
    file: PathBuf,
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Put this signature in place of another's without asking
    #[arg(long)]
    force: bool,
}

impl Sign {
    /// Runs it.
    ///
    /// # Errors
    /// When there is no such key, or the file is no whole package.
    pub fn run(self, env: &Environment) -> CommandResult {
        let secret = Ring::of(env.context.home()?)?.secret(&self.key)?;
        if let Ok(there) = Package::open(&self.file, &staging(env))
            && there.signature.is_some_and(|signature| signature.key != secret.public())
        {
            let hint = "a copy of the file can bear the other signature";
            may_overwrite(&self.file, "a package that another key has signed", hint, self.force)?;
        }
        let public = sign(&self.file, &secret)?;
        note(&format!("Signed `{}` with `{}` ({})", self.file.display(), self.key, public.id()));
        Ok(())
    }
}
