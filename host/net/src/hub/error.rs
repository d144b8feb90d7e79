//! Why a repository of the hub cannot be used.

use hive_errors::Diagnostic;
use hive_files::FileError;

/// Number of files of a repository that an error lists.
const SHOWN: usize = 12;

/// Why a data set or an adapter of the hub cannot be used. The field `name` says which of the two it is.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A text is not the name of a repository.
    #[error("Failed to read `{got}`: expected `hub:OWNER/NAME` or `hub:OWNER/NAME@REVISION`")]
    Name {
        /// The text.
        got: String,
    },
    /// It is not on this machine, and downloads are forbidden.
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
        /// The reason.
        why: String,
    },
    /// The hub does not deliver it.
    #[error("Failed to get {name}: {why}")]
    Failed {
        /// What was asked for.
        name: String,
        /// What was found and what was expected.
        why: String,
        /// What to try next.
        hint: Option<String>,
    },
    /// None of its files are usable.
    #[error("Failed to use {name}: {}", unsuitable.why)]
    Unsuitable {
        /// What was asked for.
        name: String,
        /// The reason.
        unsuitable: Unsuitable,
    },
    /// A file on this machine cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why none of a repository's files are usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsuitable {
    /// What was found and what was expected.
    pub why: String,
    /// What to try next.
    pub hint: String,
    /// Names of files to list below the message.
    pub files: Vec<String>,
}

impl HubError {
    /// The same error, with the name that the user gave.
    pub(super) fn named(mut self, user_name: &str) -> Self {
        if let Self::Unreachable { name, .. } | Self::Failed { name, .. } = &mut self {
            user_name.clone_into(name);
        }
        self
    }
}

impl Diagnostic for HubError {
    fn exit_code(&self) -> u8 {
        match self {
            HubError::Unsuitable { .. } => 1,
            HubError::File(error) => error.exit_code(),
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        let HubError::Unsuitable { unsuitable: Unsuitable { files, .. }, .. } = self else { return Vec::new() };
        let mut lines: Vec<String> = files.iter().take(SHOWN).cloned().collect();
        if files.len() > SHOWN {
            lines.push(format!("… and {} more", files.len() - SHOWN));
        }
        lines
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            HubError::Name { .. } => "the address of a repository ends in OWNER/NAME; a file or folder of this machine has no `hub:` before it"
                .to_owned(),
            HubError::Offline { .. } => "run the command once with a network and `HIVE_OFFLINE=0`".to_owned(),
            HubError::Unreachable { .. } => {
                "check the network, or set `HF_ENDPOINT` to a mirror of the hub; or get the \
                 files otherwise and name their folder instead"
                    .to_owned()
            }
            HubError::Failed { hint, .. } => return hint.clone(),
            HubError::Unsuitable { unsuitable, .. } => unsuitable.hint.clone(),
            HubError::File(error) => return error.hint(),
        })
    }
}
