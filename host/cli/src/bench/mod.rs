//! `hive bench`: timings for comparisons.

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
use crate::numbers::grouped;

/// What can be timed.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Time optimizer steps on random tokens, or train on one given batch
    Train(Box<train::BenchTrain>),
    /// Time reading a prompt and generating an answer, token by token
    Generate(generate::BenchGenerate),
    /// Measure the limits of this machine: arithmetic, memory bandwidth, and the engine's matrix
    /// products
    Machine(machine::BenchMachine),
}

impl BenchCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of the command.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::Train(command) => command.run(env),
            Self::Generate(command) => command.run(env),
            Self::Machine(command) => command.run(),
        }
    }
}

/// Rejects inputs longer than the base model's context; `origin` is the beginning of the message.
fn check_length(config: &ModelConfig, origin: &str, tokens: usize) -> CommandResult {
    let longest = config.max_position_embeddings;
    if tokens <= longest {
        return Ok(());
    }
    let problem = format!("{origin} {} tokens, the base model reads at most {}", grouped(tokens), grouped(longest));
    Err(Failure::misuse(problem).into())
}

/// The median; NaN without values.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Target modules of the adapter used for comparisons: six of the seven linear layers.
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
