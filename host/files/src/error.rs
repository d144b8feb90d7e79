//! The error of this crate: the operation, the path and the system's message.

use std::path::{Path, PathBuf};

use hive_errors::{Diagnostic, nearest};

use crate::space::free_bytes;

/// Why a file or folder could not be read or written, or is not usable.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file could not be read or written.
    #[error("Failed to {action} `{}`", path.display())]
    Io {
        /// The operation: `read`, `write`, `rename`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// No home folder for hive could be determined.
    #[error("Failed to find a folder for hive's data: none of `HIVE_HOME`, `XDG_DATA_HOME`, `HOME` is set")]
    NoHome,
    /// The disk is full.
    #[error("Failed to write `{}`: the disk is full{}", path.display(), need(*needed, *free))]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
        /// Size in bytes; 0 when unknown.
        needed: u64,
        /// Free bytes, where the system reports them.
        free: Option<u64>,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file does not follow its format.
    #[error("`{}` is not usable: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// A file is truncated or corrupted: another copy may be intact.
    #[error("`{}` is not usable: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
}

/// "(it takes 12 MB, 3 MB are free)", as far as known.
fn need(needed: u64, free: Option<u64>) -> String {
    let mb = |bytes: u64| match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    match (needed, free) {
        (0, None) => String::new(),
        (0, Some(free)) => format!(" ({} are free)", mb(free)),
        (needed, None) => format!(" (it takes {})", mb(needed)),
        (needed, Some(free)) => format!(" (it takes {}, {} are free)", mb(needed), mb(free)),
    }
}

/// Result type of this crate.
pub type Result<T, E = FileError> = std::result::Result<T, E>;

impl FileError {
    /// An [`FileError::Io`], or [`FileError::DiskFull`] when that is what happened.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::io_of(action, path, source, 0)
    }

    /// As [`Self::io`], for a file or folder of `needed` bytes.
    pub fn io_of(action: &'static str, path: &Path, source: std::io::Error, needed: u64) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { needed, free: free_bytes(&path), path, source },
            _ => Self::Io { action, path, source },
        }
    }

    /// A [`FileError::Format`].
    pub fn format(path: &Path, problem: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), problem: problem.into() }
    }

    /// A [`FileError::Damaged`].
    pub fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}

impl FileError {
    /// The hint for a file of hive's own, which no `--out` moves elsewhere.
    pub fn hint_in_home(&self) -> Option<String> {
        match self {
            Self::DiskFull { .. } => Some("free some space, or set `HIVE_HOME` to a folder on another disk".to_owned()),
            Self::Io { path, .. } if self.is_refused_write() => {
                let shown = path.parent().unwrap_or(path).display();
                Some(format!("make `{shown}` writable, or set `HIVE_HOME` to another folder"))
            }
            _ => self.hint(),
        }
    }

    /// Whether the system does not let this user write there.
    fn is_refused_write(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let Self::Io { action, source, .. } = self else { return false };
        !READS.contains(action) && matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem)
    }
}

/// Actions that write nothing.
const READS: [&str; 3] = ["map", "open", "read"];

impl Diagnostic for FileError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::DiskFull { .. } | Self::NoHome => 2,
            Self::Format { .. } | Self::Damaged { .. } => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { action, path, source } if READS.contains(action) => {
                (source.kind() == std::io::ErrorKind::NotFound).then(|| hint_for_missing(path))
            }
            Self::DiskFull { .. } => Some(
                "free some space, or write to another disk: `--out FOLDER`, or `HIVE_HOME` for hive's own files; an interrupted run resumes with `--resume`"
                    .into(),
            ),
            Self::Io { .. } => self
                .is_refused_write()
                .then(|| "write elsewhere: `--out FOLDER`, or `HIVE_HOME` for hive's own files".into()),
            Self::Damaged { .. } => {
                Some("get the file again; `hive model pull ID` repairs a base model of the catalogue".into())
            }
            Self::NoHome => Some("set `HIVE_HOME` to a folder".into()),
            Self::Format { .. } => None,
        }
    }
}

/// What to try if there is no file or folder at `path`: a name like it that is beside it, or a look at the folder.
pub fn hint_for_missing(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let there = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
        return format!("there is no folder `{}`; `ls {}` shows what is there", folder.display(), there.display());
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", path.with_file_name(near).display()),
        None => format!("`ls {}` shows what is there", folder.display()),
    }
}

/// [`hint_for_missing`], and what else may have been meant unless a name is like it.
pub fn hint_for_missing_or(path: &Path, other: &str) -> String {
    match hint_for_missing(path) {
        near if near.ends_with('?') => near,
        none => format!("{none}; {other}"),
    }
}

/// Entries of a folder that are looked at for a suggestion.
const MOST_ENTRIES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_home_is_not_written_elsewhere_by_out() {
        let refused =
            |action| FileError::io(action, Path::new("/h/keys/me"), std::io::ErrorKind::PermissionDenied.into());
        assert!(refused("write").hint().unwrap().contains("--out"));
        let hint = refused("write").hint_in_home().unwrap();
        assert_eq!(hint, "make `/h/keys` writable, or set `HIVE_HOME` to another folder");
        assert_eq!(refused("read").hint_in_home(), None);
        let full = FileError::io("write", Path::new("/h/x"), std::io::ErrorKind::StorageFull.into());
        assert!(!full.hint_in_home().unwrap().contains("--out"));
    }

    #[test]
    fn what_is_missing_may_have_a_name_like_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pets.txt"), "").unwrap();
        let hint = |name: &str| hint_for_missing(&dir.path().join(name));
        let shown = dir.path().display();
        assert_eq!(hint("pet.txt"), format!("did you mean `{shown}/pets.txt`?"));
        assert_eq!(hint("other"), format!("`ls {shown}` shows what is there"));
        assert_eq!(hint("a/b/c"), format!("there is no folder `{shown}/a/b`; `ls {shown}` shows what is there"));
        assert_eq!(hint_for_missing(Path::new("no-such-file-here")), "`ls .` shows what is there");
    }
}
