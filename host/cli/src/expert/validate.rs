//! `hive expert validate`: every fault of a manifest at once. Exit code 0 when it has none, 1 when
//! it has some, 2 when it cannot be read.

use std::path::PathBuf;

use clap::Args;
use hive_plugins::manifest::check_file;

use crate::error::CommandResult;
use crate::output;

/// Validates a manifest.
#[derive(Debug, Args)]
pub struct Validate {
    /// The manifest file, such as `manifests/NAME.json`
    manifest: PathBuf,
}

impl Validate {
    /// Runs the command.
    ///
    /// # Errors
    /// All faults of the manifest.
    pub fn run(self) -> CommandResult {
        let manifest = check_file(&self.manifest)?;
        let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        output::result(&format!(
            "`{}` is valid: expert `{}` {}, {}, {}, {}",
            self.manifest.display(),
            manifest.name,
            manifest.version,
            count(manifest.dataset.fields.len(), "field"),
            count(manifest.profiles.len(), "profile"),
            count(manifest.eval_prompts.len(), "eval prompt"),
        ))
    }
}
