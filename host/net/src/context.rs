//! Where hive stores things, and what it may reach.

use std::path::{Path, PathBuf};

use hive_files::{FileError, cache_folder};

use crate::Network;

/// Where hive stores things, and what it may reach. The program creates one from the environment, which
/// libraries do not read.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of base models, experts, keys and caches; `None` if there is none.
    pub home: Option<PathBuf>,
    /// How to reach servers.
    pub network: Network,
}

impl Context {
    /// The home folder.
    ///
    /// # Errors
    /// [`FileError::NoHome`] when there is none.
    pub fn home(&self) -> Result<&Path, FileError> {
        self.home.as_deref().ok_or(FileError::NoHome)
    }

    /// The folder for files that can be created again.
    ///
    /// # Errors
    /// As [`Self::home`].
    pub fn cache(&self) -> Result<PathBuf, FileError> {
        Ok(cache_folder(self.home()?))
    }
}
