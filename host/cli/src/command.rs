//! The commands of hive, and which code runs each.

use clap::{CommandFactory, Parser, Subcommand};

use crate::context::Environment;
use crate::error::CommandResult;
use crate::screen::{Level, Screen};
use crate::{adapter, bench, cache, completions, config, doctor, expert, help, key, model, runs, worker};

/// Trains, evaluates and runs small domain experts on your own machine.
#[derive(Debug, Parser)]
#[command(name = "hive", version, about, after_help = help::OVERVIEW)]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print results and errors only
    #[arg(short, long, global = true, display_order = 1000, conflicts_with = "verbose")]
    quiet: bool,
    /// Print every detail, and the log at level `info` unless HIVE_LOG sets another
    #[arg(short, long, global = true, display_order = 1000)]
    verbose: bool,
}

/// The widest that the help is.
const WIDEST_HELP: usize = 100;

/// The description of all commands; its help is as wide as stdout, within limits.
pub(crate) fn hive(screen: Screen) -> clap::Command {
    Cli::command().term_width(screen.result_width().min(WIDEST_HELP))
}

impl Cli {
    /// How much is printed.
    pub(crate) fn level(&self) -> Level {
        match (self.quiet, self.verbose) {
            (true, _) => Level::Quiet,
            (_, true) => Level::Verbose,
            _ => Level::Normal,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List, train, evaluate, package, install and run experts
    #[command(subcommand)]
    Expert(expert::ExpertCommand),
    /// Run an expert on a prompt: short for `hive expert run`
    Run(Box<expert::Run>),
    /// Train an expert's adapter: short for `hive expert train`
    Train(Box<expert::Train>),
    /// List, show and remove training runs
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// Create, trust and revoke keys for signing packages
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// List, download, locate and remove base models
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Inspect adapters, compare their logits, and merge them
    #[command(subcommand)]
    Adapter(adapter::AdapterCommand),
    /// Benchmark the engine
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Show and empty the caches
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Check this machine, and say what to do
    Doctor(Box<doctor::Doctor>),
    /// Show all settings and their origins
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Show the help of a command
    Help(help::Help),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Write manual pages for all commands
    Man(completions::Man),
    /// Run an expert for another hive process
    #[command(hide = true)]
    Worker(worker::Worker),
}

impl Command {
    /// Whether it must run although a setting is refused: it reports the setting, or reads none.
    pub(crate) fn runs_anyway(&self) -> bool {
        matches!(
            self,
            Self::Config(_) | Self::Doctor(_) | Self::Help(_) | Self::Completions(_) | Self::Man(_) | Self::Worker(_)
        )
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Those of the command.
    pub(crate) fn run(self, env: &Environment) -> CommandResult {
        match self {
            Self::Expert(command) => command.run(env),
            Self::Run(command) => command.run(env),
            Self::Train(command) => command.run(env),
            Self::Runs(command) => command.run(env),
            Self::Key(command) => key::run(command, env),
            Self::Model(command) => model::run(command, env),
            Self::Adapter(command) => command.run(env),
            Self::Bench(command) => command.run(env),
            Self::Cache(command) => cache::run(command, env),
            Self::Doctor(command) => command.run(env),
            Self::Config(command) => config::run(&command, &Cli::command(), env),
            Self::Help(command) => command.run(hive(env.screen)),
            Self::Completions(command) => command.run(Cli::command()),
            Self::Man(command) => command.run(Cli::command(), env),
            Self::Worker(worker) => worker.run(),
        }
    }
}
