//! How an attempt to get a file ended.

use hive_files::FileError;

/// How one source ended: the next one may still work, or nothing will.
#[derive(Debug)]
pub enum SourceError {
    /// This source did not deliver, for this reason.
    Failed(String),
    /// No source can help: the disk is full, say.
    Fatal(FileError),
}

impl From<FileError> for SourceError {
    fn from(error: FileError) -> Self {
        Self::Fatal(error)
    }
}
