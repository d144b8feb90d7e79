//! `hive help`: the help of a command, as its `--help` prints it.

use clap::{Args, Command};
use hive_errors::{listed, nearest};

use crate::error::{CommandResult, Failure};
use crate::output::result;

/// Shown below the list of commands of `hive --help`.
pub const OVERVIEW: &str = "\
To get started: `hive expert list` shows the experts, `hive train NAME --profile quickstart` trains one.

Results go to stdout, everything else to stderr. Exit code 0: done, 1: the input or the result is not acceptable, \
2: hive failed or was misused, 130: stopped with Ctrl-C.

Environment:
  HIVE_HOME        Folder for base models, experts and caches
                   [default: ~/.local/share/hive]
  HIVE_OFFLINE     Set to 1 to disable downloads
  HIVE_LOG         Log on stderr, such as `debug`
  HIVE_LOG_FORMAT  `json`: a JSON object per line of the log [default: text]
  HIVE_THREADS     Number of compute threads [default: one per core]
  HIVE_VECTORS     `avx2`: do not use AVX-512 [default: any]
  HF_ENDPOINT      Address of the model hub or of a mirror
  HF_TOKEN         Token to send to the model hub
  NO_COLOR         Disable colours";

/// Show the help of a command
#[derive(Debug, Args)]
pub struct Help {
    /// The command, such as `expert run`
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
}

impl Help {
    /// Runs the command; `hive` describes all commands.
    ///
    /// # Errors
    /// When there is no such command.
    pub fn run(self, mut hive: Command) -> CommandResult {
        hive.build();
        let mut command = &mut hive;
        let mut path = "hive".to_owned();
        for word in &self.words {
            let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
            let names: Vec<String> = shown.map(|sub| sub.get_name().to_owned()).collect();
            let Some(found) = command.find_subcommand_mut(word) else {
                let known = || names.iter().map(String::as_str);
                let hint = match nearest(word, known()) {
                    Some(near) => format!("did you mean `{path} {near}`?"),
                    None if names.is_empty() => format!("`{path}` has no commands: `hive help` shows all"),
                    None => format!("its commands: {}", listed(known())),
                };
                return Err(Failure::misuse(format!("There is no command `{path} {word}`")).hint(hint).into());
            };
            command = found;
            path = format!("{path} {word}");
        }
        result(command.render_long_help().to_string().trim_end())
    }
}
