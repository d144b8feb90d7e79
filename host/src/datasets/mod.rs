//! Data sets: read from files, mapped to the expert's fields, judged by the expert and split.
//! Renders no prompt, counts no token, prints nothing: what a person should know comes back as
//! reports.

mod error;
mod jsonl;
mod mapping;
mod prepare;
mod rejects;
mod split;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use hive_sdk::Record;

pub use error::{DatasetError, MapError};
pub use jsonl::{JsonlReader, ReadReport};
pub use mapping::{ColumnMap, MapOverrides, MappedBy, MappedField};
pub use prepare::{PrepareReport, Prepared, prepare, synthetic};
pub use rejects::{Rejected, Rejects};
pub use split::{Split, SplitBy, SplitSettings, split};

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
    /// The expert's own making.
    Synthetic {
        /// Position among the records that were made, from 0.
        index: usize,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Source::Synthetic { index } => write!(f, "synthetic record {index}"),
        }
    }
}
