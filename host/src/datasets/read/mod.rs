//! Rows of a data file, one at a time, whatever the file's form: memory does not grow with it. A
//! row that cannot be read is passed on as such; a file that cannot be read is an error. Columns
//! have no meaning here.

mod array;
mod csv;
mod lines;
mod open;
mod parquet;

use serde_json::{Map, Value};

pub(super) use open::ending;
pub use open::{Opened, data_files, open};
pub use parquet::ParquetTable;

use super::Source;
use super::error::DatasetError;

/// Longest row of a text form, in bytes. A longer one is passed over without being held.
pub const MAX_ROW_BYTES: usize = 8 << 20;

/// Codes of rows that cannot be read.
pub mod code {
    /// Its bytes are not UTF-8.
    pub const NOT_UTF8: &str = "not-utf8";
    /// It is longer than [`super::MAX_ROW_BYTES`].
    pub const TOO_LONG: &str = "row-too-long";
    /// It holds a NUL, which no database takes.
    pub const NUL_BYTE: &str = "nul-byte";
    /// It has more or fewer values than the header has names.
    pub const RAGGED: &str = "ragged-row";
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where it stands.
    pub source: Source,
    /// Its columns, or code and reason why it cannot be read.
    pub columns: Result<Map<String, Value>, (&'static str, String)>,
}

/// Reads rows.
pub trait Rows: Send {
    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When nothing behind this place can be read.
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError>;
}
