//! A read-only memory map of a weights file, and its sha256. The only `unsafe` of model reading.

use std::fs::File;
use std::io::Read;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{EngineError, Result};

/// A file's bytes, read from disk when touched.
#[derive(Debug)]
pub(super) struct MappedFile {
    path: PathBuf,
    map: memmap2::Mmap,
}

impl MappedFile {
    /// Maps the whole of `path`.
    ///
    /// # Errors
    /// [`EngineError::Io`] when the file cannot be opened, [`EngineError::Format`] when it is empty.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| EngineError::io("open", path, e))?;
        let length = file.metadata().map_err(|e| EngineError::io("read", path, e))?.len();
        if length == 0 {
            return Err(EngineError::damaged(path, "the file is empty"));
        }
        // SAFETY: the map is read-only and never handed out mutably. What remains is that another
        // process could cut or rewrite the file while it is mapped. Weights are written once, under
        // another name, and renamed (ours and the hub's tools alike), so nobody writes in place.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| EngineError::io("map", path, e))?;
        Ok(Self { path: path.to_owned(), map })
    }

    /// Where the bytes come from, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

/// The sha256 of a file, lower-case hex. Reads the file rather than mapping it: pages that only
/// hashing needs are not kept in this process.
///
/// # Errors
/// [`EngineError::Io`] when the file cannot be read.
pub(super) fn sha256_of_file(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|e| EngineError::io("open", path, e))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(|e| EngineError::io("read", path, e))?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
