//! Searches programs in `PATH`, without running them.

use std::path::{Path, PathBuf};

/// The program of this name, or at this path.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let here = Path::new(name);
    if here.components().count() > 1 {
        return is_program(here).then(|| here.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_name_and_by_path_and_a_file_is_none() {
        let Some(shell) = program("sh") else { return };
        assert_eq!(program(shell.to_str().unwrap()), Some(shell));
        assert_eq!(program("no-such-program-here"), None);
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        std::fs::write(&text, "").unwrap();
        assert_eq!(program(text.to_str().unwrap()).is_some(), cfg!(not(unix)));
    }
}
