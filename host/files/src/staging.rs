//! Staging folders: files are unpacked there and checked before they are moved into place. A
//! staging folder is removed when it is dropped; one left by a killed process is removed when the
//! next one is created. The owner holds a lock on the file beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::atomic::PARTIAL_PREFIX;
use crate::error::{FileError, Result};

/// Suffix of the lock files' names.
const LOCK: &str = ".lock";

/// A private staging folder.
#[derive(Debug)]
pub struct Staging {
    // Dropped in this order: the folder is removed before the lock is released.
    dir: TempDir,
    _lock: NamedTempFile,
}

impl Staging {
    /// Creates one below `root`, after removing leftovers there.
    ///
    /// # Errors
    /// When it cannot be created. Leftovers that cannot be removed are ignored.
    pub fn new(root: &Path) -> Result<Self> {
        sweep(root);
        Self::below(root).map_err(|e| FileError::io("write", root, e))
    }

    fn below(root: &Path) -> io::Result<Self> {
        let lock = tempfile::Builder::new().prefix(PARTIAL_PREFIX).suffix(LOCK).tempfile_in(root)?;
        lock.as_file().lock()?;
        let name = lock.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // The folder is named after its lock, so that its owner can be identified.
        let dir = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir_in(root)?;
        Ok(Self { dir, _lock: lock })
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes the folders below `root` whose owners have ended.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Some(folder) = folder_of(&path)
            && let Ok(lock) = File::open(&path)
            && lock.try_lock().is_ok()
        {
            let gone = fs::remove_dir_all(&folder);
            if gone.is_ok() || !folder.exists() {
                drop(fs::remove_file(&path));
            }
        }
    }
}

/// The folder that belongs to a lock file; `None` if the file is not a lock.
fn folder_of(lock: &Path) -> Option<PathBuf> {
    let name = lock.file_name()?.to_str()?;
    let folder = name.strip_suffix(LOCK).filter(|name| name.starts_with(PARTIAL_PREFIX))?;
    Some(lock.with_file_name(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_the_killed_left_goes_and_what_is_in_use_stays() {
        let root = tempfile::tempdir().unwrap();
        let used = Staging::new(root.path()).unwrap();
        fs::write(used.path().join("x"), "1").unwrap();
        fs::create_dir(root.path().join(".partial-gone")).unwrap();
        fs::write(root.path().join(".partial-gone/x"), "1").unwrap();
        fs::write(root.path().join(".partial-gone.lock"), "").unwrap();
        fs::write(root.path().join("kept.lock"), "").unwrap();
        let other = Staging::new(root.path()).unwrap();
        assert!(!root.path().join(".partial-gone").exists());
        assert!(used.path().join("x").exists() && other.path().is_dir());
        drop((used, other));
        assert_eq!(names(root.path()), ["kept.lock"]);
    }
}
