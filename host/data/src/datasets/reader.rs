//! Records from a data set: rows with the expert's field names. Unusable rows are passed on with
//! their reason; only an unreadable file is an error.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use hive_sdk::manifest::DatasetSpec;
use hive_sdk::{Record, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Source;
use super::chat::ChatMap;
use super::error::DatasetError;
use super::mapping::{ColumnMap, MapOverrides, MappedField, add_fixed, mapped};
use super::read::{Columns, Fault, Opened, Row, code as unreadable, data_files, open};
use super::rejects::Rejects;

/// Number of readable rows used to find the columns. More than one, because the first row may lack
/// an optional column.
const SAMPLE: usize = 64;

/// Number of rows kept while looking for readable ones.
const LOOKED_AT: usize = 4096;

/// Codes of rows that do not give a record.
pub mod code {
    /// A required field has no value.
    pub const MISSING_FIELD: &str = "missing-field";
    pub use super::super::read::code::NUL_BYTE;
    /// A chat in which the fields cannot be found.
    pub const UNKNOWN_CHAT: &str = "unknown-chat";
}

/// Statistics of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Number of records passed on.
    pub records: usize,
    /// Number of values (numbers, booleans, lists and objects) converted to text.
    pub converted: usize,
    /// Rows that did not give a record.
    pub rejects: Rejects,
}

/// A record as read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadRecord {
    /// Its origin.
    pub source: Source,
    /// The record, or the rejection when the row does not give one.
    pub record: Result<Record, Verdict>,
}

/// How rows become records.
#[derive(Debug, Clone)]
pub enum Mapping {
    /// Each field has a column.
    Columns(ColumnMap),
    /// The fields are found in a chat.
    Chat(ChatMap),
}

impl Mapping {
    /// Adds optional fields whose columns appear for the first time; true when these names included
    /// one.
    fn learn(&mut self, names: &[String], spec: &DatasetSpec, overrides: &MapOverrides) -> bool {
        let fields = match self {
            Mapping::Columns(map) => &mut map.fields,
            Mapping::Chat(map) => map.beside(),
        };
        let before = fields.len();
        let new = spec.fields.iter().filter(|field| field.optional && !field.completion);
        for field in new.filter_map(|field| mapped(field, names, overrides)) {
            if !fields.iter().any(|known| known.field == field.field) {
                fields.push(field);
            }
        }
        fields.len() > before
    }

    /// The columns that are read.
    fn columns(&self) -> Vec<&str> {
        match self {
            Mapping::Columns(map) => map.fields.iter().map(|field| field.column.as_str()).collect(),
            Mapping::Chat(map) => map.columns(),
        }
    }
}

impl std::fmt::Display for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mapping::Columns(map) => map.fmt(f),
            Mapping::Chat(map) => map.fmt(f),
        }
    }
}

/// Reads a file, or all files of a folder. Iterate over it, then get the
/// [`report`](RecordReader::report).
pub struct RecordReader {
    files: VecDeque<PathBuf>,
    spec: DatasetSpec,
    overrides: MapOverrides,
    /// Values for fields that a record lacks.
    fixed: BTreeMap<String, String>,
    begun: Begun,
    /// All mappings so far, as text: the files of a folder may differ.
    mappings: Vec<String>,
    report: ReadReport,
}

/// A file whose first rows have been read.
struct Begun {
    rows: Opened,
    /// Rows read to find the columns and not passed on yet.
    ahead: VecDeque<Row>,
    /// `None` when none of its rows can be read.
    mapping: Option<Mapping>,
    /// Column names seen so far.
    names: HashSet<String>,
}

impl RecordReader {
    /// Opens the file or folder, reads the first rows and determines the mapping. A record that
    /// lacks one of the fields in `fixed` gets its value.
    ///
    /// # Errors
    /// When it cannot be read, has no readable rows, or a required field cannot be found.
    pub fn open(
        path: &Path,
        spec: &DatasetSpec,
        overrides: &MapOverrides,
        fixed: &BTreeMap<String, String>,
    ) -> Result<Self, DatasetError> {
        let mut spec = spec.clone();
        for field in spec.fields.iter_mut().filter(|field| fixed.contains_key(&field.name)) {
            field.optional = true;
        }
        let mut files: VecDeque<PathBuf> = data_files(path)?.into();
        let begun = loop {
            let Some(file) = files.pop_front() else {
                return Err(DatasetError::Empty { what: format!("`{}`", path.display()) });
            };
            match begin(&file, &spec, overrides) {
                // In a folder, an unreadable file only costs its own rows.
                Err(DatasetError::Unreadable { .. }) if !files.is_empty() => break unmapped(&file)?,
                begun => match begun? {
                    Some(begun) => break begun,
                    None => continue,
                },
            }
        };
        let mut reader = Self {
            files,
            spec,
            overrides: overrides.clone(),
            fixed: fixed.clone(),
            begun,
            mappings: Vec::new(),
            report: ReadReport::default(),
        };
        reader.note_mapping();
        Ok(reader)
    }

    /// The mapping of the current file; `None` when none of its rows can be read.
    pub fn mapping(&self) -> Option<&Mapping> {
        self.begun.mapping.as_ref()
    }

    /// The statistics so far.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// The mappings of all files so far, as text.
    pub fn mappings(&self) -> String {
        self.mappings.join("; elsewhere ")
    }

    fn note_mapping(&mut self) {
        let Some(mapping) = &self.begun.mapping else { return };
        let mut text = mapping.to_string();
        if let Some(form) = self.begun.rows.form() {
            text = format!("{form}: {text}");
        }
        if !self.fixed.is_empty() {
            let fixed: Vec<String> = self.fixed.iter().map(|(field, value)| format!("{field} = {value}")).collect();
            text = format!("{text}; where a record has none: {}", fixed.join(", "));
        }
        if !self.mappings.contains(&text) {
            self.mappings.push(text);
        }
    }

    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        loop {
            if let Some(row) = self.begun.ahead.pop_front() {
                return Ok(Some(row));
            }
            if let Some(row) = self.begun.rows.next_row()? {
                return Ok(Some(row));
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            match begin(&file, &self.spec, &self.overrides) {
                Err(DatasetError::Unreadable { .. }) => self.begun = unmapped(&file)?,
                begun => {
                    let Some(begun) = begun? else { continue };
                    self.begun = begun;
                    self.note_mapping();
                }
            }
        }
    }

    /// A field whose column appears only in later rows, such as the dialect of some, is read from
    /// there on.
    fn learn(&mut self, columns: &Columns) {
        let Some(mapping) = &mut self.begun.mapping else { return };
        let new = columns.names().filter(|name| !self.begun.names.contains(*name));
        let new: Vec<String> = new.map(str::to_owned).collect();
        if !new.is_empty() {
            let learned = mapping.learn(&new, &self.spec, &self.overrides);
            self.begun.names.extend(new);
            if learned {
                self.note_mapping();
            }
        }
    }

    /// Makes file names in a record relative to the record's file.
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

    /// The expert's fields of this row, or why it does not give a record.
    fn record(&mut self, columns: &Columns) -> Result<Record, Fault> {
        let mut record = match &self.begun.mapping {
            Some(Mapping::Chat(map)) => map.record(columns)?,
            Some(Mapping::Columns(map)) => {
                let (record, converted) = by_column(&map.fields, columns)?;
                self.report.converted += converted;
                record
            }
            // No row of such a file can be read.
            None => Record::default(),
        };
        add_fixed(&mut record, &self.fixed);
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
        if let Ok(columns) = &row.columns {
            self.learn(columns);
        }
        let mut record = row.columns.and_then(|columns| self.record(&columns));
        if let Ok(record) = &mut record {
            self.beside(&row.source, record);
        }
        match &record {
            Ok(_) => self.report.records += 1,
            Err((unreadable::DAMAGED, why)) => {
                let file = row.source.file().map(Path::to_owned).unwrap_or_default();
                return Some(Err(DatasetError::Damaged { file, what: why.clone() }));
            }
            Err((code, why)) => self.report.rejects.add(code, &row.source, why),
        }
        let record = record.map_err(|(code, why)| Verdict::reject(code, why));
        Some(Ok(ReadRecord { source: row.source, record }))
    }
}

/// Opens one file; `None` when it has no rows.
fn begin(file: &Path, spec: &DatasetSpec, overrides: &MapOverrides) -> Result<Option<Begun>, DatasetError> {
    let mut rows = open(file)?;
    let mut ahead = VecDeque::new();
    let mut late: Vec<Columns> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let (mut total, mut readable) = (0, 0);
    let mut rejects = Rejects::default();
    // The whole file, as long as no row can be read.
    while readable == 0 || (readable < SAMPLE && total < LOOKED_AT) {
        let Some(row) = rows.next_row()? else { break };
        total += 1;
        match &row.columns {
            Ok(columns) => {
                readable += 1;
                for name in columns.names().filter(|name| known.insert((*name).to_owned())) {
                    names.push(name.to_owned());
                }
            }
            Err((code, why)) => rejects.add(code, &row.source, why),
        }
        if total <= LOOKED_AT {
            ahead.push_back(row);
        } else {
            late.extend(row.columns);
        }
    }
    if total == 0 {
        return Ok(None);
    }
    if readable == 0 {
        return Err(DatasetError::Unreadable { file: file.to_owned(), rows: total, rejects });
    }
    let sample = || ahead.iter().filter_map(|row| row.columns.as_ref().ok()).chain(&late);
    let mapping = match ColumnMap::detect(file, &names, &spec.fields, overrides) {
        Ok(map) => Mapping::Columns(map),
        Err(error @ DatasetError::Unmapped { .. }) => {
            Mapping::Chat(ChatMap::detect(sample(), &names, spec, overrides).ok_or(error)?)
        }
        Err(error) => return Err(error),
    };
    if total > ahead.len() {
        // Read the skipped rows again.
        (rows, ahead) = (open(file)?, VecDeque::new());
    }
    rows.only(&mapping.columns());
    Ok(Some(Begun { rows, ahead, mapping: Some(mapping), names: known }))
}

/// A file without readable rows: each is passed on with its reason.
fn unmapped(file: &Path) -> Result<Begun, DatasetError> {
    Ok(Begun { rows: open(file)?, ahead: VecDeque::new(), mapping: None, names: HashSet::new() })
}

/// The fields that have columns, and how many values were not text.
pub(super) fn by_column(fields: &[MappedField], columns: &Columns) -> Result<(Record, usize), Fault> {
    let mut record = Record::default();
    let mut converted = 0;
    for field in fields {
        match columns.get(&field.column)? {
            Some(Value::String(text)) => record.set(&field.field, text.clone()),
            None | Some(Value::Null) if field.optional => {}
            None | Some(Value::Null) => {
                return Err((code::MISSING_FIELD, format!("no value in column `{}`", field.column)));
            }
            // Numbers and booleans as written; lists and objects as compact JSON.
            Some(value) => {
                converted += 1;
                record.set(&field.field, value.to_string());
            }
        }
    }
    Ok((record, converted))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
