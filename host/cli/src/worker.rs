//! `hive worker`: runs an expert in a separate process, started by another hive process and never
//! by the user.

use std::path::PathBuf;

use clap::Args;
use hive_plugins::{LibraryPlace, serve};

use crate::error::CommandResult;

/// Arguments of `hive worker`.
#[derive(Debug, Args)]
pub struct Worker {
    /// Name of the expert
    expert: String,
    /// Library of the expert
    library: PathBuf,
    /// Record of the library's SHA-256 digest
    record: PathBuf,
    /// The library was installed, not built here
    #[arg(long)]
    installed: bool,
}

impl Worker {
    /// Serves until stdin is closed.
    ///
    /// # Errors
    /// When the library cannot be used.
    pub fn run(self) -> CommandResult {
        let Self { expert, library, record, installed } = self;
        Ok(serve(&LibraryPlace { expert, library, record, installed, manifest_alone: false, known: None })?)
    }
}
