//! The command line of hive: one file per command. Arguments, printing, progress and the text of
//! errors live here and nowhere else; what a command does is in the crates beside it.
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
mod interrupt;
mod key;
pub mod loading;
mod model;
mod numbers;
pub mod output;
mod overwrite;
mod packages;
mod plan_text;
mod pull_progress;
#[cfg(test)]
mod reference;
mod report;
mod shell;
mod tensors;
mod train_progress;
mod worker;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hive_engine::ops::simd::{self, SimdLimit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use context::Environment;
use error::{CommandResult, Failure};

/// Shown below the list of commands.
const AFTER_HELP: &str = "\
To begin: `hive expert list` shows the experts; hive expert train NAME --profile quickstart

Results go to stdout, all else to stderr. Exit code 0: done, 1: the input or the result is not
acceptable, 2: hive failed or was misused.

Environment:
  HIVE_HOME      Where base models are kept [default: ~/.local/share/hive]
  HIVE_OFFLINE   Fetch no base model when set to 1
  HIVE_LOG       Log on stderr, such as `debug`; with `HIVE_LOG_FORMAT=json` a JSON object per line
  HIVE_THREADS   Threads to compute with [default: one per core]
  HIVE_VECTORS   `avx2`: do without AVX-512 [default: any]
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
    /// List, train, examine, package, install and run experts
    #[command(subcommand)]
    Expert(expert::ExpertCommand),
    /// Make, trust and revoke the keys that sign packages
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// List, fetch and find base models
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Look into adapters, compare what they compute, and merge them
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
    let env = &Environment::from_env();
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = expert_flags::with_expert_flags(Cli::command(), &arguments, || loading::experts(env));
    let cli = Cli::from_arg_matches(&command.get_matches_from(&arguments)).unwrap_or_else(|error| error.exit());
    let done =
        start_logging().and_then(|()| set_threads()).and_then(|()| set_vectors()).and_then(|()| match cli.command {
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

/// Sends `tracing` to stderr when `HIVE_LOG` asks for it: `HIVE_LOG=debug`, `HIVE_LOG=hive=trace`.
fn start_logging() -> CommandResult {
    let Some(filter) = std::env::var("HIVE_LOG").ok().filter(|f| !f.is_empty()) else { return Ok(()) };
    let filter = EnvFilter::try_new(&filter).map_err(|e| {
        Failure::misuse(format!("Failed to read `HIVE_LOG`: got `{filter}`: {e}"))
            .hint("a level or `target=level` pairs: `HIVE_LOG=debug hive expert list`")
    })?;
    let colour = std::io::stderr().is_terminal() && console::colors_enabled_stderr();
    // A span that closes says how long it was open: a phase of training, a step, a forward pass.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stderr)
        .with_ansi(colour);
    match std::env::var("HIVE_LOG_FORMAT").ok().filter(|f| !f.is_empty()).as_deref() {
        None | Some("text") => log.init(),
        Some("json") => log.json().init(),
        Some(other) => {
            return Err(Failure::misuse(format!("`HIVE_LOG_FORMAT` is `{other}`, expected `text` or `json`")).into());
        }
    }
    Ok(())
}

/// Computes with vectors as wide as `HIVE_VECTORS` allows. The result does not depend on it.
fn set_vectors() -> CommandResult {
    let Some(text) = std::env::var("HIVE_VECTORS").ok().filter(|t| !t.is_empty()) else { return Ok(()) };
    let limit = text
        .parse::<SimdLimit>()
        .map_err(|expected| Failure::misuse(format!("`HIVE_VECTORS` is `{text}`, {expected}")))?;
    simd::set_limit(limit);
    Ok(())
}

/// Computes with as many threads as `HIVE_THREADS` says. The result does not depend on it.
fn set_threads() -> CommandResult {
    let given =
        |name: &'static str| std::env::var(name).ok().filter(|text| !text.trim().is_empty()).map(|text| (name, text));
    let own = given("HIVE_THREADS");
    // What the library of the threads would read by itself; there 0 means one per core.
    let of_library = || given("RAYON_NUM_THREADS").filter(|(_, text)| text.parse() != Ok(0usize));
    let Some((name, text)) = own.or_else(of_library) else { return Ok(()) };
    let most = most_threads();
    let threads = text.parse::<usize>().ok().filter(|n| (1..=most).contains(n));
    let threads =
        threads.ok_or_else(|| Failure::misuse(format!("`{name}` is `{text}`, expected a number from 1 to {most}")))?;
    hive_engine::set_threads(threads)
        .map_err(|e| Failure::misuse(format!("Failed to start {threads} threads: {e}")).into())
}

/// Most threads: far more than there are cores spend their time waiting for each other.
fn most_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (4 * cores).max(LEAST_BOUND)
}

/// Threads that every machine may be asked for, so that what holds on one can be tried on another.
const LEAST_BOUND: usize = 64;
