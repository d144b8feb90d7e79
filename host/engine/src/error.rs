//! The engine's errors: what was being done, what was got, what was expected. Hints with
//! commands to run are added by the host, which knows the command line.

use std::path::{Path, PathBuf};

use crate::files::free_bytes;

/// Why the engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file could not be read or written.
    #[error("Failed to {action} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `rename`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is no room for a file.
    #[error("Failed to write `{}`: the disk is full{}", path.display(), need(*needed, *free))]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
        /// Bytes that it takes; 0 when that is not known.
        needed: u64,
        /// Bytes that are free, where the system tells.
        free: Option<u64>,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what its format says.
    #[error("`{}` is not usable: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was got and what was expected.
        problem: String,
    },
    /// A file that ends too early or whose bytes are not what they should be: another copy may be.
    #[error("`{}` is not usable: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was got and what was expected.
        problem: String,
    },
    /// An adapter that was trained on another base than it is to be used with.
    #[error("Failed to load adapter `{}`: {problem}", dir.display())]
    WrongBase {
        /// The adapter's folder.
        dir: PathBuf,
        /// Catalogue id or path of the base that it was trained on.
        trained_on: String,
        /// Both bases with their digests.
        problem: String,
    },
    /// A model, adapter or recipe that this engine does not support or that contradicts itself.
    #[error("{0}")]
    Unsupported(String),
    /// Tensors that do not fit together; every one is listed.
    #[error("{summary}:\n{}", problems.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
    Mismatch {
        /// What does not fit.
        of: MismatchOf,
        /// What was being matched: "3 of 504 tensors do not match base model `x`".
        summary: String,
        /// Every mismatch, one line each.
        problems: Vec<String>,
    },
    /// A chat template or tokenizer refused its input.
    #[error("{0}")]
    Text(String),
    /// Training went wrong at this step.
    #[error("{problem} {}", if *step == 0 { "before the first step".to_owned() } else { format!("at step {step}") })]
    Training {
        /// The optimizer step, from 1; 0 before the first.
        step: u64,
        /// Updates that the adapter had seen by then.
        updates: u64,
        /// What happened.
        problem: String,
    },
    /// A fault of the caller's own, from a grader or a reporter, on its way back to the caller.
    #[error("{0}")]
    Caller(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of candle, with what was being done.
    #[error("{action}: {source}")]
    Candle {
        /// What was being done.
        action: String,
        /// What candle said.
        #[source]
        source: candle_core::Error,
    },
}

/// What an [`EngineError::Mismatch`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchOf {
    /// An adapter and the base it is to be used with.
    Adapter,
    /// A base model's weights and its configuration.
    BaseModel,
    /// The numbers of a recipe and their ranges.
    Recipe,
    /// Trainable tensors and their gradients.
    Gradients,
}

/// "(it takes 12 MB, 3 MB are free)", as far as that is known.
fn need(needed: u64, free: Option<u64>) -> String {
    let mb = |bytes: u64| match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    match (needed, free) {
        (0, None) => String::new(),
        (0, Some(free)) => format!(" ({} are free)", mb(free)),
        (needed, None) => format!(" (it takes {})", mb(needed)),
        (needed, Some(free)) => format!(" (it takes {}, {} are free)", mb(needed), mb(free)),
    }
}

/// A result of the engine.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

impl EngineError {
    /// An [`EngineError::Io`], or [`EngineError::DiskFull`] when that is what happened.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::io_of(action, path, source, 0)
    }

    /// As [`Self::io`], for a file or folder that takes `needed` bytes.
    pub fn io_of(action: &'static str, path: &Path, source: std::io::Error, needed: u64) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { needed, free: free_bytes(&path), path, source },
            _ => Self::Io { action, path, source },
        }
    }

    /// An [`EngineError::Format`].
    pub fn format(path: &Path, problem: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), problem: problem.into() }
    }

    /// An [`EngineError::Damaged`].
    pub fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }

    /// An [`EngineError::Unsupported`].
    pub fn unsupported(problem: impl Into<String>) -> Self {
        Self::Unsupported(problem.into())
    }
}
