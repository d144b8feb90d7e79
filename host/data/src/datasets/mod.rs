//! Data sets: downloaded from the hub, read from files in several formats, mapped to the expert's
//! fields, and split. Judges no records, renders no prompts, prints nothing: information for the
//! user is returned in reports.

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

use serde::{Deserialize, Serialize};

pub use chat::ChatMap;
pub use error::{DatasetError, MapError};
pub use mapping::{ColumnMap, MapOverrides, MappedBy, MappedField, add_fixed, fixed_fields};
pub use read::{Columns, Fault, MAX_ROW_BYTES, Opened, ParquetTable, Row, Rows, data_files, open};
pub use reader::{Mapping, ReadRecord, ReadReport, RecordReader};
pub use rejects::{Rejected, Rejects};
pub use split::{Groups, SPLIT_VERSION, Split, SplitBy, SplitSettings, split};
pub(crate) use stamps::add_stamps;
pub use stamps::{FileStamps, file_stamps, stamps_hold};

/// The origin of a record, from the reader to the prepared set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A line of a file, counted from 1.
    Line {
        /// The file, as the user named it.
        #[serde(with = "path")]
        file: Arc<Path>,
        /// The line.
        line: u64,
    },
    /// A row, counted from 1, of a file without lines.
    Row {
        /// The file, as the user named it.
        #[serde(with = "path")]
        file: Arc<Path>,
        /// The row.
        row: u64,
    },
    /// Synthesized by the expert.
    Synthetic {
        /// Index among the synthetic records, from 0.
        index: usize,
    },
    /// The expert's manifest.
    EvalPrompt {
        /// Id of the eval prompt.
        id: String,
    },
}

/// A path as text: a name that is not Unicode is only shown, never used to open the file.
mod path {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(path: &Arc<Path>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&path.to_string_lossy())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Path>, D::Error> {
        Ok(PathBuf::from(String::deserialize(from)?).into())
    }
}

impl Source {
    /// The same source with the prefix `path` of its file name replaced by `name`: a data set's
    /// name instead of its local path.
    pub fn named(self, path: &Path, name: &str) -> Self {
        let rename = |file: Arc<Path>| match file.to_string_lossy().strip_prefix(&*path.to_string_lossy()) {
            Some(rest) => PathBuf::from(format!("{name}{rest}")).into(),
            None => file,
        };
        match self {
            Source::Line { file, line } => Source::Line { file: rename(file), line },
            Source::Row { file, row } => Source::Row { file: rename(file), row },
            other => other,
        }
    }

    /// The absolute path of the folder of the record's file.
    ///
    /// # Errors
    /// When the current folder no longer exists.
    pub fn folder(&self) -> std::io::Result<Option<PathBuf>> {
        let Some(file) = self.file() else { return Ok(None) };
        std::path::absolute(file).map(|file| file.parent().map(Path::to_owned))
    }
}

impl Source {
    /// The file that a record is in, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Source::Line { file, .. } | Source::Row { file, .. } => Some(file),
            Source::Synthetic { .. } | Source::EvalPrompt { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Line { file, line } => write!(f, "{}:{line}", file.display()),
            Source::Row { file, row } => write!(f, "{}, row {row}", file.display()),
            Source::Synthetic { index } => write!(f, "synthetic record {index}"),
            Source::EvalPrompt { id } => write!(f, "eval prompt {id}"),
        }
    }
}
