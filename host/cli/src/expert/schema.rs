//! `hive expert schema`: the JSON schema of manifests, generated from the SDK's types.

use clap::Args;
use hive_plugins::manifest::schema_json;

use crate::error::CommandResult;
use crate::output;

/// Prints the JSON schema of manifests.
#[derive(Debug, Args)]
pub struct Schema {}

impl Schema {
    /// Runs the command.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub fn run(self) -> CommandResult {
        output::result(schema_json().trim_end())
    }
}
