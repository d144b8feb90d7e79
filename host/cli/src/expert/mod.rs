//! `hive expert …`: the commands about experts, one file each.

mod compare;
mod data;
mod eval;
mod eval_args;
mod inspect;
mod install;
mod list;
mod package;
mod plan;
mod publish;
mod replay;
mod run;
mod schema;
mod search;
mod select;
mod sign;
mod train;
mod train_args;
mod uninstall;
mod update;
mod validate;
mod verify;

use clap::Subcommand;

use crate::context::Environment;
use crate::error::CommandResult;

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
    /// Ask an expert
    Run(Box<run::Run>),
    /// Make a package of a finished run
    Package(Box<package::Package>),
    /// Sign a package
    Sign(sign::Sign),
    /// Check a package's files and signature, and that it computes what it says
    Verify(Box<verify::Verify>),
    /// Show what a package is
    Inspect(inspect::Inspect),
    /// Publish a package to a registry, or export it as a repository of a model hub
    Publish(publish::Publish),
    /// List what a registry has
    Search(search::Search),
    /// Install an expert from a package, after proving it
    Install(Box<install::Install>),
    /// Install a newer version from where an expert came from
    Update(Box<update::Update>),
    /// Say which installed version an expert's name alone means
    Use(select::Use),
    /// Remove an installed expert
    Uninstall(uninstall::Uninstall),
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
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            ExpertCommand::List(command) => command.run(env),
            ExpertCommand::Data(command) => command.run(env),
            ExpertCommand::Train(command) => command.run(env),
            ExpertCommand::Plan(command) => command.run(env),
            ExpertCommand::Eval(command) => command.run(env),
            ExpertCommand::Compare(command) => command.run(env),
            ExpertCommand::Replay(command) => command.run(env),
            ExpertCommand::Run(command) => command.run(env),
            ExpertCommand::Package(command) => command.run(env),
            ExpertCommand::Sign(command) => command.run(env),
            ExpertCommand::Verify(command) => command.run(env),
            ExpertCommand::Inspect(command) => command.run(env),
            ExpertCommand::Publish(command) => command.run(env),
            ExpertCommand::Search(command) => command.run(env),
            ExpertCommand::Install(command) => command.run(env),
            ExpertCommand::Update(command) => command.run(env),
            ExpertCommand::Use(command) => command.run(env),
            ExpertCommand::Uninstall(command) => command.run(env),
            ExpertCommand::Validate(command) => command.run(),
            ExpertCommand::Schema(command) => command.run(),
        }
    }
}
