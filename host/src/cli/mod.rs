//! The command line: one file per command. Arguments, printing and progress live here and nowhere
//! else; what a command does is in the library beside it. Imported by `main.rs` alone.
//!
//! Every command is `fn run(self) -> anyhow::Result<()>`: `Ok` is exit code 0, and [`error`] turns
//! an `Err` into text, hint and exit code.

mod adapter;
mod bench;
mod data_progress;
pub mod error;
mod expert;
mod interrupt;
pub mod loading;
mod model;
pub mod output;
mod pull_progress;
mod train_progress;
mod worker;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use error::Failure;

/// Shown below the list of commands.
const AFTER_HELP: &str = "\
To begin: hive expert train sql --profile quickstart

Results go to stdout, all else to stderr. Exit code 0: done, 1: the input or the result is not
acceptable, 2: hive failed or was misused.

Environment:
  HIVE_HOME      Where base models are kept [default: ~/.local/share/hive]
  HIVE_OFFLINE   Fetch no base model when set to 1
  HIVE_LOG       Log on stderr, such as `debug`
  HF_ENDPOINT    Address of the model hub or of a mirror
  HF_TOKEN       Token to send to the model hub
  NO_COLOR       No colour";

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
    /// List, check, train and run experts
    #[command(subcommand)]
    Expert(expert::ExpertCommand),
    /// List, fetch and find base models
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Look into adapters and compare what they compute
    #[command(subcommand)]
    Adapter(adapter::AdapterCommand),
    /// Time the engine
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Run an expert for another hive process
    #[command(hide = true)]
    Worker(worker::Worker),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = start_logging().and_then(|()| match cli.command {
        Command::Expert(command) => command.run(),
        Command::Model(command) => model::run(command),
        Command::Adapter(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Worker(worker) => worker.run(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error::report(&error),
    }
}

/// Sends `tracing` to stderr when `HIVE_LOG` asks for it: `HIVE_LOG=debug`, `HIVE_LOG=hive=trace`.
fn start_logging() -> anyhow::Result<()> {
    let Some(filter) = std::env::var("HIVE_LOG").ok().filter(|f| !f.is_empty()) else { return Ok(()) };
    let filter = EnvFilter::try_new(&filter).map_err(|e| {
        Failure::misuse(format!("Failed to read `HIVE_LOG`: got `{filter}`: {e}"))
            .hint("a level or `target=level` pairs: `HIVE_LOG=debug hive expert list`")
    })?;
    let colour = std::io::stderr().is_terminal() && console::colors_enabled_stderr();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
