//! The record of a library: its SHA-256 digest, written when it was installed or built and checked
//! before the library is opened. It detects damage and mix-ups; it is not a signature.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// The record of a library file. On disk: `sha256sum`'s line, then `modified <nanoseconds>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryRecord {
    /// Lower-case hexadecimal digest of its bytes.
    pub sha256: String,
    /// Its modification time in nanoseconds since 1970, if known. Distinguishes a library that
    /// cargo has rebuilt from one that was damaged.
    pub modified: Option<u128>,
}

impl LibraryRecord {
    /// Creates the record of this library in its current state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(library: &Path) -> io::Result<Self> {
        Ok(Self { sha256: sha256_file(library)?, modified: modified(library) })
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When there is none, or it contains no SHA-256 digest.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let sha256 = text.split_whitespace().next().unwrap_or_default().to_owned();
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            let what = format!("`{sha256}` is not a sha256, expected 64 hexadecimal digits");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let modified = text.lines().find_map(|l| l.strip_prefix("modified ")).and_then(|n| n.trim().parse().ok());
        Ok(Self { sha256: sha256.to_ascii_lowercase(), modified })
    }

    /// Writes it atomically, and sets the file's modification time to `at`.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, path: &Path, library: &Path, at: SystemTime) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let name = library.file_name().unwrap_or_default().to_string_lossy();
        writeln!(file, "{}  {name}", self.sha256)?;
        if let Some(modified) = self.modified {
            writeln!(file, "modified {modified}")?;
        }
        file.as_file().set_modified(at)?;
        file.persist(path)?;
        Ok(())
    }
}

/// Modification time of a file in nanoseconds since 1970.
pub(super) fn modified(path: &Path) -> Option<u128> {
    let time = fs::metadata(path).and_then(|m| m.modified()).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|d| d.as_nanos())
}

fn sha256_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut HashWriter(&mut hasher))?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

struct HashWriter<'h>(&'h mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
