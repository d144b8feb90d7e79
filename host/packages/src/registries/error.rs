//! Errors while publishing, finding or fetching packages.

use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_files::{FileError, hint_for_missing_or};

use crate::PackageError;

/// The result of an operation on a registry.
pub type Result<T, E = RegistryError> = std::result::Result<T, E>;

/// Why an operation on a registry failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A text is not a reference.
    #[error("`{text}` names no package of a registry: {problem}")]
    Reference {
        /// The text.
        text: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// A registry's own file or response is malformed.
    #[error("`{place}` is no registry of packages, or a damaged one: {problem}")]
    Damaged {
        /// The registry.
        place: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// There is no folder where a registry was expected.
    #[error("There is no registry `{place}`: there is no folder `{}`", folder.display())]
    NoFolder {
        /// The registry.
        place: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// The registry has no package of this version.
    #[error("`{place}` has no package of {which} (it has: {})", if available.is_empty() { "none".to_owned() } else { available.join(", ") })]
    NotFound {
        /// The registry.
        place: String,
        /// The requested version.
        which: String,
        /// The versions that the registry has.
        available: Vec<String>,
    },
    /// The registry has the version for several bases.
    #[error("`{place}` has version {version} for several base models")]
    SeveralBases {
        /// The registry.
        place: String,
        /// The version.
        version: String,
        /// The bases and digests.
        digests: Vec<String>,
    },
    /// The version is taken by another package.
    #[error("`{place}` has {title} already, with other files ({published}, this one is {new})")]
    Taken {
        /// The registry.
        place: String,
        /// Name, version and base.
        title: String,
        /// Digest of the published package.
        published: String,
        /// Digest of the package that was to be published.
        new: String,
    },
    /// The repository is for another expert.
    #[error("`{place}` is for expert `{expected}`, the package is of `{got}`")]
    OtherName {
        /// The registry.
        place: String,
        /// The name in the reference.
        expected: String,
        /// The name in the package.
        got: String,
    },
    /// The registry served bytes that do not match their digest.
    #[error("`{place}` served {what} with sha256 {got}, expected {expected}")]
    Digest {
        /// The registry.
        place: String,
        /// The file or manifest.
        what: String,
        /// Digest of the bytes that were served.
        got: String,
        /// Digest that was requested.
        expected: String,
    },
    /// The registry does not respond, or not as expected.
    #[error("Failed to {action} `{place}`: {why}")]
    Failed {
        /// The action, such as `publish to`.
        action: &'static str,
        /// The registry.
        place: String,
        /// The reason.
        why: String,
        /// A hint.
        hint: Option<String>,
    },
    /// Downloads are forbidden.
    #[error("`{place}` cannot be reached: `HIVE_OFFLINE` is set")]
    Offline {
        /// The registry.
        place: String,
    },
    /// The package is not acceptable.
    #[error(transparent)]
    Package(Box<PackageError>),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<PackageError> for RegistryError {
    fn from(error: PackageError) -> Self {
        Self::Package(Box::new(error))
    }
}

impl RegistryError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }
}

impl Diagnostic for RegistryError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Taken { .. } | Self::OtherName { .. } | Self::Digest { .. } | Self::Damaged { .. } => 1,
            Self::Package(e) => e.exit_code(),
            Self::File(e) => e.exit_code(),
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::SeveralBases { digests, .. } => digests.clone(),
            Self::Package(e) => e.details(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference { .. } => {
                Some("`oci://127.0.0.1:5000/experts/sql:0.1.0`, or a folder: `dir:registry/sql:0.1.0`".to_owned())
            }
            Self::NotFound { .. } => Some("`hive expert search REGISTRY` shows what is there".to_owned()),
            Self::SeveralBases { .. } => Some("name the one that is meant by its digest: `NAME@sha256:…`".to_owned()),
            Self::Taken { .. } => {
                Some("what is published stays as it is: `hive expert package --version X.Y.Z` makes a new one".into())
            }
            Self::OtherName { got, .. } => {
                Some(format!("the last part of the repository is the expert's name: `…/{got}`"))
            }
            Self::Digest { .. } => {
                Some("run the command again; if that does not help, the registry is damaged".to_owned())
            }
            Self::Failed { hint, .. } => hint.clone(),
            Self::NoFolder { folder, .. } => {
                Some(hint_for_missing_or(folder, "`hive expert publish FILE dir:FOLDER` makes a registry"))
            }
            Self::Offline { .. } => Some("run the command once with `HIVE_OFFLINE=0` and a network".to_owned()),
            Self::Package(e) => e.hint(),
            Self::File(e) => e.hint(),
            Self::Damaged { .. } => None,
        }
    }
}
