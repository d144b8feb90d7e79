//! The error of this crate: what was tried on which path, and what the system said.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;

use crate::space::free_bytes;

/// Why a file or folder could not be read or written, or is not usable.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file could not be read or written.
    #[error("Failed to {action} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `rename`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is no place for what hive keeps.
    #[error("Failed to find a folder for what hive keeps: none of `HIVE_HOME`, `XDG_DATA_HOME`, `HOME` is set")]
    NoHome,
    /// There is no room for a file.
    #[error("Failed to write `{}`: the disk is full{}", path.display(), need(*needed, *free))]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
        /// Bytes that it takes; 0 when that is not known.
        needed: u64,
        /// Bytes that are free, where the system tells.
        free: Option<u64>,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what its format says.
    #[error("`{}` is not usable: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was got and what was expected.
        problem: String,
    },
    /// A file that ends too early or whose bytes are not what they should be: another copy may be.
    #[error("`{}` is not usable: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was got and what was expected.
        problem: String,
    },
}

/// "(it takes 12 MB, 3 MB are free)", as far as that is known.
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

/// A result of this crate.
pub type Result<T, E = FileError> = std::result::Result<T, E>;

impl FileError {
    /// An [`FileError::Io`], or [`FileError::DiskFull`] when that is what happened.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::io_of(action, path, source, 0)
    }

    /// As [`Self::io`], for a file or folder that takes `needed` bytes.
    pub fn io_of(action: &'static str, path: &Path, source: std::io::Error, needed: u64) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { needed, free: free_bytes(&path), path, source },
            _ => Self::Io { action, path, source },
        }
    }

    /// An [`FileError::Format`].
    pub fn format(path: &Path, problem: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), problem: problem.into() }
    }

    /// An [`FileError::Damaged`].
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
                "free some space, or write to another disk: `--out FOLDER`, or `HIVE_HOME` for what hive keeps; a run that had begun goes on with `--resume`"
                    .into(),
            ),
            Self::Io { source, .. } => matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem)
                .then(|| "write elsewhere: `--out FOLDER`, or `HIVE_HOME` for what hive keeps".into()),
            Self::Damaged { .. } => {
                Some("get the file again; a base model of the catalogue is mended by `hive model pull ID`".into())
            }
            Self::NoHome => Some("set `HIVE_HOME` to a folder".into()),
            Self::Format { .. } => None,
        }
    }
}
