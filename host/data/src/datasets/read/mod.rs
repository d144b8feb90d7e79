//! Rows of a data file, one at a time, in any format: memory use does not grow with the file. An
//! unreadable row is passed on as such; an unreadable file is an error. Columns have no meaning
//! here.

mod array;
mod csv;
mod json;
mod lines;
mod open;
mod parquet;

use serde_json::{Map, Value};

pub(super) use open::ending;
pub use open::{Opened, data_files, open};
pub use parquet::ParquetTable;

use super::Source;
use super::error::DatasetError;

/// Maximum length of a row in text formats, in bytes. A longer one is skipped without being held in
/// memory.
pub const MAX_ROW_BYTES: usize = 8 << 20;

/// Maximum bytes of a file that are read again after unreadable rows. A file that exceeds this does
/// not have the format that it seems to have.
const MAX_REREAD_BYTES: usize = 64 << 20;

/// Codes of unreadable rows and values.
pub mod code {
    /// Its bytes are not UTF-8.
    pub const NOT_UTF8: &str = "not-utf8";
    /// It is not JSON, or not an object.
    pub const NOT_JSON: &str = "not-json";
    /// It is longer than [`super::MAX_ROW_BYTES`].
    pub const TOO_LONG: &str = "row-too-long";
    /// It contains a NUL, which databases do not accept.
    pub const NUL_BYTE: &str = "nul-byte";
    /// The number of values differs from the header.
    pub const RAGGED: &str = "ragged-row";
    /// An impossible date, time or number: out of range, or of the wrong length.
    pub const NO_VALUE: &str = "value-out-of-range";
    /// The file is damaged from here on, in one of its columns.
    pub const DAMAGED: &str = "damaged";
}

/// Code and reason of an error.
pub type Fault = (&'static str, String);

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its position.
    pub source: Source,
    /// Its columns, or code and reason why it cannot be read.
    pub columns: Result<Columns, Fault>,
}

/// The columns of a row. An unreadable value is an error of its column only, which has no effect if
/// the column is not used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    values: Map<String, Value>,
    faults: Vec<(String, Fault)>,
}

impl Columns {
    /// The value of this column; `None` when the row has no such column.
    ///
    /// # Errors
    /// Code and reason when it cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<&Value>, Fault> {
        match self.faults.iter().find(|(column, _)| column == name) {
            Some((_, fault)) => Err(fault.clone()),
            None => Ok(self.values.get(name)),
        }
    }

    /// The column names, including those with unreadable values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().chain(self.faults.iter().map(|(name, _)| name)).map(String::as_str)
    }

    fn add(&mut self, name: &str, value: Result<Value, Fault>) {
        match value {
            Ok(value) => drop(self.values.insert(name.to_owned(), value)),
            Err(fault) => self.faults.push((name.to_owned(), fault)),
        }
    }
}

impl From<Map<String, Value>> for Columns {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, faults: Vec::new() }
    }
}

/// Reads rows.
pub trait Rows: Send {
    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When nothing after this position can be read.
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError>;

    /// The format of the file, if it was guessed: `CSV with semicolons`.
    fn form(&self) -> Option<String> {
        None
    }

    /// Declares that only these columns are needed from here on. Others may be omitted from rows.
    fn only(&mut self, columns: &[&str]) {
        let _ = columns;
    }
}
