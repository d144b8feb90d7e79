//! The folder of a run: resolved recipe, metrics, checkpoints, adapter, evaluation.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use hive_files::write_file;
use hive_sdk::manifest::Recipe;
use serde::Serialize;
use serde_json::Value;

use super::TrainError;

/// The lock file.
const LOCK: &str = ".lock";

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Creates the folder, or reuses an existing one for a resumed run.
    ///
    /// # Errors
    /// When it cannot be created or written to.
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(folder.checkpoints()).map_err(|source| folder.fault("create", path, source))?;
        Ok(folder)
    }

    /// The folder of an existing run.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Locks the folder for this process, until the returned file is dropped or the process ends,
    /// however that happens.
    ///
    /// # Errors
    /// When another process holds the lock, or the lock file cannot be created.
    pub fn lock(&self) -> Result<File, TrainError> {
        let path = self.path.join(LOCK);
        let file = File::create(&path).map_err(|source| self.fault("create", &path, source))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(TrainError::InUse { path: self.path.clone() }),
            // On a file system without locks, other processes cannot be detected.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Whether another process holds the lock.
    pub fn is_in_use(&self) -> bool {
        File::open(self.path.join(LOCK)).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// The first of `runs/NAME-1`, `runs/NAME-2` … below `parent` that does not exist yet.
    pub fn next(parent: &Path, name: &str) -> PathBuf {
        let mut n = 1;
        loop {
            let path = parent.join(format!("{name}-{n}"));
            if !path.exists() {
                return path;
            }
            n += 1;
        }
    }

    /// The latest run that contains `file`, if any. A run that was stopped or failed has no
    /// `adapter`, one that failed early has no `run.json`.
    pub fn latest(parent: &Path, name: &str, file: &str) -> Option<PathBuf> {
        Self::numbered(parent, name).into_iter().rev().map(|(_, path)| path).find(|path| path.join(file).exists())
    }

    /// The folders `NAME-1`, `NAME-2` … below `parent` with their numbers, in rising order.
    pub fn numbered(parent: &Path, name: &str) -> Vec<(u64, PathBuf)> {
        let prefix = format!("{name}-");
        let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix(&prefix)?.parse::<u64>().ok();
        let entries = fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<_> = entries.filter_map(|path| Some((number(&path)?, path))).collect();
        found.sort();
        found
    }

    /// Removes the folder of a run that never started, unless something else has been put into it
    /// since.
    pub fn remove_if_nothing_begun(&self) {
        let begun = |record: Value| !record["digests"].is_null();
        if self.read_json("run.json").ok().flatten().is_some_and(begun) {
            return;
        }
        // A folder that is not empty is not removed, as intended.
        if fs::remove_dir(self.checkpoints()).is_ok() {
            drop(fs::remove_file(self.path.join("run.json")));
            drop(fs::remove_file(self.path.join(LOCK)));
            drop(fs::remove_dir(&self.path));
        }
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folder of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Folder of the finished adapter.
    pub fn adapter(&self) -> PathBuf {
        self.path.join("adapter")
    }

    /// Writes `value` as `name`, atomically.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
        let path = self.path.join(name);
        let text = serde_json::to_string_pretty(value).map_err(|e| self.fault("write", &path, e.into()))?;
        Ok(write_file(&path, (text + "\n").as_bytes())?)
    }

    /// Reads `name` as JSON, if it exists.
    ///
    /// # Errors
    /// When it cannot be read or is not JSON.
    pub fn read_json(&self, name: &str) -> Result<Option<Value>, TrainError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|e| self.fault("read", &path, e.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.fault("read", &path, e)),
        }
    }

    pub(super) fn fault(&self, action: &'static str, path: &Path, source: std::io::Error) -> TrainError {
        TrainError::RunFolder { action, path: path.to_owned(), source }
    }
}

/// Tokens of the longest training record of an adapter's run, from the run folder.
pub fn trained_length(adapter: &Path) -> Option<usize> {
    // `RUN/adapter`, or `RUN/checkpoints/step-000123`.
    let adapter = adapter.canonicalize().ok()?;
    let recipe = adapter.ancestors().skip(1).take(2).map(|run| run.join("recipe.json")).find(|path| path.is_file())?;
    let recipe: Recipe = serde_json::from_str(&std::fs::read_to_string(recipe).ok()?).ok()?;
    Some(recipe.training.max_seq_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_up_and_the_latest_is_the_highest() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RunFolder::latest(dir.path(), "sql", "checkpoints"), None);
        for n in 1..=10 {
            let next = RunFolder::next(dir.path(), "sql");
            assert_eq!(next, dir.path().join(format!("sql-{n}")));
            RunFolder::create(&next).unwrap();
        }
        assert_eq!(RunFolder::latest(dir.path(), "sql", "checkpoints"), Some(dir.path().join("sql-10")));
        assert_eq!(RunFolder::latest(dir.path(), "sql", "adapter"), None);
        fs::create_dir(dir.path().join("sql-9/adapter")).unwrap();
        assert_eq!(RunFolder::latest(dir.path(), "sql", "adapter"), Some(dir.path().join("sql-9")));
    }

    #[test]
    fn a_folder_is_one_processs_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("r")).unwrap();
        let held = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(TrainError::InUse { .. })));
        drop(held);
        folder.lock().unwrap();
    }

    #[test]
    fn a_folder_of_a_run_that_has_not_begun_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("r")).unwrap();
        folder.write_json("run.json", &serde_json::json!({"expert": "sql"})).unwrap();
        folder.remove_if_nothing_begun();
        assert!(!folder.path().exists());
        let folder = RunFolder::create(&dir.path().join("r")).unwrap();
        folder.write_json("run.json", &serde_json::json!({"digests": {}})).unwrap();
        folder.remove_if_nothing_begun();
        assert!(folder.path().join("run.json").exists());
    }
}
