//! A Parquet file whose page headers are checked before the crate reads them.

use std::fs::File;
use std::io::{Cursor, Error, ErrorKind, Read, Result, Seek, SeekFrom};

use bytes::Bytes;
use parquet::file::reader::{ChunkReader, Length};

use super::format;
use super::thrift::{self, Fault};

/// Bytes that are first read for a header: most have fewer than 100.
const FIRST_BYTES: u64 = 1 << 10;

/// The file, for a page reader, which reads at an offset only to read the header there.
pub(super) struct CheckedHeaders(pub(super) File);

impl Length for CheckedHeaders {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for CheckedHeaders {
    type T = Header;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Header> {
        Ok(Header { file: self.0.try_clone()?, start, bytes: None })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// The header of the page at an offset, and nothing after it: reading further is an error. It is
/// checked lazily, since there may be no header at offsets that are never read.
pub(super) struct Header {
    file: File,
    start: u64,
    /// Its bytes, once it has been checked.
    bytes: Option<Cursor<Vec<u8>>>,
}

impl Header {
    fn checked(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut wanted = FIRST_BYTES;
        loop {
            self.file.seek(SeekFrom::Start(self.start))?;
            bytes.clear();
            Read::by_ref(&mut self.file).take(wanted).read_to_end(&mut bytes)?;
            match thrift::check(&bytes, &format::PAGE_HEADER) {
                Ok(length) => {
                    bytes.truncate(length);
                    return Ok(bytes);
                }
                Err(Fault::Ends) if bytes.len() as u64 == wanted => wanted *= 8,
                Err(_) => return Err(Error::new(ErrorKind::InvalidData, "the header of a page is damaged")),
            }
        }
    }
}

impl Read for Header {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let bytes = match &mut self.bytes {
            Some(bytes) => bytes,
            None => {
                let bytes = self.checked()?;
                self.bytes.insert(Cursor::new(bytes))
            }
        };
        match bytes.read(buffer)? {
            0 if !buffer.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}
