//! `hive completions` and `hive man`: what a shell and `man` need to know of the commands.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::result;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Bash:        hive completions bash > ~/.local/share/bash-completion/completions/hive
Zsh:         hive completions zsh > ~/.zfunc/_hive        (with ~/.zfunc in $fpath)
Fish:        hive completions fish > ~/.config/fish/completions/hive.fish
PowerShell:  hive completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Runs the command; `hive` describes all commands.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub fn run(self, mut hive: Command) -> CommandResult {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut hive, "hive", &mut script);
        result(String::from_utf8_lossy(&script).trim_end())
    }
}

/// Write manual pages for all commands
#[derive(Debug, Args)]
pub struct Man {
    /// Folder for the pages: `hive.1`, `hive-expert-run.1` and so on; made if missing
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Man {
    /// Runs the command; `hive` describes all commands.
    ///
    /// # Errors
    /// When the pages cannot be written.
    pub fn run(self, hive: Command, env: &Environment) -> CommandResult {
        let shown = self.folder.display();
        let failed = |e| Failure::misuse(format!("Failed to write manual pages into `{shown}`")).source(e);
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(hive, &self.folder).map_err(failed)?;
        env.screen.note(&format!("Written to `{shown}`: `man {shown}/hive.1` shows the first"));
        Ok(())
    }
}
