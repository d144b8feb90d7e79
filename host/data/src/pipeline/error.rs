//! Errors of data preparation, with exit code and hint.

use std::path::{Path, PathBuf};

use hive_errors::{Diagnostic, grouped, listed, nearest};
use hive_files::FileError;
use hive_plugins::{CallFault, PluginError};
use hive_text::TextError;

use crate::datasets::{DatasetError, Rejects};

/// Why data cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The data cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The expert failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The expert cannot judge with these settings.
    #[error("Failed to set up expert `{expert}`: {why}")]
    SetUp {
        /// The expert.
        expert: String,
        /// The expert's reason.
        why: String,
    },
    /// The expert failed on a record, and the record is not the cause.
    #[error("Failed to judge {source_name}")]
    Judge {
        /// Origin of the record.
        source_name: String,
        /// The error.
        #[source]
        error: Box<PluginError>,
    },
    /// A file of the cache or the output cannot be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the cache or of a prepared set is damaged.
    #[error("Failed to read `{}`: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The problem.
        what: String,
    },
    /// The output would replace something that is not a prepared set.
    #[error("Failed to write the prepared data to `{}`: it already exists and is not a prepared set", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// No record is left.
    #[error("Failed to prepare the data: {} rejected", all(rejects.total()))]
    AllRejected {
        /// The reasons.
        rejects: Rejects,
    },
    /// A lint level refers to an unknown lint.
    #[error("Failed to set lint `{code}`: the expert has no such lint, its lints are: {}", listed(known.iter().map(String::as_str)))]
    NoLint {
        /// The name given.
        code: String,
        /// The expert's lints.
        known: Vec<String>,
    },
    /// The expert's prompt of a record contains its answer.
    #[error(
        "Expert `{expert}` cannot be trained: {source_name}, field `{field}`: the prompt depends on the answer (turn {turn} differs when the answer does), so the model would be shown it"
    )]
    PromptShowsAnswer {
        /// The expert.
        expert: String,
        /// Origin of the record.
        source_name: String,
        /// The completion field.
        field: String,
        /// The first turn that differs, from 0.
        turn: usize,
    },
    /// A chat cannot be tokenised.
    #[error("Failed to tokenise: {0}")]
    Tokenise(String),
    /// The token ids of a set cannot be written or read.
    #[error(transparent)]
    TokenFile(#[from] TextError),
    /// No data was given, and the expert cannot synthesize records.
    #[error("Expert `{0}` cannot synthesize data, and no data set was given")]
    NoData(String),
    /// `--field` for a prepared set, whose records were judged without it.
    #[error("Failed to apply `--field`: `{}` is a prepared set, which is used unchanged", path.display())]
    FieldsOfPrepared {
        /// The prepared set.
        path: PathBuf,
    },
    /// `--field` without a data set.
    #[error("Failed to apply `--field`: no data set was given, and the expert's synthetic records have all fields")]
    FieldsWithoutData,
    /// A prepared set belongs to another expert.
    #[error("Failed to use prepared set `{}`: it belongs to expert `{got}`, expected `{expected}`", path.display())]
    OtherExpert {
        /// The folder.
        path: PathBuf,
        /// Its expert.
        got: String,
        /// The requested expert.
        expected: String,
    },
}

impl PipelineError {
    /// Converts an I/O error.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| FileError::io(action, &path, source).into()
    }

    /// Converts a parse error of a file.
    pub fn format(path: &Path, why: impl std::fmt::Display) -> Self {
        PipelineError::Format { path: path.to_owned(), what: why.to_string() }
    }

    /// Whether the location is read-only for this user or in general.
    pub fn is_read_only(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let (PipelineError::File(error) | PipelineError::TokenFile(TextError::File(error))) = self else {
            return false;
        };
        matches!(error, FileError::Io { source, .. } if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }
}

/// `all 4 records were`
fn all(records: usize) -> String {
    match records {
        1 => "the only record was".to_owned(),
        records => format!("all {} records were", grouped(records as u64)),
    }
}

impl Diagnostic for PipelineError {
    fn exit_code(&self) -> u8 {
        match self {
            PipelineError::Dataset(e) => e.exit_code(),
            PipelineError::Plugin(e) => e.exit_code(),
            PipelineError::TokenFile(e) => e.exit_code(),
            PipelineError::AllRejected { .. } | PipelineError::PromptShowsAnswer { .. } => 1,
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            PipelineError::Dataset(e) => e.details(),
            PipelineError::Plugin(e) => e.details(),
            PipelineError::AllRejected { rejects } => rejects.lines(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            PipelineError::Dataset(e) => e.hint(),
            PipelineError::Plugin(e) => e.hint(),
            PipelineError::SetUp { .. } => Some("correct the setting, or leave it out".to_owned()),
            PipelineError::Judge { error, .. }
                if matches!(**error, PluginError::Call { fault: CallFault::Refused(_), .. }) =>
            {
                Some("judged records are kept: the same command resumes there".to_owned())
            }
            PipelineError::Judge { error, .. } => error.hint(),
            PipelineError::AllRejected { .. } => {
                Some("correct the data, or map fields to columns with `--map FIELD=COLUMN`".to_owned())
            }
            PipelineError::PromptShowsAnswer { expert, .. } => {
                Some(format!("`render` of expert `{expert}` must not read the completion for the prompt"))
            }
            PipelineError::TokenFile(error) => error.hint(),
            PipelineError::Occupied { .. } => Some("name a new folder with `--out`".to_owned()),
            PipelineError::NoLint { code, known } => {
                nearest(code, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
            }
            PipelineError::NoData(_) => Some("name a file: `--dataset FILE`".to_owned()),
            PipelineError::FieldsOfPrepared { .. } => {
                Some("`hive expert data` prepares data again with `--field`".to_owned())
            }
            PipelineError::FieldsWithoutData => Some("name a file: `--dataset FILE`".to_owned()),
            PipelineError::Format { .. } => Some("remove it and run the command again: it is created again".to_owned()),
            PipelineError::OtherExpert { got, path, .. } => {
                Some(format!("`hive expert train {got} --dataset {}` trains its own expert on it", path.display()))
            }
            PipelineError::File(FileError::DiskFull { .. }) => {
                Some("free some space; finished shards are kept, and the same command resumes".to_owned())
            }
            PipelineError::File(_) if self.is_read_only() => {
                Some("write elsewhere with `--out FOLDER`, or set `HIVE_HOME` to a folder of your own".to_owned())
            }
            PipelineError::File(error) => error.hint(),
            _ => None,
        }
    }
}
