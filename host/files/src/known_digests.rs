//! SHA-256 digests that were computed before, so that a large file is read again only when it has changed.
//!
//! A file is the same as before when path, device, inode, size, modification time and change time are. The kernel sets the
//! change time, and no call sets it back: whoever changes a file, or puts another in its place, changes it. A file that was
//! changed a moment ago is not remembered, since a second change could fall into the same tick of the clock.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::{Cache, CacheLimits, cache_folder, cache_kind, hex, sha256_of_file};

const LIMITS: CacheLimits = CacheLimits { entries: 500, bytes: 1 << 20, age: Duration::from_secs(90 * 24 * 3600) };

/// Time after a file's last change from which its digest is remembered.
const SETTLED: Duration = Duration::from_secs(2);

/// The digests that are remembered below a `HIVE_HOME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDigests {
    home: PathBuf,
    cache: Cache,
    /// Whether others may be added.
    grows: bool,
}

impl KnownDigests {
    /// Those of this home folder.
    pub fn of(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            cache: Cache::new(cache_folder(home).join(cache_kind::DIGESTS), LIMITS),
            grows: true,
        }
    }

    /// The same digests, of which none is added and whose times of use are not noted.
    #[must_use]
    pub fn unchanged(self) -> Self {
        Self { grows: false, ..self }
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// As [`sha256_of_file`], without reading a file whose digest is known.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sha256_of_file(&self, path: &Path) -> Result<String> {
        let Some(key) = key(path) else { return sha256_of_file(path) };
        let bytes = if self.grows { self.cache.get(&key) } else { std::fs::read(self.cache.path(&key)).ok() };
        let known = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(digest) = known.filter(|digest| digest.len() == 64) {
            return Ok(digest);
        }
        let digest = sha256_of_file(path)?;
        // Unchanged while it was read. Without a place to remember it, it is computed again; a home is not made for this.
        if self.grows
            && self.home.is_dir()
            && self::key(path).as_ref() == Some(&key)
            && self.cache.put(&key, digest.as_bytes()).is_ok()
        {
            self.cache.evict();
        }
        Ok(digest)
    }
}

/// What a file is known by; `None` when it cannot be told from another, or was changed a moment ago.
fn key(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let identity = identity(&std::fs::metadata(&path).ok()?)?;
    let mut hash = Sha256::new();
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(identity);
    Some(hex(&hash.finalize()))
}

#[cfg(unix)]
fn identity(meta: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let changed =
        SystemTime::UNIX_EPOCH + Duration::new(meta.ctime().try_into().ok()?, meta.ctime_nsec().try_into().ok()?);
    let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age >= SETTLED);
    let (modified, changed) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
    settled.then(|| format!("{} {} {} {modified:?} {changed:?}", meta.dev(), meta.ino(), meta.size()))
}

#[cfg(not(unix))]
fn identity(_meta: &Metadata) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    fn entries(known: &KnownDigests) -> usize {
        known.cache.entries().len()
    }

    #[test]
    fn a_settled_file_is_remembered_until_it_changes() {
        let home = tempfile::tempdir().unwrap();
        let known = KnownDigests::of(home.path());
        let file = home.path().join("file");
        fs::write(&file, "one").unwrap();
        let one = sha256_of_file(&file).unwrap();
        assert_eq!(known.sha256_of_file(&file).unwrap(), one);
        assert_eq!(entries(&known), 0, "changed a moment ago");
        std::thread::sleep(SETTLED + Duration::from_millis(50));
        assert_eq!(known.clone().unchanged().sha256_of_file(&file).unwrap(), one);
        assert_eq!(entries(&known), 0, "nothing is added");
        assert_eq!(known.sha256_of_file(&file).unwrap(), one);
        assert_eq!(entries(&known), 1);
        // What is remembered is what is answered: the file is not read.
        let entry = known.cache.entries()[0].path.clone();
        fs::write(&entry, "f".repeat(64)).unwrap();
        assert_eq!(known.sha256_of_file(&file).unwrap(), "f".repeat(64));
        // Content of the same length, with the modification time set back.
        let before = fs::metadata(&file).unwrap().modified().unwrap();
        fs::write(&file, "two").unwrap();
        fs::File::open(&file).unwrap().set_modified(before).unwrap();
        assert_eq!(known.sha256_of_file(&file).unwrap(), sha256_of_file(&file).unwrap());
        // A damaged entry is none.
        fs::write(&entry, "x").unwrap();
        assert_eq!(known.sha256_of_file(&file).unwrap(), sha256_of_file(&file).unwrap());
    }

    #[test]
    fn without_a_place_to_remember_digests_are_computed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "one").unwrap();
        // A file where the cache's folder would be.
        fs::write(folder.path().join("cache"), "").unwrap();
        let known = KnownDigests::of(folder.path());
        assert_eq!(known.sha256_of_file(&file).unwrap(), sha256_of_file(&file).unwrap());
        assert!(known.sha256_of_file(&folder.path().join("none")).is_err());
    }
}
