//! Parquet: reads rows as JSON values, and writes tables of text. Format:
//! <https://parquet.apache.org/docs/file-format/>. Row groups are read one after another, each
//! column by a separate reader, so that an error in one column does not affect the others.
//!
//! The file's logical types are hidden from the crate, which rejects a whole file for one text that
//! is not UTF-8 and panics on dates out of range: it returns plain numbers and bytes, and [`value`]
//! interprets them by their types.

mod footer;
mod format;
mod headers;
mod pages;
mod table;
mod thrift;
mod value;

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Once};

use parquet::basic::{ConvertedType, LogicalType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::record::reader::{ReaderIter, TreeBuilder};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};
use serde_json::Value;

use headers::CheckedHeaders;
use pages::CheckedGroup;
pub use table::ParquetTable;

use super::{Columns, Fault, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Reads a Parquet file.
pub struct Parquet {
    path: Arc<Path>,
    file: SerializedFileReader<File>,
    /// The same file, for the pages.
    pages: Arc<CheckedHeaders>,
    columns: Vec<Column>,
    /// Index of the next row group.
    group: usize,
    /// Remaining rows of the current group.
    left: usize,
    row: u64,
    total: usize,
}

/// A top-level column.
struct Column {
    name: String,
    /// As declared in the file.
    declared: TypePtr,
    /// The column alone, without logical types.
    bare: SchemaDescPtr,
    /// Its values in the current row group, or why there are no more.
    values: Result<ReaderIter, String>,
}

impl Parquet {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be read or is not a Parquet file.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        footer::check(&mut file).map_err(failed)?.map_err(|what| damaged(path, &what))?;
        let again = file.try_clone().map_err(failed)?;
        let pages = Arc::new(CheckedHeaders(file.try_clone().map_err(failed)?));
        let reader = guarded(|| SerializedFileReader::new(again)).map_err(|what| damaged(path, &what))?;
        let metadata = reader.metadata().file_metadata();
        let total = usize::try_from(metadata.num_rows()).unwrap_or(0);
        let declared = metadata.schema().get_fields().to_vec();
        let bare = guarded(|| declared.iter().map(|field| bare(field)).collect::<Result<Vec<_>, _>>());
        let bare = bare.map_err(|what| damaged(path, &what))?;
        let whole = guarded(|| descriptor(bare.clone())).map_err(|what| damaged(path, &what))?;
        let options = ReadOptionsBuilder::new().with_parquet_schema(whole).build();
        let file = guarded(|| SerializedFileReader::new_with_options(file, options));
        let file = file.map_err(|what| damaged(path, &what))?;
        let mut columns = Vec::with_capacity(declared.len());
        for (declared, bare) in declared.into_iter().zip(bare) {
            let name = declared.name().to_owned();
            let bare = guarded(|| descriptor(vec![bare])).map_err(|what| damaged(path, &what))?;
            columns.push(Column { name, declared, bare, values: Err("no row group is open".to_owned()) });
        }
        if columns.is_empty() {
            return Err(damaged(path, "it has no columns"));
        }
        Ok(Self { path: path.into(), file, pages, columns, group: 0, left: 0, row: 0, total })
    }

    /// Advances to the next row group; false when there is none.
    fn next_group(&mut self) -> Result<bool, DatasetError> {
        if self.group >= self.file.num_row_groups() {
            return Ok(false);
        }
        let number = self.group;
        self.group += 1;
        let group = guarded(|| self.file.get_row_group(number)).map_err(|what| damaged(&self.path, &what))?;
        let group = CheckedGroup { group, file: Arc::clone(&self.pages) };
        let rows = group.metadata().num_rows();
        self.left = usize::try_from(rows).map_err(|_| damaged(&self.path, &format!("a row group has {rows} rows")))?;
        for column in &mut self.columns {
            let bare = Arc::clone(&column.bare);
            column.values = guarded(|| TreeBuilder::new().as_iter(bare, &group));
        }
        Ok(true)
    }
}

impl Column {
    /// The value of the next row, whose number is `row`.
    fn next(&mut self, row: u64) -> Result<Value, Fault> {
        let damaged =
            |problem: &str| (code::DAMAGED, format!("row {row} cannot be read: column `{}`: {problem}", self.name));
        let values = self.values.as_mut().map_err(|what| damaged(what))?;
        let next = match guarded(|| values.next().transpose()) {
            Ok(Some(row)) => row.into_columns().pop(),
            Ok(None) => None,
            Err(what) => {
                let fault = damaged(&what);
                self.values = Err(what);
                return Err(fault);
            }
        };
        let (_, field) = next.ok_or_else(|| damaged("it has fewer values than there are rows"))?;
        value::json(&field, Some(&self.declared))
            .map_err(|(code, what)| (code, format!("the value in column `{}` {what}", self.name)))
    }
}

impl Rows for Parquet {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        while self.left == 0 {
            if !self.next_group()? {
                // A file may declare more rows than its row groups contain.
                return match self.row as usize {
                    got if got < self.total => {
                        Err(damaged(&self.path, &format!("got {got} rows, expected {}", self.total)))
                    }
                    _ => Ok(None),
                };
            }
        }
        self.left -= 1;
        self.row += 1;
        let mut columns = Columns::default();
        for column in &mut self.columns {
            let value = column.next(self.row);
            columns.add(&column.name, value);
        }
        if let [first, ..] = &self.columns[..]
            && self.columns.iter().all(|column| column.values.is_err())
            && let Err((_, why)) = columns.get(&first.name)
        {
            return Err(damaged(&self.path, &why));
        }
        let source = Source::Row { file: Arc::clone(&self.path), row: self.row };
        Ok(Some(Row { source, columns: Ok(columns) }))
    }

    fn only(&mut self, columns: &[&str]) {
        if self.columns.iter().any(|column| columns.contains(&column.name.as_str())) {
            self.columns.retain(|column| columns.contains(&column.name.as_str()));
        }
    }
}

/// A field without its logical type. Lists and maps keep theirs: the crate assembles them.
fn bare(field: &Type) -> Result<TypePtr, ParquetError> {
    let info = field.get_basic_info();
    let bare = match field {
        Type::PrimitiveType { physical_type, type_length, .. } => {
            let half = info.logical_type_ref() == Some(&LogicalType::Float16);
            Type::primitive_type_builder(field.name(), *physical_type)
                .with_repetition(info.repetition())
                .with_length(*type_length)
                .with_logical_type(half.then_some(LogicalType::Float16))
                .build()?
        }
        Type::GroupType { fields, .. } => {
            let kind = match info.converted_type() {
                kind @ (ConvertedType::LIST | ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => kind,
                _ => ConvertedType::NONE,
            };
            Type::group_type_builder(field.name())
                .with_repetition(info.repetition())
                .with_converted_type(kind)
                .with_fields(fields.iter().map(|field| bare(field)).collect::<Result<_, _>>()?)
                .build()?
        }
    };
    Ok(Arc::new(bare))
}

fn descriptor(fields: Vec<TypePtr>) -> Result<SchemaDescPtr, ParquetError> {
    let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(schema))))
}

/// Maximum length of the crate's messages, in characters: some contain the bytes concerned.
const MESSAGE_CHARS: usize = 200;

thread_local! {
    /// Whether a panic of this thread is caught by [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The crate's readers may panic on damaged pages; that is an error of the file, not of hive, and
/// nothing is printed about it.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    match done {
        Ok(done) => done.map_err(|e| e.to_string().chars().take(MESSAGE_CHARS).collect()),
        Err(_) => Err("its pages are damaged, or of an unsupported kind".to_owned()),
    }
}

fn damaged(path: &Path, problem: &str) -> DatasetError {
    DatasetError::Damaged { file: path.to_owned(), what: problem.to_owned() }
}

#[cfg(test)]
mod tests;
