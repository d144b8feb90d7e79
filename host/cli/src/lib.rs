//! The command line of hive: one file per command. Arguments, printing, progress and error output
//! are here and nowhere else; the work of the commands is in the other crates.
//!
//! Every command is `fn run(self, env: &Environment) -> CommandResult`: `Ok` is exit code 0, and `report` turns
//! an `Err` into text, hint and exit code.

mod adapter;
mod answering;
mod arch;
mod bench;
mod builtin;
mod cache;
mod columns;
mod command;
mod completions;
mod config;
mod confirm;
pub mod context;
mod data_progress;
mod doctor;
pub mod ended;
pub mod error;
mod eval_progress;
mod expert;
mod expert_flags;
mod fitting;
#[cfg(test)]
mod guide;
mod heading;
mod help;
mod home;
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
mod runs;
mod screen;
mod shell;
mod tensors;
mod train_progress;
mod usage;
pub mod variables;
mod worker;
mod wrapping;

use std::process::ExitCode;

use clap::FromArgMatches;

use command::{Cli, Command};
use context::Environment;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let mut env = Environment::from_env();
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = expert_flags::with_expert_flags(command::hive(env.screen), &arguments, || loading::experts(&env));
    let matches = command.clone().try_get_matches_from(&arguments);
    let matches = matches.map_err(|error| usage::explained(&command, &arguments, error));
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage::show(env.screen, &error),
    };
    env.screen = env.screen.at(cli.level());
    let screen = env.screen;
    // An expert's process ends with its host.
    let listening = if matches!(cli.command, Command::Worker(_)) { Ok(()) } else { interrupt::listen(screen) };
    let set_up = || process::set_up(&env).and_then(|()| env.check_home());
    let ready =
        listening.and_then(|()| set_up().or_else(|refused| cli.command.runs_anyway().then_some(()).ok_or(refused)));
    let done = ready.and_then(|()| cli.command.run(&env));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::report(screen, &error),
    }
}
