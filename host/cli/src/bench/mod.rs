//! `hive bench`: timed lines for comparisons.

mod generate;
mod machine;
mod train;

use std::collections::BTreeMap;

use clap::Subcommand;
use hive_engine::adapter::config::Targets;
use hive_engine::adapter::{AdapterConfig, DropoutSemantics, Method};
use hive_engine::weights::config::ModelConfig;

use super::error::{CommandResult, Failure};
use crate::context::Environment;

/// What can be timed.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Time optimizer steps on random tokens, or train on one given batch
    Train(Box<train::BenchTrain>),
    /// Time reading a prompt and writing an answer, token by token
    Generate(generate::BenchGenerate),
    /// Measure what this machine can do at the most: arithmetic, memory, and the engine's products
    Machine(machine::BenchMachine),
}

impl BenchCommand {
    /// Runs it.
    ///
    /// # Errors
    /// What the command says.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::Train(command) => command.run(env),
            Self::Generate(command) => command.run(env),
            Self::Machine(command) => command.run(),
        }
    }
}

/// Refuses texts of more tokens than a base of this shape reads; `what` says where they come from.
fn check_length(config: &ModelConfig, what: &str, tokens: usize) -> CommandResult {
    let longest = config.max_position_embeddings;
    if tokens <= longest {
        return Ok(());
    }
    let problem = format!("{what} {tokens} tokens, the base model reads {longest} at the most");
    Err(Failure::unacceptable(problem).into())
}

/// The middle value, or the mean of the two in the middle; NaN for none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The adapter that the comparisons are made with: six of the seven linear layers.
const TARGETS: &str = "q_proj,k_proj,v_proj,o_proj,up_proj,down_proj";

/// DoRA of rank 12 and alpha 24 on [`TARGETS`].
fn rank_12_dora() -> AdapterConfig {
    AdapterConfig {
        method: Method::Dora,
        rank: 12,
        alpha: 24.0,
        dropout: 0.0,
        dropout_semantics: DropoutSemantics::Branch,
        rslora: false,
        targets: Targets::Names(TARGETS.split(',').map(String::from).collect()),
        layers: None,
        rank_pattern: BTreeMap::new(),
        alpha_pattern: BTreeMap::new(),
    }
}
