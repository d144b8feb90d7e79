//! Errors about keys and signatures.

use std::path::Path;

use hive_errors::Diagnostic;
use hive_files::FileError;

/// The result of an operation on keys.
pub type Result<T, E = TrustError> = std::result::Result<T, E>;

/// Why a key cannot be used or a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file or folder could not be read or written, or there is no home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file or a text is not a key.
    #[error("{what} is no key: {problem}")]
    NoKey {
        /// The file or the text.
        what: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// No key has this name.
    #[error("There is no key `{name}` (there {}: {})", if known.len() == 1 { "is" } else { "are" }, if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    Unknown {
        /// The name.
        name: String,
        /// All names.
        known: Vec<String>,
    },
    /// The name is taken.
    #[error("There is already a key `{name}` ({id})")]
    Taken {
        /// The name.
        name: String,
        /// The id of the key with that name.
        id: String,
    },
    /// Keys cannot have this name.
    #[error("`{name}` is no name for a key, expected letters, digits, `-` and `_`, at most 64 of them")]
    Name {
        /// The name.
        name: String,
    },
    /// The signature is not valid for the package.
    #[error("The signature of `{package}` is wrong: {problem}")]
    Wrong {
        /// The package.
        package: String,
        /// The reason.
        problem: String,
    },
    /// There is no signature, and one is required.
    #[error("`{package}` is not signed")]
    Unsigned {
        /// The package.
        package: String,
    },
    /// The signature is valid, but its key is not known on this machine.
    #[error("`{package}` is signed by a key that is not trusted here: {id} ({key})")]
    Stranger {
        /// The package.
        package: String,
        /// The key's id.
        id: String,
        /// The key, as `ed25519:BASE64`.
        key: String,
    },
    /// The user's own key is revoked.
    #[error("The key `{name}` ({id}) was revoked here: nobody should rely on what it signs")]
    OwnRevoked {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
        /// Its public half, as `ed25519:BASE64`.
        key: String,
    },
    /// The signature is valid, but its key is revoked.
    #[error("`{package}` is signed by the key `{name}` ({id}), which was revoked here")]
    Revoked {
        /// The package.
        package: String,
        /// The key's name on this machine.
        name: String,
        /// Its id.
        id: String,
    },
}

impl TrustError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }
}

impl Diagnostic for TrustError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Wrong { .. } | Self::Unsigned { .. } | Self::Stranger { .. } | Self::Revoked { .. } => 1,
            _ => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { .. } => "`hive key list` shows all keys, `hive key new NAME` makes one".to_owned(),
            Self::Taken { .. } => "take another name; `hive key list` shows all keys".to_owned(),
            Self::Wrong { .. } => {
                "the package was changed after it was signed: get it from its author again".to_owned()
            }
            Self::Unsigned { .. } => {
                "`hive expert sign FILE --key NAME` signs it; `--allow-unsigned` installs it as it is".to_owned()
            }
            Self::Stranger { key, .. } => {
                format!("compare this key with what its author publishes; then `hive key trust {key} --name NAME`")
            }
            Self::OwnRevoked { key, .. } => {
                format!("sign with another one; `hive key trust {key}` takes the revocation back")
            }
            Self::Revoked { .. } => "ask its author for a package that is signed by a valid key".to_owned(),
            Self::File(e) => return e.hint_in_home(),
            Self::NoKey { .. } | Self::Name { .. } => return None,
        })
    }
}
