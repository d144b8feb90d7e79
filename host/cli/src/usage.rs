//! Errors of the command line that say what was probably meant.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

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
