//! `hive expert sign`: signs a package.

use std::path::PathBuf;

use clap::Args;
use hive_packages::trust::Ring;
use hive_packages::{Package, sign};

use super::super::overwrite::may_overwrite;
use super::super::packages::staging;
use crate::context::Environment;
use crate::error::CommandResult;

/// Sign a package with a key of `hive key list`
#[derive(Debug, Args)]
pub struct Sign {
    /// Package file
    file: PathBuf,
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Replace another key's signature without asking
    #[arg(long)]
    force: bool,
}

impl Sign {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key, or the file is not a complete package.
    pub fn run(self, env: &Environment) -> CommandResult {
        let secret = Ring::of(env.context.home()?)?.secret(&self.key)?;
        if let Ok(there) = Package::open(&self.file, &staging(env))
            && there.signature.is_some_and(|signature| signature.key != secret.public())
        {
            let hint = "sign a copy of the file instead";
            may_overwrite(env.screen, &self.file, "a package that another key has signed", hint, self.force)?;
        }
        let public = sign(&self.file, &secret)?;
        env.screen.note(&format!("Signed `{}` with `{}` ({})", self.file.display(), self.key, public.id()));
        Ok(())
    }
}
