//! Why a package cannot be published, found or fetched.

use std::path::Path;

use hive_errors::Diagnostic;
use hive_files::FileError;

use crate::PackageError;

/// A result about registries.
pub type Result<T, E = RegistryError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A text that names nothing.
    #[error("`{text}` names no package of a registry: {problem}")]
    Reference {
        /// The text.
        text: String,
        /// What was got and expected.
        problem: String,
    },
    /// A registry's own file or answer is not what it should be.
    #[error("`{place}` is no registry of packages, or a damaged one: {problem}")]
    Damaged {
        /// The registry.
        place: String,
        /// What was got and expected.
        problem: String,
    },
    /// Nothing of this version there.
    #[error("`{place}` has no package of {which} (it has: {})", if there.is_empty() { "none".to_owned() } else { there.join(", ") })]
    NotThere {
        /// The registry.
        place: String,
        /// What was asked for.
        which: String,
        /// The versions that there are.
        there: Vec<String>,
    },
    /// A version for several bases.
    #[error("`{place}` has version {version} for several base models")]
    SeveralBases {
        /// The registry.
        place: String,
        /// The version.
        version: String,
        /// Base and digest of each.
        digests: Vec<String>,
    },
    /// The version is taken by another package.
    #[error("`{place}` has {title} already, with other files ({there}, this one is {new})")]
    Taken {
        /// The registry.
        place: String,
        /// Name, version and base.
        title: String,
        /// Digest of what is there.
        there: String,
        /// Digest of what was to be published.
        new: String,
    },
    /// A repository for another expert.
    #[error("`{place}` is for expert `{expected}`, the package is of `{got}`")]
    OtherName {
        /// The registry.
        place: String,
        /// The name that the reference says.
        expected: String,
        /// The package's.
        got: String,
    },
    /// Something was served whose bytes are not those of its digest.
    #[error("`{place}` served {what} with sha256 {got}, expected {expected}")]
    Digest {
        /// The registry.
        place: String,
        /// What it was.
        what: String,
        /// Digest of what came.
        got: String,
        /// Digest of what was asked for.
        expected: String,
    },
    /// The registry does not answer, or not as it should.
    #[error("Failed to {action} `{place}`: {why}")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The registry.
        place: String,
        /// What it said.
        why: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Nothing may be fetched.
    #[error("`{place}` cannot be reached: `HIVE_OFFLINE` is set")]
    Offline {
        /// The registry.
        place: String,
    },
    /// The package.
    #[error(transparent)]
    Package(Box<PackageError>),
    /// The cache of downloads.
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
            Self::NotThere { .. } => Some("`hive expert search REGISTRY` shows what is there".to_owned()),
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
            Self::Offline { .. } => Some("run the command once with `HIVE_OFFLINE=0` and a network".to_owned()),
            Self::Package(e) => e.hint(),
            Self::File(e) => e.hint(),
            Self::Damaged { .. } => None,
        }
    }
}
