//! SHA-256 digests.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{FileError, Result};

/// The SHA-256 digest of a file, lower-case hex. Reads the file rather than mapping it: pages
/// needed only for hashing do not stay in this process.
///
/// # Errors
/// [`FileError::Io`] when the file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|e| FileError::io("open", path, e))?;
    sha256_of(&mut file).map_err(|e| FileError::io("read", path, e))
}

/// The SHA-256 digest of the remaining bytes, lower-case hex.
///
/// # Errors
/// When they cannot be read.
pub fn sha256_of(from: &mut dyn Read) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(n) => hash.update(&buffer[..n]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
