//! `hive adapter …`: what an adapter folder is, what it computes, and a model with it merged in.

mod inspect;
mod merge;
mod probe;
mod target;

use clap::Subcommand;

use crate::context::Environment;
use crate::error::CommandResult;

/// What can be done with adapters.
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Show an adapter's method, rank, alpha, targets, tensors and the base it names
    Inspect(inspect::Inspect),
    /// Compute logits with the base alone, the adapter beside it, and the adapter merged
    Probe(probe::Probe),
    /// Write the base model with the adapter merged in, as a Hugging Face folder or a GGUF file
    Merge(merge::Merge),
}

impl AdapterCommand {
    /// Runs it.
    ///
    /// # Errors
    /// What the command says.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::Inspect(command) => command.run(),
            Self::Probe(command) => command.run(env),
            Self::Merge(command) => command.run(env),
        }
    }
}
