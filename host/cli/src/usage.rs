//! Errors of the command line: what was probably meant, and how they are printed. Help is printed here too, because clap
//! returns it as an error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::output::result;
use crate::report::report;
use crate::screen::Screen;

/// Exit code of what was misused.
const MISUSED: u8 = 2;

/// The option that takes data sets.
const DATASET: &str = "dataset";

/// The same error; that a data set was given without its option is said in so many words.
pub fn explained(command: &Command, arguments: &[OsString], error: Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::ArgumentConflict => ContextKind::InvalidSubcommand,
        _ => return error,
    };
    let Some(ContextValue::String(given)) = error.get(kind) else { return error };
    let (leaf, path) = called(command, arguments);
    if given.starts_with('-') || !leaf.get_arguments().any(|arg| arg.get_id() == DATASET) {
        return error;
    }
    let message = format!("`{given}` is not expected here: a data set is given as `--{DATASET} {given}`");
    leaf.clone().bin_name(path).error(ErrorKind::UnknownArgument, message)
}

/// The command that these arguments call, and its words.
fn called<'a>(command: &'a Command, arguments: &[OsString]) -> (&'a Command, String) {
    let (mut leaf, mut path) = (command, command.get_name().to_owned());
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        let Some(next) = leaf.find_subcommand(word) else { break };
        leaf = next;
        path = format!("{path} {word}");
    }
    (leaf, path)
}

/// Prints what clap has to say, help or an error, at the width of the terminal, and returns the exit code of the process.
pub fn show(screen: Screen, error: &Error) -> ExitCode {
    let text = error.render();
    if !error.use_stderr() {
        let coloured = console::colors_enabled();
        let text = if coloured { text.ansi().to_string() } else { text.to_string() };
        return result(text.trim_end()).map_or_else(|error| report(screen, &error), |()| ExitCode::SUCCESS);
    }
    let text = if console::colors_enabled_stderr() { text.ansi().to_string() } else { text.to_string() };
    screen.say(text.trim_end());
    ExitCode::from(MISUSED)
}
