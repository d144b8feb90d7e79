//! `hive worker`: runs an expert in a separate process, started by another hive process and never
//! by the user.

use std::path::PathBuf;

use clap::Args;
use hive_files::KnownDigests;
use hive_plugins::{Commands, ExpertCode, ExpertPlace, serve};

use crate::error::CommandResult;

/// Arguments of `hive worker`.
#[derive(Debug, Args)]
pub struct Worker {
    /// Name of the expert
    expert: String,
    /// Library of the expert
    #[arg(long, requires = "record", required_unless_present = "manifest")]
    library: Option<PathBuf>,
    /// Record of the library's SHA-256 digest
    #[arg(long)]
    record: Option<PathBuf>,
    /// Home folder with digests that are known
    #[arg(long)]
    known: Option<PathBuf>,
    /// The library was installed, not built here
    #[arg(long)]
    installed: bool,
    /// Manifest of an expert without a library
    #[arg(long, conflicts_with = "library")]
    manifest: Option<PathBuf>,
    /// Folder in which programs that grade may run
    #[arg(long)]
    commands: Option<PathBuf>,
    /// Why they may not run
    #[arg(long)]
    refused: Option<String>,
}

impl Worker {
    /// Serves until stdin is closed.
    ///
    /// # Errors
    /// When the expert cannot be used.
    pub fn run(self) -> CommandResult {
        let Self { expert, library, record, known, installed, manifest, commands, refused } = self;
        let code = match manifest {
            Some(manifest) => {
                let refused = || Commands::Refused(refused.unwrap_or_default());
                ExpertCode::Declared { manifest, commands: commands.map_or_else(refused, Commands::In) }
            }
            None => {
                let (library, record) = (library.unwrap_or_default(), record.unwrap_or_default());
                ExpertCode::Library { library, record, installed }
            }
        };
        let known = known.map(|home| KnownDigests::of(&home));
        Ok(serve(&ExpertPlace { expert, code, known })?)
    }
}
