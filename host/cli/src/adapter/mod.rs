//! `hive adapter …`: inspect an adapter folder, compute its logits, and merge it into a base model.

mod inspect;
mod merge;
mod probe;
mod target;

use clap::Subcommand;

use crate::context::Environment;
use crate::error::CommandResult;

/// Commands for adapters.
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Show an adapter's method, rank, alpha, targets, tensors and base model
    Inspect(inspect::Inspect),
    /// Compute logits of the base model, with the adapter applied, and with the adapter merged
    Probe(probe::Probe),
    /// Write the base model with the adapter merged in, as a Hugging Face folder or a GGUF file
    Merge(merge::Merge),
}

impl AdapterCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of the command.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::Inspect(command) => command.run(env),
            Self::Probe(command) => command.run(env),
            Self::Merge(command) => command.run(env),
        }
    }
}
