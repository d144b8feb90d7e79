//! Where hive keeps what outlives a run: base models and installed experts. It only names the
//! folder; whoever writes there creates it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::{FileError, Result};

/// `HIVE_HOME`, else `$XDG_DATA_HOME/hive`, else `~/.local/share/hive`.
///
/// # Errors
/// [`FileError::NoHome`] when the environment names neither a data nor a home folder.
pub fn hive_home() -> Result<PathBuf> {
    home_from(|name| std::env::var_os(name)).ok_or(FileError::NoHome)
}

fn home_from(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // An empty variable counts as unset, as the XDG specification asks.
    let folder = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    folder("HIVE_HOME")
        .or_else(|| folder("XDG_DATA_HOME").filter(|p| p.is_absolute()).map(|p| p.join("hive")))
        .or_else(|| folder("HOME").or_else(|| folder("USERPROFILE")).map(|p| p.join(".local/share/hive")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(vars: &[(&str, &str)]) -> Option<PathBuf> {
        home_from(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v)))
    }

    #[test]
    fn hive_home_wins_then_xdg_then_the_home_folder() {
        let all = [("HIVE_HOME", "h"), ("XDG_DATA_HOME", "/x"), ("HOME", "/u")];
        assert_eq!(home(&all), Some("h".into()));
        assert_eq!(home(&all[1..]), Some("/x/hive".into()));
        assert_eq!(home(&all[2..]), Some("/u/.local/share/hive".into()));
        assert_eq!(home(&[("HIVE_HOME", ""), ("HOME", "/u")]), Some("/u/.local/share/hive".into()));
        assert_eq!(home(&[]), None);
    }
}
