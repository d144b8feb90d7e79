//! The folder of a run: recipe as resolved, metrics, checkpoints, the adapter, the evaluation.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use hive_files::write_file;
use hive_sdk::manifest::Recipe;
use serde::Serialize;
use serde_json::Value;

use super::TrainError;

/// The file by which a process holds a run.
const LOCK: &str = ".lock";

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, or takes an existing one for a resumed run.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(folder.checkpoints()).map_err(|source| folder.fault("create", path, source))?;
        Ok(folder)
    }

    /// The folder of a run that is there.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Takes the folder for this process, until what is returned is dropped or the process ends,
    /// however it ends.
    ///
    /// # Errors
    /// When another process has it, or the lock's file cannot be made.
    pub fn lock(&self) -> Result<File, TrainError> {
        let path = self.path.join(LOCK);
        let file = File::create(&path).map_err(|source| self.fault("create", &path, source))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(TrainError::InUse { path: self.path.clone() }),
            // A file system without locks: then nothing is known.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// The first of `runs/NAME-1`, `runs/NAME-2` … that does not exist yet, below `parent`.
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

    /// The latest of those that holds `file`, if there is one. A run that was stopped or failed has
    /// no `adapter`, one that failed early has no `run.json`.
    pub fn latest(parent: &Path, name: &str, file: &str) -> Option<PathBuf> {
        let prefix = format!("{name}-");
        let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix(&prefix)?.parse::<u64>().ok();
        let entries = fs::read_dir(parent).ok()?;
        entries
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.join(file).exists())
            .filter_map(|p| Some((number(&p)?, p)))
            .max()
            .map(|(_, p)| p)
    }

    /// Removes what was made for a run that did not come to its beginning, if nothing else has come
    /// into the folder since.
    pub fn remove_if_nothing_begun(&self) {
        let begun = |record: Value| !record["digests"].is_null();
        if self.read_json("run.json").ok().flatten().is_some_and(begun) {
            return;
        }
        // A folder with something in it is not removed: that is what is wanted.
        if fs::remove_dir(self.checkpoints()).is_ok() {
            drop(fs::remove_file(self.path.join("run.json")));
            drop(fs::remove_file(self.path.join(LOCK)));
            drop(fs::remove_dir(&self.path));
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where checkpoints go.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Where the finished adapter goes.
    pub fn adapter(&self) -> PathBuf {
        self.path.join("adapter")
    }

    /// Writes `value` as `name`, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
        let path = self.path.join(name);
        let text = serde_json::to_string_pretty(value).map_err(|e| self.fault("write", &path, e.into()))?;
        Ok(write_file(&path, (text + "\n").as_bytes())?)
    }

    /// Reads `name` as JSON, if it is there.
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

/// Most tokens of the records that an adapter of a run was trained on: the run's folder says so.
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
