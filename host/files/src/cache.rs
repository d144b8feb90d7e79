//! The cache below `HIVE_HOME/cache`: one folder per kind, with an entry (a file or a folder) per
//! key. Everything in it can be recomputed, so eviction removes the least recently used entries,
//! and a failure to remove one is not an error of the caller.
//!
//! The modification time of an entry, set by [`Cache::touch`], is the time of its last use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::{FileError, Result};

/// Limits of one kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    /// Number of entries; the most recently used are kept.
    pub entries: usize,
    /// Total bytes of all entries. The most recently used entry is kept, however large it is.
    pub bytes: u64,
    /// Time since its last use after which an entry is removed.
    pub age: Duration,
}

/// An entry, as [`Cache::entries`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// The file or folder.
    pub path: PathBuf,
    /// Size in bytes; the sum of its files for a folder.
    pub bytes: u64,
    /// Time of its last use.
    pub used: SystemTime,
}

/// The kinds of caches, each in a folder of its name below that of all caches.
pub mod cache_kind {
    /// Prepared data sets and verdicts.
    pub const DATA: &str = "data";
    /// Digests of files.
    pub const DIGESTS: &str = "digests";
    /// Answers and grades.
    pub const EVAL: &str = "eval";
    /// Interrupted transfers of packages.
    pub const REGISTRIES: &str = "registries";
    /// All of them.
    pub const ALL: [&str; 4] = [DATA, DIGESTS, EVAL, REGISTRIES];
}

/// The folder of all caches in a `HIVE_HOME`.
pub fn cache_folder(home: &Path) -> PathBuf {
    home.join("cache")
}

/// The entries of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    limits: CacheLimits,
}

impl Cache {
    /// The cache in `folder`, which need not exist yet.
    pub fn new(folder: PathBuf, limits: CacheLimits) -> Self {
        Self { folder, limits }
    }

    /// The folder of all entries, created if need be, after making room.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn root(&self) -> Result<&Path> {
        fs::create_dir_all(&self.folder).map_err(|e| FileError::io("create", &self.folder, e))?;
        self.evict();
        Ok(&self.folder)
    }

    /// The path of the entry for `key`, whether or not it exists.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// The folder for `key`, created if necessary and now the most recently used. Evicts other
    /// entries.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn folder(&self, key: &str) -> Result<PathBuf> {
        let path = self.path(key);
        fs::create_dir_all(&path).map_err(|e| FileError::io("create", &path, e))?;
        // An unwritable folder is detected here, before any work.
        tempfile::tempfile_in(&path).map_err(|e| FileError::io("write to", &path, e))?;
        self.touch(key);
        self.prune(&path);
        Ok(path)
    }

    /// The bytes stored under `key`, now the most recently used.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path(key);
        let bytes = fs::read(&path).ok()?;
        self.touch(key);
        Some(bytes)
    }

    /// Stores `bytes` under `key`. Does not evict, as there may be many small files: see
    /// [`Self::evict`].
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|e| FileError::io("create", folder, e))?;
        crate::write_file(&path, bytes)
    }

    /// Marks the entry as the most recently used. If its time cannot be set, it only appears older
    /// than it is.
    pub fn touch(&self, key: &str) {
        let _ = File::open(self.path(key)).and_then(|entry| entry.set_modified(SystemTime::now()));
    }

    /// All entries, the most recently used first.
    pub fn entries(&self) -> Vec<CacheEntry> {
        let Ok(found) = fs::read_dir(&self.folder) else { return Vec::new() };
        let entry = |path: PathBuf| {
            let used = fs::metadata(&path).ok()?.modified().ok()?;
            Some(CacheEntry { bytes: folder_bytes(&path), used, path })
        };
        let mut entries: Vec<CacheEntry> = found.flatten().filter_map(|e| entry(e.path())).collect();
        entries.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
        entries
    }

    /// Removes entries beyond the limits.
    pub fn evict(&self) {
        self.prune(Path::new(""));
    }

    fn prune(&self, in_use: &Path) {
        let now = SystemTime::now();
        let mut bytes = 0_u64;
        for (place, entry) in self.entries().into_iter().enumerate() {
            bytes = bytes.saturating_add(entry.bytes);
            let age = now.duration_since(entry.used).unwrap_or_default();
            let beyond = place >= self.limits.entries || bytes > self.limits.bytes && place > 0;
            if entry.path != in_use && (beyond || age > self.limits.age) {
                // An entry that another process has mapped stays readable to it.
                let _ =
                    if entry.path.is_dir() { fs::remove_dir_all(&entry.path) } else { fs::remove_file(&entry.path) };
                bytes -= entry.bytes;
            }
        }
    }
}

/// The caches of one kind, for people who want to know what takes the space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder {
    /// Its name: the folder below the caches.
    pub name: String,
    /// Number of entries.
    pub entries: usize,
    /// Bytes of all entries.
    pub bytes: u64,
    folder: PathBuf,
}

/// The kinds of caches below `root`, by name.
pub fn cache_folders(root: &Path) -> Vec<CacheFolder> {
    let folders = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let of = |folder: PathBuf| CacheFolder {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        entries: fs::read_dir(&folder).into_iter().flatten().count(),
        bytes: folder_bytes(&folder),
        folder,
    };
    let mut found: Vec<CacheFolder> = folders.filter(|folder| folder.is_dir()).map(of).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

impl CacheFolder {
    /// Removes it. What is in use by another process goes on being readable there, where the system allows it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        crate::remove_folder(&self.folder)
    }
}

/// Bytes of a file, or of all files in a folder.
pub fn folder_bytes(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| folder_bytes(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    const DAY: Duration = Duration::from_secs(86_400);

    fn limits() -> CacheLimits {
        CacheLimits { entries: 3, bytes: 1000, age: 30 * DAY }
    }

    /// An entry of this size, last used `ago`.
    fn entry(root: &Path, name: &str, bytes: usize, ago: Duration) {
        let path = root.join(name);
        fs::write(&path, vec![0; bytes]).unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(SystemTime::now() - ago).unwrap();
    }

    fn names(cache: &Cache) -> Vec<String> {
        cache.entries().iter().map(|e| e.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn entries_used_long_ago_go_by_number_size_and_age() {
        check_all(
            [
                (vec![("a", 1, 1), ("b", 1, 2), ("c", 1, 3), ("d", 1, 4)], vec!["a", "b", "c"]),
                (vec![("a", 600, 1), ("b", 600, 2), ("c", 300, 3)], vec!["a", "c"]),
                (vec![("a", 2000, 1), ("b", 1, 2)], vec!["a"]),
                (vec![("a", 1, 1), ("b", 1, 31)], vec!["a"]),
                (vec![("a", 1, 40)], vec![]),
            ],
            |(given, left)| {
                let root = tempfile::tempdir().unwrap();
                for (name, bytes, days) in &given {
                    entry(root.path(), name, *bytes, *days * DAY);
                }
                let cache = Cache::new(root.path().to_owned(), limits());
                cache.evict();
                assert_eq!(names(&cache), left, "of {given:?}");
            },
        );
    }

    #[test]
    fn an_entry_that_is_opened_or_read_is_the_most_recently_used() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_owned(), limits());
        for (name, days) in [("a", 5), ("b", 6), ("c", 7)] {
            entry(root.path(), name, 1, days * DAY);
        }
        assert_eq!(cache.get("c").unwrap(), [0]);
        let folder = cache.folder("d").unwrap();
        fs::write(folder.join("x"), [0; 10]).unwrap();
        assert_eq!(names(&cache), ["d", "c", "a"]);
        assert_eq!(cache.entries()[0].bytes, 10);
        assert_eq!(cache.get("b"), None);
        cache.put("e", b"text").unwrap();
        assert_eq!(cache.get("e").unwrap(), b"text");
    }
}
