//! Why a package cannot be built, read, trusted or installed. Each error has its exit code and a hint.

use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_errors::Diagnostic;
use hive_files::FileError;
use hive_plugins::PluginError;
use hive_runtime::RuntimeError;
use hive_runtime::models::ModelError;
use hive_train::TrainError;

use crate::trust::TrustError;

/// The result of an operation on packages.
pub type Result<T, E = PackageError> = std::result::Result<T, E>;

/// Number of a package's faults that an error lists.
const MAX_LINES: usize = 50;

/// What is wrong with a package, or why it could not be built.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It is not a package, or a damaged one. Nothing in it was used.
    #[error("`{package}` is not a whole package: {problem}")]
    Archive {
        /// The package.
        package: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// Its files contradict each other.
    #[error("`{package}` is not acceptable: {} in it {} wrong", count(problems.len()), if problems.len() == 1 { "is" } else { "are" })]
    Faulty {
        /// The package.
        package: String,
        /// What was found and what was expected, for each fault.
        problems: Vec<String>,
    },
    /// The recorded outputs cannot be reproduced on this machine.
    #[error("`{package}` does not compute what was recorded when it was made: {problem}")]
    Proof {
        /// The package.
        package: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// It is for another base model than the one on this machine.
    #[error("`{package}` is for base model `{id}` (weights sha256 {expected}), the one here has weights sha256 {got}")]
    Base {
        /// The package.
        package: String,
        /// The base's id.
        id: String,
        /// Digest recorded in the package.
        expected: String,
        /// Digest of the weights on this machine.
        got: String,
    },
    /// The run or its expert lacks what a package needs.
    #[error("Failed to package `{}`: {problem}", run.display())]
    Run {
        /// The run folder.
        run: PathBuf,
        /// What is missing.
        problem: String,
        /// A hint.
        hint: Option<String>,
    },
    /// An argument cannot be used.
    #[error("{problem}")]
    Argument {
        /// What was found and what was expected.
        problem: String,
        /// A hint.
        hint: Option<String>,
    },
    /// A key or a signature.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The plugin.
    #[error(transparent)]
    Plugin(Box<PluginError>),
    /// The base, the run or the prompts.
    #[error(transparent)]
    Expert(Box<TrainError>),
    /// The engine.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn count(n: usize) -> String {
    if n == 1 { "1 thing".to_owned() } else { format!("{n} things") }
}

impl From<TrainError> for PackageError {
    fn from(error: TrainError) -> Self {
        Self::Expert(Box::new(error))
    }
}

impl From<EngineError> for PackageError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<PluginError> for PackageError {
    fn from(error: PluginError) -> Self {
        Self::Plugin(Box::new(error))
    }
}

impl From<RuntimeError> for PackageError {
    fn from(error: RuntimeError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<ModelError> for PackageError {
    fn from(error: ModelError) -> Self {
        TrainError::from(error).into()
    }
}

impl PackageError {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }
}

impl Diagnostic for PackageError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } => 2,
            Self::Archive { .. } | Self::Faulty { .. } | Self::Proof { .. } | Self::Base { .. } | Self::Run { .. } => 1,
            Self::Trust(e) => e.exit_code(),
            Self::Plugin(e) => e.exit_code(),
            Self::Expert(e) => e.exit_code(),
            Self::Engine(e) => e.exit_code(),
            Self::File(e) => e.exit_code(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Faulty { problems, .. } => {
                let mut lines: Vec<String> = problems.iter().take(MAX_LINES).cloned().collect();
                if problems.len() > MAX_LINES {
                    lines.push(format!("… and {} more", problems.len() - MAX_LINES));
                }
                lines
            }
            Self::Plugin(e) => e.details(),
            Self::Expert(e) => e.details(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Archive { .. } => Some("get the file again, from where it was published".to_owned()),
            Self::Faulty { .. } => {
                Some("ask its author for another build: `hive expert package` makes it whole".into())
            }
            Self::Proof { .. } => Some(
                "base model, tokenizer or hive differ from those that made it: `hive expert inspect` shows them".into(),
            ),
            Self::Base { id, .. } => Some(format!("`--base PATH` names another copy of `{id}`")),
            Self::Run { hint, .. } | Self::Argument { hint, .. } => hint.clone(),
            Self::Trust(e) => e.hint(),
            Self::Plugin(e) => e.hint(),
            Self::Expert(e) => e.hint(),
            Self::Engine(e) => e.hint(),
            Self::File(e) => e.hint(),
        }
    }
}
