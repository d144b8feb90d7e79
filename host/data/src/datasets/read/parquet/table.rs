//! Tables of text: written deterministically, and read back.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::super::{Columns, Rows};
use super::{Parquet, damaged};
use crate::datasets::error::DatasetError;

/// Rows per row group of a written table.
const GROUP: usize = 8_192;
/// Bytes after which a row group ends, even with few rows.
const GROUP_BYTES: usize = 32 << 20;

/// A table of text columns, being written. The same rows give the same bytes.
pub struct ParquetTable {
    path: PathBuf,
    writer: SerializedFileWriter<File>,
    columns: Vec<Vec<ByteArray>>,
    bytes: usize,
}

impl ParquetTable {
    /// Creates the file. Use a temporary name: it is complete only after [`Self::finish`].
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
    /// When it cannot be written, or the number of values differs from the number of columns.
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

    /// Writes the remaining rows and syncs the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        self.flush()?;
        let file = self.writer.into_inner().map_err(|e| write_failed(&self.path, e))?;
        file.sync_all().map_err(|source| DatasetError::Write { file: self.path.clone(), source })
    }

    /// Number of rows of the table, from its footer.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn rows(path: &Path) -> Result<usize, DatasetError> {
        Parquet::open(path).map(|table| table.total)
    }

    /// Reads these text columns of a table, row by row.
    ///
    /// # Errors
    /// When the file cannot be read; a row that lacks one of the columns is also an error.
    pub fn read(
        path: &Path,
        names: &[&'static str],
    ) -> Result<impl Iterator<Item = Result<Vec<String>, DatasetError>> + Send + use<>, DatasetError> {
        let mut rows = Parquet::open(path)?;
        rows.only(names);
        let names = names.to_vec();
        let path = path.to_owned();
        let text = move |columns: &Columns, name: &str| match columns.get(name) {
            Ok(Some(Value::String(text))) => Ok(text.clone()),
            Ok(_) => Err(damaged(&path, &format!("got no text in column `{name}`"))),
            Err((_, why)) => Err(damaged(&path, &why)),
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
