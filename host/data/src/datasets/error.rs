//! Errors of data sets, with exit code and hint.

use std::path::PathBuf;

use hive_errors::{Diagnostic, listed, nearest};
use hive_files::hint_for_missing_or;
use hive_net::HubError;

use super::rejects::Rejects;

/// Why a data set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be opened or read.
    #[error("Failed to read data set `{}`", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that everything else depends on, such as a header, cannot be read.
    #[error("{}:{line}: {what}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What was found and what was expected.
        what: String,
    },
    /// No row of a file can be read.
    #[error("Failed to read data set `{}`: not one of its {rows} rows can be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Number of rows.
        rows: usize,
        /// The reasons, by code, with the first rows.
        rejects: Rejects,
    },
    /// The file is a Git LFS pointer.
    #[error("Failed to read data set `{}`: it is a Git LFS pointer: `git lfs pull` gets the file", file.display())]
    LfsPointer {
        /// The file.
        file: PathBuf,
    },
    /// The file is damaged.
    #[error("Failed to read data set `{}`: {what}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The problem.
        what: String,
    },
    /// A table cannot be written.
    #[error("Failed to write `{}`", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Required fields have no column.
    #[error("Failed to find {} among the columns of `{}`", fields(missing), file.display())]
    Unmapped {
        /// The file.
        file: PathBuf,
        /// The fields without a column, each with the accepted column names.
        missing: Vec<(String, Vec<String>)>,
        /// The columns of the first records.
        columns: Vec<String>,
    },
    /// `--map` is invalid.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A data set of the hub is unavailable.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// There are no records.
    #[error("Failed to prepare the data: {what} holds no records")]
    Empty {
        /// The file or files.
        what: String,
    },
}

/// Why `--map` is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Not `field=column`.
    #[error("Failed to read `--map`: got `{got}`, expected `field=column`")]
    Form {
        /// The part that cannot be parsed.
        got: String,
    },
    /// A field is mapped twice.
    #[error("Failed to read `--map`: the field `{field}` is mapped twice")]
    Twice {
        /// The field.
        field: String,
    },
    /// The expert has no such field.
    #[error("Failed to apply `--map`: the expert has no field `{field}`, expected one of: {}", names(known))]
    Field {
        /// The name given.
        field: String,
        /// The expert's fields.
        known: Vec<String>,
    },
    /// The file has no such column.
    #[error("Failed to apply `--map`: `{}` has no column `{column}`, its columns are: {}", file.display(), names(known))]
    Column {
        /// The file.
        file: PathBuf,
        /// The name given.
        column: String,
        /// The file's columns.
        known: Vec<String>,
    },
    /// Not `field=value`.
    #[error("Failed to read `--field`: got `{got}`, expected `field=value`")]
    FixedForm {
        /// The text that cannot be parsed.
        got: String,
    },
    /// A field is given twice.
    #[error("Failed to read `--field`: the field `{field}` is given twice")]
    FixedTwice {
        /// The field.
        field: String,
    },
    /// The expert has no such field.
    #[error("Failed to apply `--field`: the expert has no field `{field}`, expected one of: {}", names(known))]
    FixedField {
        /// The name given.
        field: String,
        /// The expert's fields.
        known: Vec<String>,
    },
    /// The field is the completion.
    #[error("Failed to apply `--field`: `{field}` is what the model learns to write, every record has its own")]
    FixedCompletion {
        /// The field.
        field: String,
    },
}

fn names(list: &[String]) -> String {
    listed(list.iter().map(String::as_str))
}

fn fields(missing: &[(String, Vec<String>)]) -> String {
    let word = if missing.len() == 1 { "field" } else { "fields" };
    format!("{word} {}", listed(missing.iter().map(|(field, _)| field.as_str())))
}

impl Diagnostic for DatasetError {
    fn exit_code(&self) -> u8 {
        match self {
            DatasetError::Hub(e) => e.exit_code(),
            DatasetError::Read { .. } | DatasetError::Write { .. } | DatasetError::Map(_) => 2,
            _ => 1,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            DatasetError::Unmapped { missing, columns, .. } => {
                let mut lines: Vec<_> =
                    missing.iter().map(|(field, any)| format!("`{field}` is read from: {}", names(any))).collect();
                lines.push(format!("columns found: {}", names(columns)));
                lines
            }
            DatasetError::Unreadable { rejects, .. } => rejects.lines(),
            DatasetError::Hub(e) => e.details(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            DatasetError::Unmapped { missing, columns, .. } => {
                // A single field and a single column must belong together.
                let column = match (missing.len(), columns.as_slice()) {
                    (1, [one]) => one,
                    _ => "COLUMN",
                };
                let pairs: Vec<_> = missing.iter().map(|(field, _)| format!("{field}={column}")).collect();
                Some(format!("name the columns yourself: `--map {}`", pairs.join(",")))
            }
            DatasetError::Read { file, source } if source.kind() == std::io::ErrorKind::NotFound => {
                Some(hint_for_missing_or(file, "a data set of the model hub is `hub:OWNER/NAME`"))
            }
            DatasetError::Map(e) => e.hint(),
            DatasetError::Hub(e) => e.hint(),
            DatasetError::Line { file, .. } if file.extension().is_some_and(|e| e == "csv") => {
                Some("a CSV file names its columns in the first line, each once, in UTF-8".to_owned())
            }
            DatasetError::Line { .. } | DatasetError::Empty { .. } => {
                Some("a data set is JSON lines: one object per line, in UTF-8".to_owned())
            }
            DatasetError::Unreadable { .. } => Some(
                "a data set is JSON lines, one object per line in UTF-8, a JSON list, CSV or Parquet".to_owned(),
            ),
            DatasetError::Damaged { .. } => Some(
                "a data set is JSON lines, a JSON list, CSV or Parquet, or a folder of these; download truncated files again"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Diagnostic for MapError {
    fn hint(&self) -> Option<String> {
        let (word, known, usual) = match self {
            MapError::Form { .. } | MapError::Twice { .. } => {
                return Some("several go in one: `--map FIELD=COLUMN,FIELD=COLUMN`".to_owned());
            }
            MapError::FixedForm { .. } | MapError::FixedTwice { .. } => {
                return Some("several are given one by one: `--field a=1 --field b=2`".to_owned());
            }
            MapError::FixedCompletion { field } => {
                return Some(format!("a column is mapped to it: `--map {field}=COLUMN`"));
            }
            MapError::Field { field, known } => (field, known, "`--map FIELD=COLUMN`: the expert's field comes first"),
            MapError::FixedField { field, known } => (field, known, "`--field FIELD=VALUE` sets one of these"),
            MapError::Column { column, known, .. } => (column, known, "`--map FIELD=COLUMN` takes one of these"),
        };
        Some(match nearest(word, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => usual.to_owned(),
        })
    }
}
