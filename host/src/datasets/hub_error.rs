//! Why a data set or an adapter of the hub cannot be had, as data, with exit code and hint.

use hive_errors::Diagnostic;
use std::path::PathBuf;

use crate::models::ModelError;

/// Files of a repository that an error shows.
const SHOWN: usize = 12;

/// Why a data set or an adapter of the hub cannot be had. Names say which of the two it is.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Not a name of such a data set.
    #[error("Failed to read `{got}`: expected `hub:OWNER/NAME` or `hub:OWNER/NAME@REVISION`")]
    Name {
        /// What was got.
        got: String,
    },
    /// It is not here, and nothing may be fetched.
    #[error("Failed to get {name}: it is not on this machine and `HIVE_OFFLINE` is set")]
    Offline {
        /// What was asked for.
        name: String,
    },
    /// The hub does not answer.
    #[error("Failed to get {name}: {hub} cannot be asked: {why}")]
    Unreachable {
        /// What was asked for.
        name: String,
        /// Address of the hub.
        hub: String,
        /// Why not.
        why: String,
    },
    /// The hub does not give it.
    #[error("Failed to get {name}: {why}")]
    Failed {
        /// What was asked for.
        name: String,
        /// What was got and expected.
        why: String,
        /// What to try next.
        hint: Option<String>,
    },
    /// What it holds is not what is wanted.
    #[error("Failed to use {name}: {why}")]
    Unusable {
        /// What was asked for.
        name: String,
        /// What was got and expected.
        why: String,
        /// What to try next.
        hint: String,
    },
    /// It holds nothing that is data by its name.
    #[error("Failed to use {name}: it holds no Parquet, JSON or CSV file")]
    NoData {
        /// What was asked for.
        name: String,
        /// `OWNER/NAME`
        repository: String,
        /// What it holds.
        files: Vec<String>,
    },
    /// A file of the folder for data sets cannot be written.
    #[error("Failed to write `{}`: {why}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The folder for data sets fails.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is no place for them.
    #[error("Failed to find a folder for what comes from the hub: none of `HIVE_HOME`, `XDG_DATA_HOME`, `HOME` is set")]
    NoHome,
}

impl HubError {
    /// The same error about the data set as the user named it.
    pub(super) fn named(mut self, as_given: &str) -> Self {
        if let Self::Unreachable { name, .. } | Self::Failed { name, .. } = &mut self {
            as_given.clone_into(name);
        }
        self
    }
}

impl Diagnostic for HubError {
    fn exit_code(&self) -> u8 {
        if matches!(self, HubError::NoData { .. } | HubError::Unusable { .. }) { 1 } else { 2 }
    }

    fn details(&self) -> Vec<String> {
        match self {
            HubError::NoData { files, .. } => {
                let mut lines: Vec<String> = files.iter().take(SHOWN).cloned().collect();
                if files.len() > SHOWN {
                    lines.push(format!("… and {} more", files.len() - SHOWN));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            HubError::Name { .. } => {
                "such as `hub:gretelai/synthetic_text_to_sql`, or `hub:OWNER/NAME@main`".to_owned()
            }
            HubError::Offline { .. } => "run the command once with a network and `HIVE_OFFLINE=0`".to_owned(),
            HubError::Unreachable { .. } => {
                "check the network, or set `HF_ENDPOINT` to a mirror of the hub; or get the \
                 files otherwise and name their folder instead"
                    .to_owned()
            }
            HubError::Failed { hint, .. } => return hint.clone(),
            HubError::Unusable { hint, .. } => hint.clone(),
            HubError::NoData { repository, .. } => {
                format!("the hub may have made Parquet of it: `--dataset hub:{repository}@refs/convert/parquet`")
            }
            HubError::Model(error) => return error.hint(),
            HubError::Cache { .. } => "set `HIVE_HOME` to a folder that you may write to".to_owned(),
            HubError::NoHome => "set `HIVE_HOME` to a folder".to_owned(),
        })
    }
}
