//! Records from a data set: rows with the expert's field names. What is unusable is passed on with
//! its reason; only a file that cannot be read is an error.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use hive_sdk::Record;
use hive_sdk::manifest::DatasetSpec;
use serde_json::{Map, Value};

use super::Source;
use super::chat::ChatMap;
use super::error::DatasetError;
use super::mapping::{ColumnMap, MapOverrides};
use super::read::{Opened, Row, data_files, open};
use super::rejects::Rejects;

/// Readable rows that are looked at to find the columns. More than one, because a first row may
/// lack an optional column.
const SAMPLE: usize = 64;

/// Rows that are looked at when some cannot be read.
const LOOKED_AT: usize = 4096;

/// Codes of rows that make no record.
pub mod code {
    /// A required field has no value.
    pub const MISSING_FIELD: &str = "missing-field";
    /// A value is a list or an object.
    pub const NOT_TEXT: &str = "not-text";
    pub use super::super::read::code::NUL_BYTE;
    /// A chat in which the fields are not found.
    pub const UNKNOWN_CHAT: &str = "unknown-chat";
}

/// What was met while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Records that were handed on.
    pub records: usize,
    /// Numbers and truth values that became text.
    pub converted: usize,
    /// Rows that make no record.
    pub rejects: Rejects,
}

/// A row as it came: a record, or code and reason why it is none.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRecord {
    /// Where it stands.
    pub source: Source,
    /// The record.
    pub record: Result<Record, (&'static str, String)>,
}

/// How rows become records.
#[derive(Debug, Clone)]
pub enum Mapping {
    /// Each field has a column.
    Columns(ColumnMap),
    /// One column holds a chat, and the fields are found in it.
    Chat(ChatMap),
}

impl std::fmt::Display for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mapping::Columns(map) => map.fmt(f),
            Mapping::Chat(map) => map.fmt(f),
        }
    }
}

/// Reads a file, or all files of a folder. Iterate over it, then ask for the
/// [`report`](RecordReader::report).
pub struct RecordReader {
    files: VecDeque<PathBuf>,
    spec: DatasetSpec,
    overrides: MapOverrides,
    rows: Opened,
    /// Rows read to find the columns and not yet handed on.
    ahead: VecDeque<Row>,
    mapping: Mapping,
    /// Every mapping so far, as text: files of one folder may differ.
    mappings: Vec<String>,
    report: ReadReport,
}

impl RecordReader {
    /// Opens the file or folder, reads the first rows and decides where the fields are.
    ///
    /// # Errors
    /// When it cannot be read, holds no row, or a required field is nowhere.
    pub fn open(path: &Path, spec: &DatasetSpec, overrides: &MapOverrides) -> Result<Self, DatasetError> {
        let mut files: VecDeque<PathBuf> = data_files(path)?.into();
        loop {
            let Some(file) = files.pop_front() else {
                return Err(DatasetError::Empty { what: format!("`{}`", path.display()) });
            };
            if let Some(begun) = begin(&file, spec, overrides)? {
                return Ok(Self {
                    files,
                    spec: spec.clone(),
                    overrides: overrides.clone(),
                    rows: begun.rows,
                    ahead: begun.ahead,
                    mappings: vec![begun.mapping.to_string()],
                    mapping: begun.mapping,
                    report: ReadReport::default(),
                });
            }
        }
    }

    /// Where the fields are.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// What was met so far.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Where the fields are, in every file so far, as text.
    pub fn mappings(&self) -> String {
        self.mappings.join("; elsewhere ")
    }

    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        loop {
            if let Some(row) = self.ahead.pop_front() {
                return Ok(Some(row));
            }
            if let Some(row) = self.rows.next_row()? {
                return Ok(Some(row));
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            if let Some(begun) = begin(&file, &self.spec, &self.overrides)? {
                (self.rows, self.ahead, self.mapping) = (begun.rows, begun.ahead, begun.mapping);
                let mapping = self.mapping.to_string();
                if !self.mappings.contains(&mapping) {
                    self.mappings.push(mapping);
                }
            }
        }
    }

    /// Names of files are relative to the file that they stand in.
    fn beside(&self, source: &Source, record: &mut Record) {
        for field in self.spec.fields.iter().filter(|field| field.path) {
            if let Some(name) = record.text(&field.name)
                && let Ok(Some(folder)) = source.folder()
            {
                let path = folder.join(name).to_string_lossy().into_owned();
                record.set(&field.name, path);
            }
        }
    }

    /// The expert's fields of this row, or why it makes no record.
    fn record(&mut self, columns: &Map<String, Value>) -> Result<Record, (&'static str, String)> {
        let record = match &self.mapping {
            Mapping::Chat(map) => map.record(columns)?,
            Mapping::Columns(map) => {
                let (record, converted) = by_column(map, columns)?;
                self.report.converted += converted;
                record
            }
        };
        match record.0.iter().find(|(_, value)| value.as_str().is_some_and(|text| text.contains('\0'))) {
            Some((field, _)) => Err((code::NUL_BYTE, format!("`{field}` holds a NUL byte"))),
            None => Ok(record),
        }
    }
}

impl Iterator for RecordReader {
    type Item = Result<ReadRecord, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.next_row().transpose()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let mut record = row.columns.and_then(|columns| self.record(&columns));
        if let Ok(record) = &mut record {
            self.beside(&row.source, record);
        }
        match &record {
            Ok(_) => self.report.records += 1,
            Err((code, why)) => self.report.rejects.add(code, &row.source, why),
        }
        Some(Ok(ReadRecord { source: row.source, record }))
    }
}

/// A file whose first rows are read.
struct Begun {
    rows: Opened,
    ahead: VecDeque<Row>,
    mapping: Mapping,
}

/// Opens one file; `None` when it holds no row.
fn begin(file: &Path, spec: &DatasetSpec, overrides: &MapOverrides) -> Result<Option<Begun>, DatasetError> {
    let mut rows = open(file)?;
    let mut ahead = VecDeque::new();
    let mut columns: Vec<String> = Vec::new();
    let mut readable = 0;
    while readable < SAMPLE && ahead.len() < LOOKED_AT {
        let Some(row) = rows.next_row()? else { break };
        readable += usize::from(row.columns.is_ok());
        for column in row.columns.iter().flat_map(Map::keys) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        ahead.push_back(row);
    }
    if ahead.is_empty() {
        return Ok(None);
    }
    if let (0, Some(Row { source, columns: Err((_, why)) })) = (readable, ahead.front()) {
        let what = format!("not one of its first {} rows can be read; the first: {source}: {why}", ahead.len());
        return Err(DatasetError::Damaged { file: file.to_owned(), what });
    }
    let mapping = match ColumnMap::detect(file, &columns, &spec.fields, overrides) {
        Ok(map) => Mapping::Columns(map),
        Err(error @ DatasetError::Unmapped { .. }) => {
            let sample = ahead.iter().filter_map(|row| row.columns.as_ref().ok());
            Mapping::Chat(ChatMap::detect(sample, spec).ok_or(error)?)
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Begun { rows, ahead, mapping }))
}

fn by_column(map: &ColumnMap, columns: &Map<String, Value>) -> Result<(Record, usize), (&'static str, String)> {
    let mut record = Record::default();
    let mut converted = 0;
    for field in &map.fields {
        // Cloned, because two fields may read one column.
        match columns.get(&field.column).cloned().unwrap_or(Value::Null) {
            Value::String(text) => record.set(&field.field, text),
            Value::Null if field.optional => {}
            Value::Null => return Err((code::MISSING_FIELD, format!("no value in column `{}`", field.column))),
            value @ (Value::Number(_) | Value::Bool(_)) => {
                converted += 1;
                record.set(&field.field, value.to_string());
            }
            Value::Array(_) | Value::Object(_) => {
                let what = format!("column `{}` holds a list or an object, expected a text", field.column);
                return Err((code::NOT_TEXT, what));
            }
        }
    }
    Ok((record, converted))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
