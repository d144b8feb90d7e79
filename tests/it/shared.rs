//! Reference files that do not belong to the repository: what PEFT computed, real data. They are
//! looked for in `HIVE_SHARED`, else in `shared` beside the repository. A test that needs them says
//! on stderr that it has nothing to do when they are not there, and passes.

use std::path::PathBuf;

use crate::harness::repository;

/// This folder of the reference files, if it is there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("HIVE_SHARED").filter(|v| !v.is_empty()) {
        Some(root) => PathBuf::from(root),
        None => repository().parent()?.join("shared"),
    };
    let found = root.join(folder);
    if !found.is_dir() {
        eprintln!("skipped: there is no `{}`; `HIVE_SHARED` names the folder of reference files", found.display());
        return None;
    }
    Some(found)
}

/// The folders in this one that hold a file of this name, sorted.
pub fn folders_with(parent: &std::path::Path, file: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).unwrap_or_else(|e| panic!("{}: {e}", parent.display()));
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.join(file).is_file()).collect();
    found.sort();
    found
}
