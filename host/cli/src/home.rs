//! The folder that holds everything hive keeps: `HIVE_HOME`, else a folder below the user's own. Makes nothing.

use std::path::{Path, PathBuf};

use crate::error::{CommandError, Failure};
use crate::variables::{HIVE_HOME, HOME, USERPROFILE, Variable, Variables, XDG_DATA_HOME};

/// Why a folder cannot be the home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeFault {
    problem: String,
    hint: String,
}

impl HomeFault {
    /// What is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl From<HomeFault> for CommandError {
    fn from(fault: HomeFault) -> Self {
        Failure::misuse(fault.problem).hint(fault.hint).into()
    }
}

/// Where the home is: `$HIVE_HOME`, else `$XDG_DATA_HOME/hive`, else `~/.local/share/hive`.
#[derive(Debug, Clone)]
pub struct Home {
    /// The folder, or why it cannot be one; `None` if no variable says where it is.
    pub folder: Option<Result<PathBuf, HomeFault>>,
    /// The variable that decides.
    pub variable: Option<Variable>,
}

impl Home {
    /// That of these variables.
    pub fn of(variables: &Variables) -> Self {
        let decided = |variable, folder| Self { folder: Some(folder), variable: Some(variable) };
        let folder = |variable| variables.get(variable).map(PathBuf::from);
        if let Some(home) = folder(HIVE_HOME) {
            return decided(HIVE_HOME, as_written(home).and_then(no_file));
        }
        if let Some(data) = folder(XDG_DATA_HOME).filter(|path| path.is_absolute()) {
            return decided(XDG_DATA_HOME, no_file(data.join("hive")));
        }
        for variable in [HOME, USERPROFILE] {
            if let Some(user) = folder(variable) {
                return decided(variable, no_file(user.join(".local/share/hive")));
            }
        }
        Self { folder: None, variable: None }
    }
}

/// Refuses what would be a folder below the current one, a different one in each place.
fn as_written(path: PathBuf) -> Result<PathBuf, HomeFault> {
    let shown = path.display();
    if path.starts_with("~") {
        let rest = path.strip_prefix("~").unwrap_or(&path).display();
        return Err(HomeFault {
            problem: format!("`HIVE_HOME` is `{shown}`, expected an absolute path: the shell has not replaced `~`"),
            hint: format!("`export HIVE_HOME=\"$HOME/{rest}\"`"),
        });
    }
    if !path.is_absolute() {
        let below = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        return Err(HomeFault {
            problem: format!("`HIVE_HOME` is `{shown}`, expected an absolute path"),
            hint: format!("`export HIVE_HOME={}` means the one below this folder", below.display()),
        });
    }
    Ok(path)
}

/// Refuses a file, and a folder below a file.
fn no_file(path: PathBuf) -> Result<PathBuf, HomeFault> {
    let is_file = |path: &&Path| path.exists() && !path.is_dir();
    let Some(file) = path.ancestors().find(is_file) else { return Ok(path) };
    Err(HomeFault {
        problem: format!("`{}` is to hold what hive keeps, but `{}` is a file", path.display(), file.display()),
        hint: "`HIVE_HOME` names another folder".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn folder<const N: usize>(variables: [(&str, &str); N]) -> Option<PathBuf> {
        Home::of(&Variables::from(variables)).folder.transpose().unwrap()
    }

    #[test]
    fn hive_home_wins_then_xdg_then_the_home_folder() {
        let all = [("HIVE_HOME", "/h"), ("XDG_DATA_HOME", "/x"), ("HOME", "/u")];
        assert_eq!(folder(all), Some("/h".into()));
        assert_eq!(folder([all[1], all[2]]), Some("/x/hive".into()));
        assert_eq!(folder([all[2]]), Some("/u/.local/share/hive".into()));
        assert_eq!(folder([("HIVE_HOME", ""), ("HOME", "/u")]), Some("/u/.local/share/hive".into()));
        assert_eq!(folder([]), None);
    }

    #[test]
    fn what_would_be_elsewhere_in_each_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let file = file.to_str().unwrap();
        check_all(
            [
                ("~/x", "`HIVE_HOME` is `~/x`, expected an absolute path: the shell", "\"$HOME/x\""),
                ("x/y", "`HIVE_HOME` is `x/y`, expected an absolute path", "x/y` means the one below this folder"),
                (".", "`HIVE_HOME` is `.`, expected an absolute path", "export HIVE_HOME=/"),
                (file, "is a file", "`HIVE_HOME` names another folder"),
                (&format!("{file}/below"), "is a file", "`HIVE_HOME` names another folder"),
            ],
            |(value, problem, hint)| {
                let fault = Home::of(&Variables::from([("HIVE_HOME", value)])).folder.unwrap().unwrap_err();
                assert!(fault.problem().contains(problem), "{fault:?}");
                assert!(fault.hint().contains(hint), "{fault:?}");
            },
        );
    }
}
