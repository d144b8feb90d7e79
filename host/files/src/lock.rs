//! A lock for mutual exclusion between processes.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::{FileError, Result};

/// A lock on a file. The system releases it when the process ends, however that happens.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the file at `path`, created if necessary. `wait` is called before waiting for another
    /// process that holds the lock.
    ///
    /// # Errors
    /// When the file cannot be created or locked.
    pub fn take(path: &Path, wait: impl FnOnce()) -> Result<Self> {
        let fail = |e| FileError::io("lock", path, e);
        let file = File::create(path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                wait();
                file.lock().map_err(fail)?;
            }
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        Ok(Self { _file: file })
    }
}
