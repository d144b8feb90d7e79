//! The error of this crate: the operation, the path and the system's message.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;

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

impl Diagnostic for FileError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::DiskFull { .. } | Self::NoHome => 2,
            Self::Format { .. } | Self::Damaged { .. } => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        match self {
            Self::Io { action, .. } if ["map", "open", "read"].contains(action) => None,
            Self::DiskFull { .. } => Some(
                "free some space, or write to another disk: `--out FOLDER`, or `HIVE_HOME` for hive's own files; an interrupted run resumes with `--resume`"
                    .into(),
            ),
            Self::Io { source, .. } => matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem)
                .then(|| "write elsewhere: `--out FOLDER`, or `HIVE_HOME` for hive's own files".into()),
            Self::Damaged { .. } => {
                Some("get the file again; `hive model pull ID` repairs a base model of the catalogue".into())
            }
            Self::NoHome => Some("set `HIVE_HOME` to a folder".into()),
            Self::Format { .. } => None,
        }
    }
}
