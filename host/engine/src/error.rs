//! The engine's errors. Each says what failed, what was found and what was expected.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_files::{FileError, hint_for_missing};
use hive_text::TextError;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file could not be read or written, or its content is not usable.
    #[error(transparent)]
    File(#[from] FileError),
    /// An adapter that was trained on a different base.
    #[error("Failed to load adapter `{}`: {problem}", dir.display())]
    WrongBase {
        /// The adapter's folder.
        dir: PathBuf,
        /// Catalogue id or path of the base it was trained on.
        trained_on: String,
        /// Both bases with their digests.
        problem: String,
    },
    /// There is no folder where an adapter was expected.
    #[error("There is no folder `{}`, expected an adapter folder as PEFT writes it", dir.display())]
    NoAdapter {
        /// The folder.
        dir: PathBuf,
    },
    /// A model, adapter or recipe that is not supported or contradicts itself.
    #[error("{0}")]
    Unsupported(String),
    /// Things that do not fit together; all mismatches are listed.
    #[error("{summary}:\n{}", problems.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
    Mismatch {
        /// What the mismatch is about.
        subject: MismatchSubject,
        /// The first line: "3 of 504 tensors do not match base model `x`".
        summary: String,
        /// Every mismatch, one line each.
        problems: Vec<String>,
    },
    /// An error of a chat template or a tokenizer.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Training failed at this step.
    #[error("{problem} {}", if *step == 0 { "before the first step".to_owned() } else { format!("at step {step}") })]
    Training {
        /// The optimizer step, from 1; 0 before the first.
        step: u64,
        /// Updates of the adapter made before.
        updates: u64,
        /// What happened.
        problem: String,
    },
    /// An error of the caller's grader or reporter, passed through.
    #[error("{0}")]
    Caller(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What an [`EngineError::Mismatch`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchSubject {
    /// An adapter and its base.
    Adapter,
    /// A base model's weights and its configuration.
    BaseModel,
    /// Values of a recipe and their allowed ranges.
    Recipe,
    /// Trainable tensors and their gradients.
    Gradients,
}

/// A result of the engine.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

impl EngineError {
    /// A [`FileError::Io`]; a [`FileError::DiskFull`] when the disk is full.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }

    /// As [`Self::io`], for a file or folder that needs `needed` bytes.
    pub fn io_of(action: &'static str, path: &Path, source: std::io::Error, needed: u64) -> Self {
        FileError::io_of(action, path, source, needed).into()
    }

    /// A [`FileError::Format`].
    pub fn format(path: &Path, problem: impl Into<String>) -> Self {
        FileError::format(path, problem).into()
    }

    /// A [`FileError::Damaged`].
    pub fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        FileError::damaged(path, problem).into()
    }

    /// An [`EngineError::Unsupported`].
    pub fn unsupported(problem: impl Into<String>) -> Self {
        Self::Unsupported(problem.into())
    }
}

impl Diagnostic for EngineError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::File(error) => error.exit_code(),
            Self::Text(error) => error.exit_code(),
            Self::NoAdapter { .. } => 2,
            _ => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::File(error) => return error.hint(),
            Self::Text(error) => return error.hint(),
            Self::NoAdapter { dir } => hint_for_missing(dir),
            Self::WrongBase { trained_on, .. } => format!("`--base {trained_on}`, if that is still the model it was"),
            Self::Training { updates: 0, .. } => {
                "nothing was changed yet, so no setting is the cause: check the base model's files".to_owned()
            }
            Self::Training { .. } => {
                "a lower rate may help: `--set learning_rate=…`; the checkpoints written before stand".to_owned()
            }
            Self::Mismatch { subject: MismatchSubject::Adapter, .. } => {
                "`hive adapter inspect FOLDER` shows what an adapter is for".to_owned()
            }
            Self::Mismatch { subject: MismatchSubject::BaseModel, .. } => {
                "take configuration and weights from the same model".to_owned()
            }
            Self::Mismatch { subject: MismatchSubject::Gradients, .. } => {
                "check the base model's files, or leave these modules out of `target_modules`".to_owned()
            }
            _ => return None,
        })
    }
}
