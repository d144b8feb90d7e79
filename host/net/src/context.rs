//! Where hive keeps things, and what it may reach.

use std::path::{Path, PathBuf};

use hive_files::FileError;

use crate::Network;

/// Where hive keeps things, and what it may reach. Made once, by the program; nothing below it reads
/// the environment.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where base models, experts, keys and caches are kept; `None` when there is no such place.
    pub home: Option<PathBuf>,
    /// How the outside world is reached.
    pub network: Network,
}

impl Context {
    /// Where things are kept.
    ///
    /// # Errors
    /// [`FileError::NoHome`] when there is no such place.
    pub fn home(&self) -> Result<&Path, FileError> {
        self.home.as_deref().ok_or(FileError::NoHome)
    }

    /// The folder for what can be made again.
    ///
    /// # Errors
    /// As [`Self::home`].
    pub fn cache(&self) -> Result<PathBuf, FileError> {
        Ok(self.home()?.join("cache"))
    }
}
