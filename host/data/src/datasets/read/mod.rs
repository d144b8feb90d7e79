//! Rows of a data file, one at a time, whatever the file's form: memory does not grow with it. A
//! row that cannot be read is passed on as such; a file that cannot be read is an error. Columns
//! have no meaning here.

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

/// Longest row of a text form, in bytes. A longer one is passed over without being held.
pub const MAX_ROW_BYTES: usize = 8 << 20;

/// Most bytes of a file that are read a second time behind rows that cannot be read. A file that
/// would take more is not of the form that it seems to be.
const MAX_REREAD_BYTES: usize = 64 << 20;

/// Codes of rows that cannot be read, and of single values.
pub mod code {
    /// Its bytes are not UTF-8.
    pub const NOT_UTF8: &str = "not-utf8";
    /// It is not JSON, or not an object.
    pub const NOT_JSON: &str = "not-json";
    /// It is longer than [`super::MAX_ROW_BYTES`].
    pub const TOO_LONG: &str = "row-too-long";
    /// It holds a NUL, which no database takes.
    pub const NUL_BYTE: &str = "nul-byte";
    /// It has more or fewer values than the header has names.
    pub const RAGGED: &str = "ragged-row";
    /// A date, time or number that is none: beyond the calendar, or of the wrong length.
    pub const NO_VALUE: &str = "value-out-of-range";
    /// The file is damaged from here on, in one of its columns.
    pub const DAMAGED: &str = "damaged";
}

/// Code and reason why something cannot be read.
pub type Fault = (&'static str, String);

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where it stands.
    pub source: Source,
    /// Its columns, or code and reason why it cannot be read.
    pub columns: Result<Columns, Fault>,
}

/// The columns of a row. A value that cannot be read is a fault of its column alone, so that it
/// costs nothing when nobody reads that column.
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

    /// The names, those of values that cannot be read included.
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
    /// When nothing behind this place can be read.
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError>;

    /// What the file's form is, where that was guessed: `CSV with semicolons`.
    fn form(&self) -> Option<String> {
        None
    }

    /// Says that from here on only these columns are looked at. Others may be left out of rows.
    fn only(&mut self, columns: &[&str]) {
        let _ = columns;
    }
}
