//! Data sets: pulled from the hub, read from files of several forms, mapped to the expert's fields,
//! and split. Judges no record, renders no prompt, prints nothing: what a person should know comes
//! back as reports.

mod chat;
mod chat_sections;
mod error;
pub mod hub;
mod mapping;
mod read;
mod reader;
mod rejects;
mod split;
mod stamps;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_sdk::Record;

pub use chat::ChatMap;
pub use error::{DatasetError, MapError};
pub use mapping::{ColumnMap, MapOverrides, MappedBy, MappedField, add_fixed, fixed_fields};
pub use read::{Columns, Fault, MAX_ROW_BYTES, Opened, ParquetTable, Row, Rows, data_files, open};
pub use reader::{Mapping, ReadRecord, ReadReport, RecordReader};
pub use rejects::{Rejected, Rejects};
pub use split::{Groups, SPLIT_VERSION, Split, SplitBy, SplitSettings, split};
pub use stamps::file_stamps;

/// A record and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcedRecord {
    /// The record.
    pub record: Record,
    /// Where it came from.
    pub source: Source,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This line, from 1, of a file.
    Line {
        /// The file, as the user named it.
        file: Arc<Path>,
        /// The line.
        line: u64,
    },
    /// This row, from 1, of a file without lines.
    Row {
        /// The file, as the user named it.
        file: Arc<Path>,
        /// The row.
        row: u64,
    },
    /// The expert's own making.
    Synthetic {
        /// Position among the records that were made, from 0.
        index: usize,
    },
}

impl Source {
    /// The folder of the file that a record stands in, by its whole name.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn folder(&self) -> std::io::Result<Option<PathBuf>> {
        let (Source::Line { file, .. } | Source::Row { file, .. }) = self else { return Ok(None) };
        std::path::absolute(file).map(|file| file.parent().map(Path::to_owned))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Source::Row { file, row } => write!(f, "{}, row {row}", file.display()),
            Source::Synthetic { index } => write!(f, "synthetic record {index}"),
        }
    }
}
