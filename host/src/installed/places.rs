//! Where things are below `HIVE_HOME/experts`. Names only: it checks nothing.

use std::path::{Path, PathBuf};

/// Names the current release.
pub(super) const CURRENT: &str = "current";

/// Holds the releases.
pub(super) const RELEASES: &str = "releases";

/// The folder of the current release in an expert's folder, if it has releases.
pub fn current_release(expert: &Path) -> Option<PathBuf> {
    let name = std::fs::read_to_string(expert.join(CURRENT)).ok()?;
    let dir = expert.join(RELEASES).join(name.trim());
    // Only a plain name: the file must not lead out of the folder.
    (crate::packages::layout::is_plain(name.trim()) && dir.is_dir()).then_some(dir)
}

/// The name of a release's folder.
pub(super) fn release_name(version: &str, base: &str) -> String {
    // `+` of a version is no part of plain names; versions that differ in nothing else are the same.
    format!("{}--{base}", version.replace('+', "_"))
}
