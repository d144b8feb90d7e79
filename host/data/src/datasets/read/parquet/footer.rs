//! Checks a Parquet file's footer before the `parquet` crate reads it.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

use super::{format, thrift};

/// The last bytes of a file.
const MAGIC: &[u8; 4] = b"PAR1";

/// Bytes after the footer: its length and [`MAGIC`].
const TAIL: u64 = 8;

/// The error in the footer, if any. A missing footer is left to the crate.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn check(file: &mut File) -> Result<std::result::Result<(), String>> {
    let length = file.metadata()?.len();
    if length < TAIL {
        return Ok(Ok(()));
    }
    file.seek(SeekFrom::Start(length - TAIL))?;
    let mut tail = [0; TAIL as usize];
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    if &magic != MAGIC || size > length - TAIL {
        return Ok(Ok(()));
    }
    file.seek(SeekFrom::Start(length - TAIL - size))?;
    let mut footer = Vec::new();
    file.take(size).read_to_end(&mut footer)?;
    let damaged = |_| "its footer is damaged, or nests too deeply".to_owned();
    Ok(thrift::check(&footer, &format::FOOTER).map(drop).map_err(damaged))
}
