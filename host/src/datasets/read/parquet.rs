//! Parquet: rows as JSON values, and tables of texts written. Format:
//! <https://parquet.apache.org/docs/file-format/>. Row groups are read one after another.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::file::writer::SerializedFileWriter;
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::{SchemaDescriptor, Type};
use serde_json::{Map, Value};

use super::{Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Rows in one row group of a table that is written.
const GROUP: usize = 8_192;
/// Bytes after which a row group ends, however few its rows.
const GROUP_BYTES: usize = 32 << 20;

/// Reads a Parquet file.
pub struct Parquet {
    path: Arc<Path>,
    rows: RowIter<'static>,
    /// Columns that hold texts by their own account.
    texts: BTreeSet<String>,
    row: u64,
    total: usize,
}

impl Parquet {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be read or is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = File::open(path).map_err(|source| DatasetError::Read { file: path.to_owned(), source })?;
        let reader = guarded(|| SerializedFileReader::new(file.try_clone()?)).map_err(|what| damaged(path, &what))?;
        let total = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        let schema = reader.metadata().file_metadata().schema();
        let texts = schema.get_fields().iter().filter(|field| is_text(field)).map(|field| field.name().to_owned());
        let texts = texts.collect();
        let reader = guarded(|| {
            let schema = SchemaDescriptor::new(Arc::new(bytes_for_texts(schema)?));
            let options = ReadOptionsBuilder::new().with_parquet_schema(Arc::new(schema)).build();
            SerializedFileReader::new_with_options(file, options)
        });
        let rows = RowIter::from_file_into(Box::new(reader.map_err(|what| damaged(path, &what))?));
        Ok(Self { path: path.into(), rows, texts, row: 0, total })
    }
}

impl Rows for Parquet {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        self.row += 1;
        let next = guarded(|| self.rows.next().transpose());
        let next = next.map_err(|what| {
            let what = format!("row {} cannot be read: {what}", self.row);
            damaged(&self.path, &what)
        })?;
        let Some(row) = next else {
            // A file may promise more rows than its pages hold.
            return if self.row as usize <= self.total {
                Err(damaged(&self.path, &format!("got {} rows, expected {}", self.row - 1, self.total)))
            } else {
                Ok(None)
            };
        };
        let texts = &self.texts;
        let read = |(name, field): (String, Field)| match value(&field) {
            None if texts.contains(&name) => {
                Err((code::NOT_UTF8, format!("the value in column `{name}` is not UTF-8")))
            }
            value => Ok((name, value.unwrap_or_else(|| field.to_json_value()))),
        };
        let columns = row.into_columns().into_iter().map(read);
        let source = Source::Row { file: Arc::clone(&self.path), row: self.row };
        Ok(Some(Row { source, columns: columns.collect() }))
    }
}

/// The file's schema with its texts as bytes, in the outermost columns: the crate gives up a whole
/// file over one text that is not UTF-8, and some writers do not say that their texts are texts.
fn bytes_for_texts(schema: &Type) -> Result<Type, ParquetError> {
    let bytes = |field: &Arc<Type>| {
        if !is_text(field) {
            return Ok(Arc::clone(field));
        }
        let plain = Type::primitive_type_builder(field.name(), PhysicalType::BYTE_ARRAY);
        plain.with_repetition(field.get_basic_info().repetition()).build().map(Arc::new)
    };
    let fields = schema.get_fields().iter().map(bytes).collect::<Result<_, _>>()?;
    Type::group_type_builder(schema.name()).with_fields(fields).build()
}

fn is_text(field: &Type) -> bool {
    let said = field.get_basic_info().converted_type();
    field.is_primitive()
        && field.get_physical_type() == PhysicalType::BYTE_ARRAY
        && matches!(said, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
}

/// A value; `None` for bytes that are no text.
fn value(field: &Field) -> Option<Value> {
    match field {
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok().map(|text| Value::String(text.to_owned())),
        other => Some(other.to_json_value()),
    }
}

/// Longest of the crate's messages, in characters: some hold the bytes that they are about.
const MESSAGE_CHARS: usize = 200;

thread_local! {
    /// Whether a panic of this thread is caught by [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The crate's readers may panic on damaged pages; that is an error of the file, not of hive, and
/// nothing is printed of it.
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
        Err(_) => Err("its pages are damaged".to_owned()),
    }
}

fn damaged(path: &Path, what: &str) -> DatasetError {
    DatasetError::Damaged { file: path.to_owned(), what: what.to_owned() }
}

/// A table of text columns, being written. The same rows give the same bytes.
pub struct ParquetTable {
    path: PathBuf,
    writer: SerializedFileWriter<File>,
    columns: Vec<Vec<ByteArray>>,
    bytes: usize,
}

impl ParquetTable {
    /// Creates the file. Write it under a temporary name: it is whole only once finished.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path, columns: &[&str]) -> Result<Self, DatasetError> {
        let file = File::create(path).map_err(|source| DatasetError::Write { file: path.to_owned(), source })?;
        let failed = |e: ParquetError| write_failed(path, e);
        let text = |name: &&str| {
            Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY)
                .with_repetition(Repetition::REQUIRED)
                .with_logical_type(Some(LogicalType::String))
                .build()
                .map(Arc::new)
        };
        let fields = columns.iter().map(text).collect::<Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("records").with_fields(fields).build().map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("hive".to_owned())
            .build();
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), writer, columns: vec![Vec::new(); columns.len()], bytes: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it cannot be written, or has another number of values than there are columns.
    pub fn write(&mut self, row: &[&str]) -> Result<(), DatasetError> {
        if row.len() != self.columns.len() {
            let what = format!("got {} values, expected {}", row.len(), self.columns.len());
            return Err(DatasetError::Write { file: self.path.clone(), source: std::io::Error::other(what) });
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            self.bytes += value.len();
            column.push(value.as_bytes().to_vec().into());
        }
        if self.columns.first().is_some_and(|c| c.len() >= GROUP) || self.bytes >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DatasetError> {
        let path = self.path.clone();
        let failed = |e: ParquetError| write_failed(&path, e);
        if self.columns.first().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        let mut columns = self.columns.iter_mut();
        while let Some(mut writer) = group.next_column().map_err(failed)? {
            if let (ColumnWriter::ByteArrayColumnWriter(texts), Some(values)) = (writer.untyped(), columns.next()) {
                texts.write_batch(values, None, None).map_err(failed)?;
                values.clear();
            }
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.bytes = 0;
        Ok(())
    }

    /// Writes what is left and syncs the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        self.flush()?;
        let file = self.writer.into_inner().map_err(|e| write_failed(&self.path, e))?;
        file.sync_all().map_err(|source| DatasetError::Write { file: self.path.clone(), source })
    }

    /// How many rows the table has, as its end says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn rows(path: &Path) -> Result<usize, DatasetError> {
        Parquet::open(path).map(|table| table.total)
    }

    /// Reads these text columns of a table, row by row.
    ///
    /// # Errors
    /// When the file cannot be read; each row that lacks one of the columns is an error too.
    pub fn read(
        path: &Path,
        names: &[&'static str],
    ) -> Result<impl Iterator<Item = Result<Vec<String>, DatasetError>> + Send + use<>, DatasetError> {
        let mut rows = Parquet::open(path)?;
        let names = names.to_vec();
        let path = path.to_owned();
        let text = move |columns: &Map<String, Value>, name: &str| match columns.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(damaged(&path, &format!("got no text in column `{name}`"))),
        };
        Ok(std::iter::from_fn(move || {
            let row = rows.next_row().transpose()?;
            Some(row.and_then(|row| {
                let columns = row.columns.unwrap_or_default();
                names.iter().map(|name| text(&columns, name)).collect()
            }))
        }))
    }
}

fn write_failed(path: &Path, error: ParquetError) -> DatasetError {
    let source = match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other.to_string()),
        },
        other => std::io::Error::other(other.to_string()),
    };
    DatasetError::Write { file: path.to_owned(), source }
}
