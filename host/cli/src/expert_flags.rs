//! Flags declared by an expert's manifest: its options, and record fields that are entered as a
//! file or text. They are added to the command line before parsing, for the expert named on it;
//! `--option NAME=VALUE` is their general form.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hive_errors::listed;
use hive_plugins::Experts;
use hive_runtime::asking::flag;
use hive_sdk::Manifest;
use hive_sdk::manifest::{FieldSpec, InputKind, OptionKind, OptionSpec};
use serde_json::{Map, Number, Value};

use super::error::{CommandResult, Failure};

/// Commands of `hive expert` with flags for an expert's options.
const TAKE_OPTIONS: [&str; 6] = ["run", "data", "train", "plan", "eval", "compare"];

/// The command with flags for its fields.
const TAKES_FIELDS: &str = "run";

const OPTION: &str = "option:";
const SWITCH: &str = "switch:";
const FILE: &str = "file:";
const TEXT: &str = "text:";

/// The values of the expert's own flags.
#[derive(Debug, Clone, Default)]
pub struct ExpertFlags {
    /// Options and their values as text.
    options: Vec<(String, String)>,
    /// Fields entered as the content of a file.
    pub files: Vec<(String, PathBuf)>,
    /// Fields entered as text.
    pub texts: Vec<(String, String)>,
    /// Values of `--option`, unparsed.
    general: Vec<String>,
}

impl ExpertFlags {
    /// The options, converted to the types that the manifest declares.
    ///
    /// # Errors
    /// When the expert has no such option, or the value has the wrong type.
    pub fn options(&self, manifest: &Manifest) -> CommandResult<Map<String, Value>> {
        let mut options = Map::new();
        let pairs = self.general.iter().map(|argument| {
            let pair = argument.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
            pair.ok_or_else(|| Failure::misuse(format!("`--option {argument}` is not of the form `NAME=VALUE`")))
        });
        let own = self.options.iter().cloned().map(Ok);
        for pair in pairs.chain(own) {
            let (name, text) = pair?;
            let name = name.replace('-', "_");
            let Some(spec) = manifest.options.iter().find(|spec| spec.name == name) else {
                return Err(unknown(manifest, &name).into());
            };
            options.insert(name, value(spec, &text)?);
        }
        Ok(options)
    }
}

fn unknown(manifest: &Manifest, name: &str) -> Failure {
    let expert = &manifest.name;
    let known = match &manifest.options[..] {
        [] => "it has none".to_owned(),
        options => format!("its options: {}", listed(options.iter().map(|option| option.name.as_str()))),
    };
    Failure::misuse(format!("Expert `{expert}` has no option `{name}` ({known})"))
}

/// Parses the value of an option.
fn value(spec: &OptionSpec, text: &str) -> CommandResult<Value> {
    let misuse = |expected: &str| {
        let got = if spec.secret { "another text".to_owned() } else { format!("`{text}`") };
        Failure::misuse(format!("Option `{}` got {got}, expected {expected}", spec.name))
    };
    Ok(match spec.kind {
        OptionKind::Text | OptionKind::File | OptionKind::Url => Value::String(text.to_owned()),
        OptionKind::Number => match text.parse::<i64>() {
            Ok(whole) => Value::from(whole),
            Err(_) => {
                let number = text.parse::<f64>().ok().and_then(Number::from_f64);
                Value::Number(number.ok_or_else(|| misuse("a number"))?)
            }
        },
        OptionKind::Flag => Value::Bool(text.parse().map_err(|_| misuse("`true` or `false`"))?),
    })
}

impl Args for ExpertFlags {
    fn augment_args(command: Command) -> Command {
        let general = Arg::new("option").long("option").value_name("NAME=VALUE").action(ArgAction::Append);
        command.arg(general.help(
            "Set an option of the expert's own; may be given several times. With the expert's name before `--help`, \
             its options are listed as flags",
        ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ExpertFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        for id in matches.ids().map(|id| id.as_str()) {
            let value = || matches.get_one::<String>(id).cloned();
            if let Some(name) = id.strip_prefix(OPTION) {
                flags.options.extend(value().map(|value| (name.to_owned(), value)));
            } else if let Some(name) = id.strip_prefix(SWITCH) {
                flags.options.extend(matches.get_flag(id).then(|| (name.to_owned(), true.to_string())));
            } else if let Some(name) = id.strip_prefix(TEXT) {
                flags.texts.extend(value().map(|value| (name.to_owned(), value)));
            } else if let Some(name) = id.strip_prefix(FILE) {
                flags.files.extend(matches.get_one::<PathBuf>(id).map(|path| (name.to_owned(), path.clone())));
            } else if id == "option" {
                flags.general = matches.get_many::<String>(id).into_iter().flatten().cloned().collect();
            }
        }
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Adds the flags of the expert that these arguments name. Without a name, or if the manifest
/// cannot be read, nothing changes: the command reports the error.
pub fn with_expert_flags(command: Command, arguments: &[OsString], experts: impl FnOnce() -> Experts) -> Command {
    let words: Vec<&str> = arguments.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let [group, name, rest @ ..] = &words[..] else { return command };
    if *group != "expert" || !TAKE_OPTIONS.contains(name) {
        return command;
    }
    let Some(manifest) = named_manifest(rest, &experts()) else { return command };
    command.mut_subcommand("expert", |expert| {
        expert.mut_subcommand(name, |command| {
            let nested: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
            let command = nested
                .iter()
                .fold(command, |command, sub| command.mut_subcommand(sub, |sub| with_flags(sub, false, &manifest)));
            with_flags(command, *name == TAKES_FIELDS, &manifest)
        })
    })
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

/// The content of a file for this field, in any encoding that users commonly save.
///
/// # Errors
/// When it cannot be read, or is not text.
pub fn text_of(path: &Path, field: &FieldSpec) -> CommandResult<String> {
    let shown = path.display();
    if path.to_str().is_some_and(|p| p.starts_with("http://") || p.starts_with("https://")) {
        return Err(Failure::misuse(format!("`{shown}` is an address, expected a file")).hint("fetch it first").into());
    }
    let bytes = std::fs::read(path).map_err(|e| hive_files::FileError::io("read", path, e))?;
    let not_text = |kind: &str, hint: String| {
        Failure::unacceptable(format!("`{shown}` is {kind}, expected text in UTF-8")).hint(hint)
    };
    hive_files::refuse_lfs_pointer(path, &bytes)?;
    if let Some(refuse) = field.refuse.iter().find(|refuse| bytes.starts_with(refuse.begins_with.as_bytes())) {
        return Err(not_text(&refuse.is, refuse.hint.replace("{file}", &shown.to_string())).into());
    }
    let converted = format!("{}.{}", field.name, field.file_extension());
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let hint = format!("`iconv -f UTF-16 -t UTF-8 {shown} > {converted}` converts it");
        return Err(not_text("UTF-16 text", hint).into());
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        let kind = format!("not UTF-8 in line {line}");
        not_text(&kind, format!("`iconv -f LATIN1 -t UTF-8 {shown} > {converted}` converts it, if it is Latin-1"))
    })?;
    // Some editors put a byte-order mark before UTF-8.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
