//! Reads JSON Lines: one object per line. Blank lines are skipped but counted. An invalid line does
//! not affect the others.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use super::json::object;
use super::open::read_failed;
use super::{MAX_ROW_BYTES, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Reads JSON Lines.
pub struct Lines {
    path: Arc<Path>,
    reader: Box<dyn BufRead + Send>,
    line: u64,
    bytes: Vec<u8>,
}

impl Lines {
    /// Reads from `reader`; `path` is for messages.
    pub fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Self {
        Self { path: path.into(), reader, line: 0, bytes: Vec::new() }
    }

    /// Reads a line into `bytes` and returns its length, which may exceed what is kept.
    fn read_line(&mut self) -> Result<usize, DatasetError> {
        self.bytes.clear();
        let mut length = 0;
        loop {
            let buffer = self.reader.fill_buf().map_err(|e| read_failed(&self.path, e))?;
            let end = buffer.iter().position(|b| *b == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            if length + taken <= MAX_ROW_BYTES {
                self.bytes.extend_from_slice(&buffer[..taken]);
            } else {
                // Already too long: neither the part kept nor the rest is needed.
                self.bytes = Vec::new();
            }
            let at_end = buffer.is_empty();
            self.reader.consume(taken);
            length += taken;
            if end.is_some() || at_end {
                return Ok(length);
            }
        }
    }
}

impl Rows for Lines {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        loop {
            let length = self.read_line()?;
            if length == 0 {
                return Ok(None);
            }
            self.line += 1;
            let source = Source::Line { file: Arc::clone(&self.path), line: self.line };
            if length > MAX_ROW_BYTES {
                let why = format!("got a line of {length} bytes, expected at most {MAX_ROW_BYTES}");
                return Ok(Some(Row { source, columns: Err((code::TOO_LONG, why)) }));
            }
            let mut bytes = &self.bytes[..];
            if self.line == 1 {
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            // Only the end is trimmed: columns in messages count from the line's first byte.
            let bytes = bytes.trim_ascii_end();
            if bytes.is_empty() {
                continue;
            }
            if let Some(at) = bytes.iter().position(|b| *b == 0) {
                let why = format!("byte {} of the line is NUL, which is not allowed in text", at + 1);
                return Ok(Some(Row { source, columns: Err((code::NUL_BYTE, why)) }));
            }
            let text = match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(e) => {
                    let why = format!("byte {} of the line is not valid UTF-8", e.valid_up_to() + 1);
                    return Ok(Some(Row { source, columns: Err((code::NOT_UTF8, why)) }));
                }
            };
            return Ok(Some(Row { source, columns: object(text).map(Into::into) }));
        }
    }
}
