//! `hive expert new`: writes a new expert that is sound as it stands: a manifest with records, or a crate.

mod files;
mod in_tree;
mod sdk;

use std::path::{Path, PathBuf};

use clap::Args;
use hive_files::{FileError, write_folder};

use crate::context::Environment;
use crate::error::{CommandResult, Failure};
use crate::output::result;

/// Write a new expert: a folder with a manifest and records, or a crate
#[derive(Debug, Args)]
pub struct New {
    /// Name of the expert: lower-case letters, digits, dashes
    name: String,
    /// Write a crate with code in Rust, with the SDK beside it
    #[arg(long)]
    rust: bool,
    /// Write a crate into this source checkout of hive: `experts/NAME` and `manifests/NAME.json`
    #[arg(long, conflicts_with_all = ["rust", "folder"])]
    in_tree: bool,
    /// Folder to write [default: the expert's name]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// A file of the new expert: its path in the folder, and its text.
type NewFile = (String, String);

impl New {
    /// Runs the command.
    ///
    /// # Errors
    /// When the name is none, the folder exists, or it cannot be written.
    pub fn run(self, env: &Environment) -> CommandResult {
        check_name(&self.name)?;
        if self.in_tree {
            let written = in_tree::write(&self.name)?;
            result(&format!("Wrote `{}`", written.display()))?;
            env.screen.note(&format!("Next: `hive expert check {0}`, `hive expert train {0}`", self.name));
            return Ok(());
        }
        let folder = self.folder.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        let files = if self.rust { files::of_crate(&self.name) } else { files::declared(&self.name) };
        write(&folder, &files)?;
        result(&format!("Wrote {} files to `{}`", files.len(), folder.display()))?;
        let shown = folder.display();
        let data = if self.rust { "" } else { &format!(" --dataset {shown}/records.jsonl --profile small") };
        env.screen.note(&format!("Check it:  hive expert check {}", as_folder(&folder)));
        env.screen.note(&format!("Link it:   hive expert link {shown}"));
        env.screen.note(&format!("Train it:  hive expert train {}{data}", self.name));
        Ok(())
    }
}

/// The folder as an argument that is no expert's name.
fn as_folder(folder: &Path) -> String {
    let alone = folder.is_relative() && folder.components().count() == 1;
    if alone { format!("./{}", folder.display()) } else { folder.display().to_string() }
}

fn check_name(name: &str) -> CommandResult {
    let mut letters = name.bytes();
    let sound = letters.next().is_some_and(|b| b.is_ascii_lowercase())
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.len() <= 63;
    if sound {
        return Ok(());
    }
    let problem = format!("`{name}` cannot be an expert's name");
    let hint = "expected lower-case letters, digits and dashes, a letter first, at most 63 characters";
    Err(Failure::misuse(problem).hint(hint).into())
}

/// Writes all files, or none.
fn write(folder: &Path, files: &[NewFile]) -> CommandResult {
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if folder.exists() && !is_empty {
        let problem = format!("`{}` exists", folder.display());
        return Err(Failure::misuse(problem).hint("`--folder DIR` writes the expert elsewhere").into());
    }
    write_folder(folder, |staging| {
        for (path, text) in files {
            let path = staging.join(path);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.and_then(|()| std::fs::write(&path, text)).map_err(|e| FileError::io("write", &path, e))?;
        }
        Ok::<_, FileError>(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_are_refused() {
        for name in ["", "Sql", "1st", "a b", "a/b", "ä", &"x".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("unit-prices2").is_ok());
    }
}
