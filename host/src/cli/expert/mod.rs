//! `hive expert …`: the commands about experts, one file each.

mod compare;
mod data;
mod eval;
mod exam;
mod list;
mod plan;
mod replay;
mod run;
mod schema;
mod train;
mod validate;
mod what;

use clap::Subcommand;

/// What can be done with experts.
#[derive(Debug, Subcommand)]
pub enum ExpertCommand {
    /// List every expert, its version, library and state
    List(list::List),
    /// Judge, repair and split data into a prepared set, or compare two data sets
    Data(Box<data::Data>),
    /// Train an expert's adapter, or go on with a stopped run
    Train(Box<train::Train>),
    /// Show what training would do and cost, without training
    Plan(Box<plan::Plan>),
    /// Examine an expert's answers to a suite of prompts, beside the base model's
    Eval(Box<eval::Eval>),
    /// Examine candidates side by side: adapters, and recipes that are trained first
    Compare(Box<compare::Compare>),
    /// Make a run's first steps again and compare
    Replay(replay::Replay),
    /// Ask an expert a question
    Run(Box<run::Run>),
    /// Check a manifest and list all its faults
    Validate(validate::Validate),
    /// Print the JSON schema of manifests
    Schema(schema::Schema),
}

impl ExpertCommand {
    /// Runs it.
    ///
    /// # Errors
    /// What the command says.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            ExpertCommand::List(command) => command.run(),
            ExpertCommand::Data(command) => command.run(),
            ExpertCommand::Train(command) => command.run(),
            ExpertCommand::Plan(command) => command.run(),
            ExpertCommand::Eval(command) => command.run(),
            ExpertCommand::Compare(command) => command.run(),
            ExpertCommand::Replay(command) => command.run(),
            ExpertCommand::Run(command) => command.run(),
            ExpertCommand::Validate(command) => command.run(),
            ExpertCommand::Schema(command) => command.run(),
        }
    }
}
