//! `hive expert sign`: vouches for a package.

use std::path::PathBuf;

use clap::Args;

use super::super::output::note;
use crate::packages::sign;
use crate::trust::Ring;

/// Sign a package with a key of `hive key list`
#[derive(Debug, Args)]
pub struct Sign {
    /// The package; a signature that it has is replaced
    file: PathBuf,
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    key: String,
}

impl Sign {
    /// Runs it.
    ///
    /// # Errors
    /// When there is no such key, or the file is no whole package.
    pub fn run(self) -> anyhow::Result<()> {
        let secret = Ring::from_env()?.secret(&self.key)?;
        let public = sign(&self.file, &secret)?;
        note(&format!("Signed `{}` with `{}` ({})", self.file.display(), self.key, public.id()));
        Ok(())
    }
}
