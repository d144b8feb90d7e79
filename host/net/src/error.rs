//! Why a file could not be downloaded.

use hive_files::FileError;

/// Why a source did not deliver a file, and whether another source may.
#[derive(Debug)]
pub enum SourceError {
    /// This source failed, for this reason; another one may work.
    Failed(String),
    /// No source can help, for example because the disk is full.
    Fatal(FileError),
}

impl From<FileError> for SourceError {
    fn from(error: FileError) -> Self {
        Self::Fatal(error)
    }
}
