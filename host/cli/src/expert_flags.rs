//! Flags declared by an expert's manifest: its options, and record fields that are entered as a
//! file or text. They are added to the command line before parsing, for the expert named on it;
//! `--option NAME=VALUE` is their general form.

mod file_text;
mod option_value;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};
use hive_plugins::Experts;
use hive_runtime::asking::flag;
use hive_sdk::Manifest;
use hive_sdk::manifest::{FieldSpec, InputKind, OptionKind, OptionSpec};

pub(crate) use file_text::{stdin_text, text_of};
pub(crate) use values::ExpertFlags;

/// Commands of `hive expert` with flags for an expert's options.
const TAKE_OPTIONS: [&str; 6] = ["run", "data", "train", "plan", "eval", "compare"];

/// Commands outside of `hive expert` with the same flags: short forms, such as `hive run`, and `hive doctor`.
const SHORT_FORMS: [&str; 3] = ["run", "train", "doctor"];

/// The command with flags for its fields.
const TAKES_FIELDS: &str = "run";

/// Flags of every command: they may stand before a command's name, and no expert's option replaces them.
const EVERYWHERE: [&str; 4] = ["--quiet", "-q", "--verbose", "-v"];

const OPTION: &str = "option:";
const SWITCH: &str = "switch:";
const FILE: &str = "file:";
const TEXT: &str = "text:";

/// Adds the flags of the expert that these arguments name. Without a name, or if the manifest
/// cannot be read, nothing changes: the command reports the error.
pub fn with_expert_flags(command: Command, arguments: &[OsString], experts: impl FnOnce() -> Experts) -> Command {
    let words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    let words: Vec<&str> = words.filter(|word| !EVERYWHERE.contains(word)).collect();
    let (name, rest, short) = match &words[..] {
        ["expert", name, rest @ ..] if TAKE_OPTIONS.contains(name) => (*name, rest, false),
        [name, rest @ ..] if SHORT_FORMS.contains(name) => (*name, rest, true),
        _ => return command,
    };
    let Some(manifest) = named_manifest(rest, &experts()) else { return command };
    let extended = |command: Command| {
        let nested: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        let command = nested
            .iter()
            .fold(command, |command, sub| command.mut_subcommand(sub, |sub| with_flags(sub, false, &manifest)));
        with_flags(command, name == TAKES_FIELDS, &manifest)
    };
    match short {
        true => command.mut_subcommand(name, extended),
        false => command.mut_subcommand("expert", |expert| expert.mut_subcommand(name, extended)),
    }
}

/// Long flags of hive's own on the commands of `hive expert` that get those of an expert.
pub(crate) fn own_flags() -> Vec<String> {
    let command = crate::Cli::command();
    let commands = command.find_subcommand("expert").into_iter().flat_map(Command::get_subcommands);
    let taking = commands.filter(|command| TAKE_OPTIONS.contains(&command.get_name()));
    let long = |arg: &Arg| arg.get_long().map(str::to_owned);
    let everywhere = EVERYWHERE.iter().filter_map(|flag| flag.strip_prefix("--").map(str::to_owned));
    taking.flat_map(|command| command.get_arguments().filter_map(long).collect::<Vec<_>>()).chain(everywhere).collect()
}

/// The manifest of the first word that is an expert's name, with or without a version.
fn named_manifest(words: &[&str], experts: &Experts) -> Option<Manifest> {
    words.iter().find_map(|word| {
        let entry = experts.get(word.split('@').next()?).ok()?;
        Manifest::parse(&std::fs::read_to_string(entry.manifest_path()).ok()?).ok()
    })
}

/// Existing flags of hive take precedence; the expert's can then be set by its general form.
fn with_flags(command: Command, fields: bool, manifest: &Manifest) -> Command {
    let taken: Vec<String> = command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect();
    let heading = format!("Options of expert `{}`", manifest.name);
    let own = manifest.dataset.fields.iter().filter_map(field_flag).filter(|_| fields);
    own.chain(manifest.options.iter().map(option_flag))
        .filter(|arg| arg.get_long().is_some_and(|long| !taken.iter().any(|taken| taken == long)))
        .filter(|arg| arg.get_long().is_some_and(|long| !EVERYWHERE.contains(&format!("--{long}").as_str())))
        .fold(command, |command, arg| command.arg(arg.help_heading(heading.clone())))
}

fn field_flag(field: &FieldSpec) -> Option<Arg> {
    let help = field.description.clone();
    let long = flag(&field.name);
    Some(match field.input? {
        InputKind::Question => return None,
        InputKind::File => {
            let arg = Arg::new(format!("{FILE}{}", field.name)).value_name("FILE");
            arg.long(long).help(help).value_parser(clap::value_parser!(PathBuf))
        }
        InputKind::Text => Arg::new(format!("{TEXT}{}", field.name)).value_name("TEXT").long(long).help(help),
    })
}

fn option_flag(option: &OptionSpec) -> Arg {
    let value = |name: &'static str| Arg::new(format!("{OPTION}{}", option.name)).value_name(name);
    let arg = match option.kind {
        OptionKind::Flag => Arg::new(format!("{SWITCH}{}", option.name)).action(ArgAction::SetTrue),
        OptionKind::Text => value("TEXT"),
        OptionKind::Number => value("N").allow_negative_numbers(true),
        OptionKind::File => value("FILE"),
        OptionKind::Url => value("URL"),
    };
    arg.long(flag(&option.name)).help(option.help.clone())
}
