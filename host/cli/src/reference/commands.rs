//! The page of all commands: the help text of each.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

use super::check;
use crate::Cli;

/// Line width of a help text in the reference.
const WIDTH: usize = 100;

/// One section per executable command, in the order of the help.
fn sections(command: &Command, path: &str, out: &mut String) {
    let subcommands: Vec<&Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    for sub in &subcommands {
        sections(sub, &format!("{path} {}", sub.get_name()), out);
    }
    if subcommands.is_empty() || command.get_arguments().any(|argument| argument.is_positional()) {
        let help = command.clone().bin_name(path).term_width(WIDTH).render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(out, "## `{path}`\n\n```text\n{}\n```\n", lines.join("\n").trim()).unwrap();
    }
}

#[test]
fn the_reference_of_commands_is_up_to_date() {
    let mut command = Cli::command();
    command.build();
    let mut text =
        "# Commands\n\nThe help text of every command. Generated from the command line's definition.\n\n".to_owned();
    sections(&command, "hive", &mut text);
    check("commands.md", &format!("{}\n", text.trim_end()));
}
