//! A read-only memory map of a file. The only `unsafe` code of this crate.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::atomic::refuse_lfs_pointer;
use crate::error::{FileError, Result};

/// A file's bytes, read from disk when accessed.
#[derive(Debug)]
pub struct MappedFile {
    path: PathBuf,
    map: memmap2::Mmap,
}

impl MappedFile {
    /// Maps the whole of `path`.
    ///
    /// # Errors
    /// [`FileError::Io`] when the file cannot be opened, [`FileError::Damaged`] when it is empty,
    /// [`FileError::Format`] when it is a Git LFS pointer.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| FileError::io("open", path, e))?;
        let length = file.metadata().map_err(|e| FileError::io("read", path, e))?.len();
        if length == 0 {
            return Err(FileError::damaged(path, "the file is empty"));
        }
        // SAFETY: the map is read-only and never handed out mutably. Another process could still
        // truncate or rewrite the file while it is mapped; but the files that hive maps are written
        // once, under another name, and renamed (by hive and by the hub's tools alike), so nobody
        // writes in place.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| FileError::io("map", path, e))?;
        refuse_lfs_pointer(path, &map)?;
        Ok(Self { path: path.to_owned(), map })
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}
