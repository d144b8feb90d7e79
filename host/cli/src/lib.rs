//! The command line of hive: one file per command. Arguments, printing, progress and error output
//! are here and nowhere else; the work of the commands is in the other crates.
//!
//! Every command is `fn run(self, env: &Environment) -> CommandResult`: `Ok` is exit code 0, and `report` turns
//! an `Err` into text, hint and exit code.

mod adapter;
mod arch;
mod bench;
mod columns;
pub mod context;
mod data_progress;
pub mod error;
mod eval_progress;
mod expert;
mod expert_flags;
#[cfg(test)]
mod guide;
mod interrupt;
mod key;
pub mod loading;
mod model;
mod numbers;
pub mod output;
mod overwrite;
mod packages;
mod plan_text;
mod process;
mod progress_bar;
mod pull_progress;
#[cfg(test)]
mod reference;
mod report;
mod shell;
mod tensors;
mod train_progress;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use context::Environment;

/// Shown below the list of commands.
const AFTER_HELP: &str = "\
To get started: `hive expert list` shows the experts; hive expert train NAME --profile quickstart

Results go to stdout, everything else to stderr. Exit code 0: done, 1: the input or the result is not
acceptable, 2: hive failed or was misused.

Environment:
  HIVE_HOME      Folder for base models, experts and caches [default: ~/.local/share/hive]
  HIVE_OFFLINE   Set to 1 to disable downloads
  HIVE_LOG       Log on stderr, such as `debug`; with `HIVE_LOG_FORMAT=json` a JSON object per line
  HIVE_THREADS   Number of compute threads [default: one per core]
  HIVE_VECTORS   `avx2`: do not use AVX-512 [default: any]
  HF_ENDPOINT    Address of the model hub or of a mirror
  HF_TOKEN       Token to send to the model hub
  NO_COLOR       Disable colours";

/// Trains, evaluates and runs small domain experts on your own machine.
#[derive(Debug, Parser)]
#[command(name = "hive", version, about, after_help = AFTER_HELP)]
#[command(propagate_version = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List, train, evaluate, package, install and run experts
    #[command(subcommand)]
    Expert(expert::ExpertCommand),
    /// Create, trust and revoke keys for signing packages
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// List, download and locate base models
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Inspect adapters, compare their logits, and merge them
    #[command(subcommand)]
    Adapter(adapter::AdapterCommand),
    /// Benchmark the engine
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Run an expert for another hive process
    #[command(hide = true)]
    Worker(worker::Worker),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let env = &Environment::from_env();
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = expert_flags::with_expert_flags(Cli::command(), &arguments, || loading::experts(env));
    let cli = Cli::from_arg_matches(&command.get_matches_from(&arguments)).unwrap_or_else(|error| error.exit());
    let done = process::set_up().and_then(|()| match cli.command {
        Command::Expert(command) => command.run(env),
        Command::Key(command) => key::run(command, env),
        Command::Model(command) => model::run(command, env),
        Command::Adapter(command) => command.run(env),
        Command::Bench(command) => command.run(env),
        Command::Worker(worker) => worker.run(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::report(&error),
    }
}
