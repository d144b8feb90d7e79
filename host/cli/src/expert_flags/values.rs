//! The values of an expert's flags, as they were typed and as its manifest declares their types.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hive_sdk::Manifest;
use serde_json::{Map, Value};

use super::option_value::{unknown, value};
use super::{FILE, OPTION, SWITCH, TEXT};
use crate::error::{CommandResult, Failure};

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
    /// Whether an option was given.
    pub fn is_given(&self) -> bool {
        !(self.options.is_empty() && self.general.is_empty())
    }

    /// The options, converted to the types that the manifest declares.
    ///
    /// # Errors
    /// When the expert has no such option, or the value has the wrong type.
    pub fn options(&self, manifest: &Manifest) -> CommandResult<Map<String, Value>> {
        let mut options = Map::new();
        let pairs = self.general.iter().map(|argument| {
            let pair = argument.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
            pair.ok_or_else(|| {
                let problem = format!("`--option {argument}` is not of the form `NAME=VALUE`");
                let hint = manifest.options.first().map_or_else(
                    || format!("expert `{}` has no options", manifest.name),
                    |first| format!("such as `--option {}=…`", first.name),
                );
                Failure::misuse(problem).hint(hint)
            })
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
        Self::from_arg_matches(matches).map(|flags| *self = flags)
    }
}
