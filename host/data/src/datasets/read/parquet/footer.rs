//! A look at a Parquet file's footer before the crate reads it.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

use super::{format, thrift};

/// The bytes that a file ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// Bytes behind the footer: its length and [`MAGIC`].
const TAIL: u64 = 8;

/// What is wrong with the footer. A file that has none is left to whoever reads it.
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
