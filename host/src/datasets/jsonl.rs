//! Reads JSON lines, one record at a time: a file larger than memory is no problem. A line that is
//! not an object stops the reading; a record that cannot be used is counted and passed over.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use hive_sdk::Record;
use hive_sdk::manifest::FieldSpec;
use serde_json::{Map, Value};

use super::error::DatasetError;
use super::mapping::{ColumnMap, MapOverrides};
use super::rejects::Rejects;
use super::{Source, SourcedRecord};

/// Records that are looked at to find the columns. More than one, because a first record may lack
/// an optional column.
const SAMPLE: usize = 64;

/// A line's number, from 1, and its object.
type Numbered = (u64, Map<String, Value>);

/// What was met while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Records that were handed on.
    pub records: usize,
    /// Numbers and truth values that became text.
    pub converted: usize,
    /// Records that were passed over.
    pub rejects: Rejects,
}

/// Reads one file. Iterate over it, then ask for the [`report`](JsonlReader::report).
#[derive(Debug)]
pub struct JsonlReader {
    lines: Lines,
    /// Objects read to find the columns and not yet handed on.
    ahead: VecDeque<Numbered>,
    mapping: ColumnMap,
    report: ReadReport,
}

impl JsonlReader {
    /// Opens the file, reads its first records and decides which column holds which field.
    ///
    /// # Errors
    /// When it cannot be read, one of its first lines is no object, it holds no record, or a
    /// required field has no column.
    pub fn open(path: &Path, fields: &[FieldSpec], overrides: &MapOverrides) -> Result<Self, DatasetError> {
        let mut lines = Lines::open(path)?;
        let mut ahead = VecDeque::new();
        let mut columns: Vec<String> = Vec::new();
        while ahead.len() < SAMPLE {
            let Some((line, object)) = lines.next_object()? else { break };
            for column in object.keys().filter(|c| !columns.contains(c)).cloned().collect::<Vec<_>>() {
                columns.push(column);
            }
            ahead.push_back((line, object));
        }
        if ahead.is_empty() {
            return Err(DatasetError::Empty { what: format!("`{}`", path.display()) });
        }
        let mapping = ColumnMap::detect(path, &columns, fields, overrides)?;
        Ok(Self { lines, ahead, mapping, report: ReadReport::default() })
    }

    /// Which column holds which field.
    pub fn mapping(&self) -> &ColumnMap {
        &self.mapping
    }

    /// What was met so far.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    fn next_record(&mut self) -> Result<Option<SourcedRecord>, DatasetError> {
        loop {
            let next = match self.ahead.pop_front() {
                Some(next) => Some(next),
                None => self.lines.next_object()?,
            };
            let Some((line, object)) = next else { return Ok(None) };
            let source = Source::Line { file: Arc::clone(&self.lines.path), line };
            match self.mapped(object) {
                Ok(record) => {
                    self.report.records += 1;
                    return Ok(Some(SourcedRecord { record, source }));
                }
                Err((code, why)) => self.report.rejects.add(code, &source, &why),
            }
        }
    }

    /// The expert's fields of this object, or why it cannot be used.
    fn mapped(&mut self, object: Map<String, Value>) -> Result<Record, (&'static str, String)> {
        let mut record = Record::default();
        let mut converted = 0;
        for field in &self.mapping.fields {
            // Cloned, because two fields may read one column.
            match object.get(&field.column).cloned().unwrap_or(Value::Null) {
                Value::String(text) => record.set(&field.field, text),
                Value::Null if field.optional => {}
                Value::Null => return Err(("missing-field", format!("no value in column `{}`", field.column))),
                value @ (Value::Number(_) | Value::Bool(_)) => {
                    converted += 1;
                    record.set(&field.field, value.to_string());
                }
                Value::Array(_) | Value::Object(_) => {
                    let what = format!("column `{}` holds a list or an object, expected a text", field.column);
                    return Err(("not-text", what));
                }
            }
        }
        self.report.converted += converted;
        Ok(record)
    }
}

impl Iterator for JsonlReader {
    type Item = Result<SourcedRecord, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// The objects of a file with their line numbers; blank lines are passed over.
#[derive(Debug)]
struct Lines {
    path: Arc<Path>,
    reader: BufReader<File>,
    line: u64,
    bytes: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::Read { file: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        // Opening a folder succeeds on Unix; reading from it then fails with a puzzling message.
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(std::io::Error::other("got a folder, expected a file of JSON lines")));
        }
        Ok(Self { path: path.into(), reader: BufReader::with_capacity(1 << 20, file), line: 0, bytes: Vec::new() })
    }

    fn next_object(&mut self) -> Result<Option<Numbered>, DatasetError> {
        loop {
            self.bytes.clear();
            let read = self.reader.read_until(b'\n', &mut self.bytes);
            let read = read.map_err(|source| DatasetError::Read { file: self.path.to_path_buf(), source })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            let mut bytes = &self.bytes[..];
            if self.line == 1 {
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            // Only the end is trimmed: columns in messages count from the line's first byte.
            let bytes = bytes.trim_ascii_end();
            if bytes.is_empty() {
                continue;
            }
            let text = std::str::from_utf8(bytes).map_err(|e| {
                self.fault(format!("not UTF-8: byte {} of the line is no character", e.valid_up_to() + 1))
            })?;
            let value = serde_json::from_str(text).map_err(|e| {
                // serde_json's place counts lines within the one it was given.
                let what = e.to_string();
                let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
                self.fault(format!("not JSON: {what} at column {}", e.column()))
            })?;
            return match value {
                Value::Object(object) => Ok(Some((self.line, object))),
                other => Err(self.fault(format!("got {}, expected one JSON object per line", kind(&other)))),
            };
        }
    }

    fn fault(&self, what: String) -> DatasetError {
        DatasetError::Line { file: self.path.to_path_buf(), line: self.line, what }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
