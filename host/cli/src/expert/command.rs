//! The commands about experts, as the command line takes them.

use clap::Subcommand;

use super::*;
use crate::context::Environment;
use crate::error::CommandResult;

/// Commands for experts.
#[derive(Debug, Subcommand)]
pub enum ExpertCommand {
    /// List every expert, its version, library and state
    List(list::List),
    /// Write a new expert: a folder with a manifest and records, or a crate
    New(new::New),
    /// Link an expert in a folder of your own
    Link(link::Link),
    /// End the link to a folder
    Unlink(link::Unlink),
    /// Prove an expert before it trains: what is wrong, where, and what goes wrong otherwise
    Check(check::Check),
    /// Judge, repair and split data into a prepared set, or compare two data sets
    Data(Box<data::Data>),
    /// Train an expert's adapter, or resume a stopped run
    Train(Box<train::Train>),
    /// Show what training would do and cost, without training
    Plan(Box<plan::Plan>),
    /// Evaluate an expert on a suite of prompts, compared with the base model
    Eval(Box<eval::Eval>),
    /// Compare candidates side by side: adapters, and recipes that are trained first
    Compare(Box<compare::Compare>),
    /// Repeat a run's first steps and compare them
    Replay(replay::Replay),
    /// Run an expert on a prompt
    Run(Box<run::Run>),
    /// Build a package from a finished run
    Package(Box<package::Package>),
    /// Sign a package
    Sign(sign::Sign),
    /// Verify a package's files and signature, and that it computes the recorded results
    Verify(Box<verify::Verify>),
    /// Show the contents of a package
    Inspect(inspect::Inspect),
    /// Publish a package to a registry, or export it for a model hub
    Publish(publish::Publish),
    /// List the packages of a registry
    Search(search::Search),
    /// Install an expert from a package, after verifying it
    Install(Box<install::Install>),
    /// Update an installed expert to the newest version
    Update(Box<update::Update>),
    /// Set the default version of an installed expert
    Use(select::Use),
    /// Remove an installed expert
    Uninstall(uninstall::Uninstall),
    /// Validate a manifest and list all its faults
    Validate(validate::Validate),
    /// Print the JSON schema of manifests
    Schema(schema::Schema),
}

impl ExpertCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// Errors of the command.
    pub fn run(self, env: &Environment) -> CommandResult {
        match self {
            ExpertCommand::List(command) => command.run(env),
            ExpertCommand::New(command) => command.run(env),
            ExpertCommand::Link(command) => command.run(env),
            ExpertCommand::Unlink(command) => command.run(env),
            ExpertCommand::Check(command) => command.run(env),
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
