//! CSV with a header. Values are texts; an empty one is a text too. A quote that is never closed
//! would make the rest of the file one value: there is an end to that.

use std::io::{BufRead, Error, ErrorKind as IoErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::open::read_failed;
use super::{MAX_ROW_BYTES, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Longest row that is read at all; one between this and [`MAX_ROW_BYTES`] is passed over.
const HELD: usize = 8 * MAX_ROW_BYTES;

/// Reads CSV.
pub struct Csv {
    path: Arc<Path>,
    reader: Reader<Limited>,
    /// Bytes taken from the file since the last row ended.
    taken: Arc<AtomicUsize>,
    header: Vec<String>,
    record: ByteRecord,
}

impl Csv {
    /// Reads from `reader`, whose first line names the columns; `path` is for messages.
    ///
    /// # Errors
    /// When the header cannot be read or names a column twice.
    pub fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Result<Self, DatasetError> {
        let taken = Arc::new(AtomicUsize::new(0));
        let limited = Limited { reader, taken: Arc::clone(&taken) };
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(limited);
        let fault = |what: String| DatasetError::Line { file: path.to_owned(), line: 1, what };
        let names = reader.byte_headers().map_err(|e| failed(path, 1, e))?;
        let mut header = Vec::with_capacity(names.len());
        for name in names {
            let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
            let name = std::str::from_utf8(name).map_err(|_| fault("the header is not UTF-8".to_owned()))?.trim();
            if header.iter().any(|known| known == name) {
                return Err(fault(format!("the header names the column `{name}` twice, expected each once")));
            }
            header.push(name.to_owned());
        }
        Ok(Self { path: path.into(), reader, taken, header, record: ByteRecord::new() })
    }

    fn columns(&self) -> Result<Map<String, Value>, (&'static str, String)> {
        if self.record.len() != self.header.len() {
            let (got, expected) = (self.record.len(), self.header.len());
            return Err((code::RAGGED, format!("got {got}, expected {expected} values, as many as the header has")));
        }
        if self.record.as_slice().len() > MAX_ROW_BYTES {
            return Err((code::TOO_LONG, format!("got more than {MAX_ROW_BYTES} bytes")));
        }
        let mut columns = Map::new();
        for (name, value) in self.header.iter().zip(&self.record) {
            let text = std::str::from_utf8(value)
                .map_err(|_| (code::NOT_UTF8, format!("the value in column `{name}` is not UTF-8")))?;
            columns.insert(name.clone(), Value::String(text.to_owned()));
        }
        Ok(columns)
    }
}

impl Rows for Csv {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        let line = self.reader.position().line();
        self.taken.store(0, Ordering::Relaxed);
        let path = Arc::clone(&self.path);
        if !self.reader.read_byte_record(&mut self.record).map_err(|e| failed(&path, line, e))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(line, csv::Position::line);
        Ok(Some(Row { source: Source::Line { file: path, line }, columns: self.columns() }))
    }
}

fn failed(path: &Path, line: u64, error: csv::Error) -> DatasetError {
    let what = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(source) if source.kind() == IoErrorKind::FileTooLarge => {
            let what = format!("the row does not end within {HELD} bytes: is a quote never closed?");
            DatasetError::Line { file: path.to_owned(), line, what }
        }
        ErrorKind::Io(source) => read_failed(path, source),
        _ => DatasetError::Line { file: path.to_owned(), line, what: format!("not CSV: {what}") },
    }
}

/// Gives a row's bytes, and an error when there are too many.
struct Limited {
    reader: Box<dyn BufRead + Send>,
    taken: Arc<AtomicUsize>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.taken.load(Ordering::Relaxed) > HELD {
            return Err(Error::from(IoErrorKind::FileTooLarge));
        }
        let n = self.reader.read(buffer)?;
        self.taken.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }
}
