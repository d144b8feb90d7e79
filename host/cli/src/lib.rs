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
mod progress_bar;
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
    // A closing span reports its duration: a phase of training, a step, a forward pass.
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

/// Limits the vector width to `HIVE_VECTORS`. The result does not depend on it.
fn set_vectors() -> CommandResult {
    let Some(text) = std::env::var("HIVE_VECTORS").ok().filter(|t| !t.is_empty()) else { return Ok(()) };
    let limit = text
        .parse::<SimdLimit>()
        .map_err(|expected| Failure::misuse(format!("`HIVE_VECTORS` is `{text}`, {expected}")))?;
    simd::set_limit(limit);
    Ok(())
}

/// Sets the number of compute threads from `HIVE_THREADS`. The result does not depend on it.
fn set_threads() -> CommandResult {
    let variable =
        |name: &'static str| std::env::var(name).ok().filter(|text| !text.trim().is_empty()).map(|text| (name, text));
    let own = variable("HIVE_THREADS");
    // The variable that the thread pool itself reads; there, 0 means one per core.
    let of_library = || variable("RAYON_NUM_THREADS").filter(|(_, text)| text.parse() != Ok(0usize));
    let Some((name, text)) = own.or_else(of_library) else { return Ok(()) };
    let max = max_threads();
    let threads = text.parse::<usize>().ok().filter(|n| (1..=max).contains(n));
    let threads =
        threads.ok_or_else(|| Failure::misuse(format!("`{name}` is `{text}`, expected a number from 1 to {max}")))?;
    hive_engine::set_threads(threads)
        .map_err(|e| Failure::misuse(format!("Failed to start {threads} threads: {e}")).into())
}

/// Maximum number of threads: far more threads than cores would mostly wait for each other.
fn max_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (4 * cores).max(LEAST_BOUND)
}

/// A number of threads that is always allowed, so that a setup can be reproduced on any machine.
const LEAST_BOUND: usize = 64;
