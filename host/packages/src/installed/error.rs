//! Errors while installing, finding or removing experts.

use std::path::{Path, PathBuf};

use hive_errors::{Diagnostic, nearest};
use hive_files::FileError;

use crate::PackageError;

/// The result of an operation on installed experts.
pub type Result<T, E = InstallError> = std::result::Result<T, E>;

/// Why an operation on installed experts failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file or folder could not be read or written, or there is no home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The record of the highest versions is damaged.
    #[error("`{}`, which remembers the versions that were installed, is damaged: {problem}", path.display())]
    RollbackRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// No expert of this name, or not this version of it, is installed.
    #[error("No installed expert is `{asked}` (installed {}: {})", if installed.len() == 1 { "is" } else { "are" }, if installed.is_empty() { "none".to_owned() } else { installed.join(", ") })]
    NotInstalled {
        /// What was requested.
        asked: String,
        /// The installed releases, each as `NAME@VERSION for BASE`.
        installed: Vec<String>,
    },
    /// The version is installed for several bases.
    #[error("`{asked}` is installed for several base models: {}", bases.join(", "))]
    SeveralBases {
        /// What was requested.
        asked: String,
        /// The bases.
        bases: Vec<String>,
    },
    /// The version is older than one that was installed before.
    #[error("`{title}` is older than version {highest}, which was installed here before")]
    Rollback {
        /// The package.
        title: String,
        /// The highest version so far.
        highest: String,
    },
    /// The same version is installed with other files.
    #[error(
        "`{title}` is installed already, with other files (their list has sha256 {installed}, the new one's {new})"
    )]
    OtherFiles {
        /// The package.
        title: String,
        /// Digest of the installed release.
        installed: String,
        /// Digest of the package.
        new: String,
    },
    /// The package is not of the requested expert.
    #[error("Asked for {asked}, got a package of {got}")]
    AnotherExpert {
        /// What was requested.
        asked: String,
        /// What the package is.
        got: String,
    },
    /// The package itself.
    #[error(transparent)]
    Package(Box<PackageError>),
}

impl From<PackageError> for InstallError {
    fn from(error: PackageError) -> Self {
        Self::Package(Box::new(error))
    }
}

impl InstallError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        FileError::io(action, path, source).into()
    }
}

impl Diagnostic for InstallError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Rollback { .. } | Self::OtherFiles { .. } | Self::AnotherExpert { .. } => 1,
            Self::Package(e) => e.exit_code(),
            Self::File(e) => e.exit_code(),
            _ => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        if let Self::Package(e) = self { e.details() } else { Vec::new() }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(e) => e.hint_in_home(),
            Self::RollbackRecord { .. } => {
                Some("remove it: an older version than was here is then no longer noticed".to_owned())
            }
            Self::NotInstalled { asked, installed } => {
                let names = || installed.iter().filter_map(|t| t.split('@').next());
                Some(match nearest(asked.split('@').next().unwrap_or_default(), names()) {
                    Some(near) if !asked.starts_with(near) => format!("did you mean `{near}`?"),
                    _ => "`hive expert list` shows what is installed; `hive expert install FILE` installs".to_owned(),
                })
            }
            Self::SeveralBases { .. } => Some("`--base ID` says which".to_owned()),
            Self::Rollback { .. } => {
                Some("`hive expert install … --allow-downgrade` installs it all the same".to_owned())
            }
            Self::OtherFiles { title, .. } => {
                let release = title.split(' ').take(2).collect::<Vec<_>>().join("@");
                Some(format!(
                    "two packages of one version: ask their author; `hive expert uninstall {release}` removes the first"
                ))
            }
            Self::AnotherExpert { .. } => {
                Some("whoever serves it mixed them up, or means to: tell its author".to_owned())
            }
            Self::Package(e) => e.hint(),
        }
    }
}
