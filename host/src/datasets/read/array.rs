//! A JSON array of objects, one element at a time. The elements' ends are found by counting
//! brackets outside of texts; what is between them is serde_json's to read.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::lines::kind;
use super::open::read_failed;
use super::{MAX_ROW_BYTES, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Reads a JSON array.
pub struct Array {
    path: Arc<Path>,
    reader: Box<dyn BufRead + Send>,
    row: u64,
    begun: bool,
    ended: bool,
}

impl Array {
    /// Reads from `reader`; `path` is for messages.
    pub fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Self {
        Self { path: path.into(), reader, row: 0, begun: false, ended: false }
    }

    fn fault(&self, what: String) -> DatasetError {
        DatasetError::Row { file: self.path.to_path_buf(), row: self.row, what }
    }

    fn byte(&mut self) -> Result<Option<u8>, DatasetError> {
        let byte = self.reader.fill_buf().map_err(|e| read_failed(&self.path, e))?.first().copied();
        if byte.is_some() {
            self.reader.consume(1);
        }
        Ok(byte)
    }

    /// The first byte that is no blank.
    fn next_mark(&mut self) -> Result<Option<u8>, DatasetError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                other => return Ok(other),
            }
        }
    }

    /// Nothing may follow the list's end.
    fn end(&mut self) -> Result<(), DatasetError> {
        self.ended = true;
        match self.next_mark()? {
            None => Ok(()),
            Some(more) => {
                let more = char::from(more).escape_default();
                Err(self.fault(format!("got `{more}` after the list's end, expected nothing")))
            }
        }
    }

    /// The bytes of an element that begins with `first`, up to but without the comma or bracket
    /// behind it; and that byte. `None` for an element that is too long to hold.
    fn element(&mut self, first: u8) -> Result<(Option<Vec<u8>>, u8), DatasetError> {
        let mut bytes = Vec::new();
        let mut length = 0;
        let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
        let mut byte = first;
        loop {
            if in_text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => in_text = true,
                    b'{' | b'[' => depth += 1,
                    b',' | b']' if depth == 0 => return Ok(((length <= MAX_ROW_BYTES).then_some(bytes), byte)),
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            length += 1;
            if length <= MAX_ROW_BYTES {
                bytes.push(byte);
            } else {
                bytes = Vec::new();
            }
            byte = self.byte()?.ok_or_else(|| self.fault("the file ends within a value".to_owned()))?;
        }
    }
}

impl Rows for Array {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        if self.ended {
            return Ok(None);
        }
        if !self.begun {
            self.begun = true;
            // A byte-order mark may stand before the bracket; `open` has seen that one comes.
            while !matches!(self.byte()?, Some(b'[') | None) {}
        }
        self.row += 1;
        let first = match self.next_mark()? {
            Some(b']') if self.row == 1 => return self.end().map(|()| None),
            None => return Err(self.fault("the file ends within the list, expected `]`".to_owned())),
            Some(first) => first,
        };
        let (bytes, end) = self.element(first)?;
        if end == b']' {
            self.end()?;
        }
        let source = Source::Row { file: Arc::clone(&self.path), row: self.row };
        let Some(bytes) = bytes else {
            let why = format!("got more than {MAX_ROW_BYTES} bytes");
            return Ok(Some(Row { source, columns: Err((code::TOO_LONG, why)) }));
        };
        let columns = match std::str::from_utf8(&bytes) {
            Err(e) => Err((code::NOT_UTF8, format!("byte {} of the value is no character", e.valid_up_to() + 1))),
            Ok(text) => match serde_json::from_str(text) {
                Ok(Value::Object(object)) => Ok(object),
                Ok(other) => return Err(self.fault(format!("got {}, expected an object", kind(&other)))),
                Err(e) => return Err(self.fault(format!("not JSON: {e}"))),
            },
        };
        Ok(Some(Row { source, columns }))
    }
}
