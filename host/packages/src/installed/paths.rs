//! Paths below `HIVE_HOME/experts`. Nothing is checked here.

use std::path::{Path, PathBuf};

use crate::layout::is_plain;

/// The file with the name of the current release.
pub(super) const CURRENT: &str = "current";

/// The folder of the releases.
pub(super) const RELEASES: &str = "releases";

/// The folder of the current release, given an expert's folder; `None` if it has no releases.
pub fn current_release(expert: &Path) -> Option<PathBuf> {
    let releases = expert.join(RELEASES);
    if let Ok(name) = std::fs::read_to_string(expert.join(CURRENT)) {
        let dir = releases.join(name.trim());
        // A plain name only, so that the file cannot lead out of the folder.
        if is_plain(name.trim()) && dir.is_dir() {
            return Some(dir);
        }
    }
    // An installation was interrupted before it could write the file.
    let mut folders = release_folders(&releases);
    if folders.len() == 1 { folders.pop() } else { None }
}

/// Whether an expert's folder was installed from packages, rather than placed there by hand.
pub fn has_releases(expert: &Path) -> bool {
    expert.join(RELEASES).is_dir()
}

/// The folders of releases, complete or damaged. Folders of installations in progress have other names.
pub(super) fn release_folders(releases: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(releases).into_iter().flatten().flatten();
    let named = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_str().is_some_and(is_plain));
    entries.map(|e| e.path()).filter(|path| path.is_dir() && named(path)).collect()
}

/// The name of a release's folder.
pub(super) fn release_name(version: &str, base: &str) -> String {
    format!("{version}--{base}")
}
