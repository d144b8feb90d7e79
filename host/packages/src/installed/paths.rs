//! Where things are below `HIVE_HOME/experts`. Names only: it checks nothing.

use std::path::{Path, PathBuf};

use crate::layout::is_plain;

/// Names the current release.
pub(super) const CURRENT: &str = "current";

/// Holds the releases.
pub(super) const RELEASES: &str = "releases";

/// The folder of the current release in an expert's folder, if it has releases.
pub fn current_release(expert: &Path) -> Option<PathBuf> {
    let releases = expert.join(RELEASES);
    if let Ok(name) = std::fs::read_to_string(expert.join(CURRENT)) {
        let dir = releases.join(name.trim());
        // Only a plain name: the file must not lead out of the folder.
        if is_plain(name.trim()) && dir.is_dir() {
            return Some(dir);
        }
    }
    // Whoever installed it was ended before it could be called current.
    let mut all = release_folders(&releases);
    if all.len() == 1 { all.pop() } else { None }
}

/// Whether a folder below `experts` is kept by the store, rather than put there by hand.
pub fn has_releases(expert: &Path) -> bool {
    expert.join(RELEASES).is_dir()
}

/// The folders of releases, whole or not: those of writers at work have other names.
pub(super) fn release_folders(releases: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(releases).into_iter().flatten().flatten();
    let named = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_str().is_some_and(is_plain));
    entries.map(|e| e.path()).filter(|path| path.is_dir() && named(path)).collect()
}

/// The name of a release's folder.
pub(super) fn release_name(version: &str, base: &str) -> String {
    format!("{version}--{base}")
}
