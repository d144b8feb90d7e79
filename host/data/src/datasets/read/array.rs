//! Reads a JSON array of objects, one element at a time. The end of an element is found by counting
//! brackets outside of strings; serde_json parses the text between. An invalid element does not
//! affect the others: when an unclosed quote makes it swallow the following elements, they are read
//! again, from the next position where an element seems to begin.

use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use super::json::object;
use super::open::read_failed;
use super::{Fault, MAX_REREAD_BYTES, MAX_ROW_BYTES, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Reads a JSON array.
pub struct Array {
    path: Arc<Path>,
    reader: Box<dyn BufRead + Send>,
    row: u64,
    begun: bool,
    ended: bool,
    /// Bytes that may still be read a second time.
    reread: usize,
}

/// The text up to the comma or bracket after an element.
struct Element {
    /// Its first bytes; all of them unless it is too long.
    bytes: Vec<u8>,
    length: usize,
    /// The comma or bracket; `None` at the end of the file.
    end: Option<u8>,
}

impl Array {
    /// Reads from `reader`; `path` is for messages.
    pub fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Self {
        Self { path: path.into(), reader, row: 0, begun: false, ended: false, reread: MAX_REREAD_BYTES }
    }

    fn byte(&mut self) -> Result<Option<u8>, DatasetError> {
        let byte = self.reader.fill_buf().map_err(|e| read_failed(&self.path, e))?.first().copied();
        if byte.is_some() {
            self.reader.consume(1);
        }
        Ok(byte)
    }

    /// The first byte that is not a blank.
    fn next_mark(&mut self) -> Result<Option<u8>, DatasetError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                other => return Ok(other),
            }
        }
    }

    /// Reads the element that begins with `first`.
    fn element(&mut self, first: u8) -> Result<Element, DatasetError> {
        let mut element = Element { bytes: Vec::new(), length: 0, end: None };
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
                    b',' | b']' if depth == 0 => return Ok(Element { end: Some(byte), ..element }),
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            element.length += 1;
            if element.length <= MAX_ROW_BYTES {
                element.bytes.push(byte);
            } else if element.length == MAX_ROW_BYTES + 1 && self.reread > 0 && begins_again(&element.bytes).is_some() {
                // It has swallowed others, which are put back before more of them are lost.
                element.bytes.push(byte);
                return Ok(element);
            }
            let Some(next) = self.byte()? else { return Ok(element) };
            byte = next;
        }
    }

    /// The reason why an element is not an object; elements that it swallowed are put back.
    fn unreadable(&mut self, element: &Element, fault: Fault) -> Fault {
        let Some(at) = begins_again(&element.bytes).filter(|_| self.reread > 0) else {
            self.ended |= element.end.is_none();
            return fault;
        };
        let mut back = element.bytes[at..].to_vec();
        self.reread = self.reread.saturating_sub(back.len());
        back.extend(element.end);
        let rest = std::mem::replace(&mut self.reader, Box::new(std::io::empty()));
        self.reader = Box::new(std::io::Cursor::new(back).chain(rest));
        self.ended = false;
        fault
    }
}

/// Where the first element swallowed by a broken one begins: after a comma, with the same first
/// key, so that nested objects are not mistaken for elements.
fn begins_again(bytes: &[u8]) -> Option<usize> {
    let key = first_key(bytes);
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b',') {
        from += at + 1;
        // Without a key, at least a bracket must close before the comma.
        let closed = || bytes[..from - 1].trim_ascii_end().ends_with(b"}");
        let next = (from..bytes.len()).find(|at| !bytes[*at].is_ascii_whitespace());
        if let Some(next) = next.filter(|at| bytes[*at] == b'{' && first_key(&bytes[*at..]) == key)
            && (key.is_some() || closed())
        {
            return Some(next);
        }
    }
    None
}

/// The first key of an object, with its quotes.
fn first_key(object: &[u8]) -> Option<&[u8]> {
    let rest = object.strip_prefix(b"{")?.trim_ascii_start();
    let end = rest.strip_prefix(b"\"")?.iter().position(|byte| *byte == b'"')?;
    rest.get(..end + 2)
}

/// Parses an element as an object.
fn read(element: &Element) -> Result<super::Columns, Fault> {
    if element.length > MAX_ROW_BYTES {
        return Err((code::TOO_LONG, format!("got more than {MAX_ROW_BYTES} bytes")));
    }
    match std::str::from_utf8(&element.bytes) {
        Err(e) => Err((code::NOT_UTF8, format!("byte {} of the value is not valid UTF-8", e.valid_up_to() + 1))),
        Ok(text) => match object(text.trim_end()) {
            Err((code::NOT_JSON, _)) if element.end.is_none() => {
                Err((code::NOT_JSON, "the file ends within a value".to_owned()))
            }
            read => read.map(Into::into),
        },
    }
}

impl Rows for Array {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        if !self.begun {
            self.begun = true;
            // A byte-order mark may precede the bracket; `open` has checked that there is one.
            while !matches!(self.byte()?, Some(b'[') | None) {}
        }
        self.row += 1;
        let source = Source::Row { file: Arc::clone(&self.path), row: self.row };
        if self.ended {
            // Nothing may follow the list's end; this is reported once.
            let more = self.next_mark()?;
            self.reader = Box::new(std::io::empty());
            return Ok(more.map(|more| {
                let why = format!("got `{}` after the list's end, expected nothing", char::from(more).escape_default());
                Row { source, columns: Err((code::NOT_JSON, why)) }
            }));
        }
        let first = match self.next_mark()? {
            Some(b']') if self.row == 1 => {
                self.ended = true;
                return self.next_row();
            }
            None => {
                self.ended = true;
                let why = "the file ends within the list, expected `]`".to_owned();
                return Ok(Some(Row { source, columns: Err((code::NOT_JSON, why)) }));
            }
            Some(first) => first,
        };
        // `[1,,2]`: an empty element counts too.
        let element = match first {
            b',' | b']' => Element { bytes: Vec::new(), length: 0, end: Some(first) },
            first => self.element(first)?,
        };
        self.ended = element.end == Some(b']');
        let columns = read(&element).map_err(|fault| self.unreadable(&element, fault));
        Ok(Some(Row { source, columns }))
    }
}
