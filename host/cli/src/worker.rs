//! `hive worker`: an expert in a process of its own, started by another hive and never by a person.

use std::path::PathBuf;

use clap::Args;
use hive_plugins::{LibraryPlace, serve};

use crate::error::CommandResult;

/// Arguments of `hive worker`.
#[derive(Debug, Args)]
pub struct Worker {
    /// Name of the expert
    expert: String,
    /// Its library
    library: PathBuf,
    /// The record of the library's sha256
    record: PathBuf,
    /// The library was installed, not built here
    #[arg(long)]
    installed: bool,
}

impl Worker {
    /// Serves until stdin ends.
    ///
    /// # Errors
    /// When the library cannot be used.
    pub fn run(self) -> CommandResult {
        let Self { expert, library, record, installed } = self;
        Ok(serve(&LibraryPlace { expert, library, record, installed, manifest_alone: false })?)
    }
}
