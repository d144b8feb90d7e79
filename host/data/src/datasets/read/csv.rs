//! Reads CSV with a header and any common separator. Values are text, also when empty. csv-core
//! splits rows, fed line by line: an unclosed quote merges the following lines into one value, so a
//! multi-line row that does not match the header is rejected as its first line only, and the other
//! lines are read again.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value;

use super::open::read_failed;
use super::{Columns, Fault, MAX_REREAD_BYTES, MAX_ROW_BYTES, Row, Rows, code};
use crate::datasets::Source;
use crate::datasets::error::DatasetError;

/// Separators, the most common first, with their names.
const SEPARATORS: [(u8, &str); 4] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "pipes")];

/// Reads CSV.
pub struct Csv {
    path: Arc<Path>,
    reader: Box<dyn BufRead + Send>,
    separator: u8,
    parser: Reader,
    header: Vec<String>,
    /// Lines that have been read and do not belong to a row yet.
    ahead: VecDeque<Vec<u8>>,
    /// Number of the next line, from 1.
    line: u64,
    /// Bytes that may still be read a second time.
    reread: usize,
}

/// The values of a row.
type Values = Vec<Vec<u8>>;

impl Csv {
    /// Reads from `reader`, whose first line is the header; `path` is for messages.
    ///
    /// # Errors
    /// When the header cannot be read or names a column twice.
    pub fn new(path: &Path, reader: Box<dyn BufRead + Send>) -> Result<Self, DatasetError> {
        let mut csv = Self {
            path: path.into(),
            reader,
            separator: b',',
            parser: Reader::new(),
            header: Vec::new(),
            ahead: VecDeque::new(),
            line: 1,
            reread: MAX_REREAD_BYTES,
        };
        let fault = |problem: String| DatasetError::Line { file: path.to_owned(), line: 1, what: problem };
        let Some(mut first) = csv.next_line()? else { return Ok(csv) };
        if first.starts_with(b"\xef\xbb\xbf") {
            first.drain(..3);
        }
        // Excel's declaration of the separator.
        let said = first.strip_prefix(b"sep=").and_then(|rest| rest.trim_ascii_end().first().copied());
        if let Some(separator) = said {
            csv.separator = separator;
        } else {
            csv.separator = separator(&first);
            csv.give_back([first]);
        }
        csv.parser = ReaderBuilder::new().delimiter(csv.separator).build();
        let Some(names) = csv.row()?.1 else { return Ok(csv) };
        let names = names.map_err(|(_, why)| fault(why))?;
        for name in names {
            let name = String::from_utf8(name).map_err(|_| fault("the header is not UTF-8".to_owned()))?;
            let name = name.trim();
            if !name.is_empty() && csv.header.iter().any(|known| known == name) {
                return Err(fault(format!("the header names the column `{name}` twice, expected each once")));
            }
            csv.header.push(name.to_owned());
        }
        Ok(csv)
    }

    /// The name of the separator, unless it is the comma.
    fn separated_by(&self) -> Option<&'static str> {
        SEPARATORS.iter().skip(1).find(|(byte, _)| *byte == self.separator).map(|(_, name)| *name)
    }

    fn give_back(&mut self, lines: impl IntoIterator<Item = Vec<u8>, IntoIter: DoubleEndedIterator>) {
        for line in lines.into_iter().rev() {
            self.ahead.push_front(line);
            self.line -= 1;
        }
    }

    /// The next line with its line break; of one that is too long, only enough to detect that.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, DatasetError> {
        if let Some(line) = self.ahead.pop_front() {
            self.line += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        loop {
            let buffer = self.reader.fill_buf().map_err(|e| read_failed(&self.path, e))?;
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            let room = (MAX_ROW_BYTES + 1).saturating_sub(line.len());
            line.extend_from_slice(&buffer[..taken.min(room)]);
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.line += u64::from(!line.is_empty());
        Ok((!line.is_empty()).then_some(line))
    }

    /// The next row and its first line; no values at the end.
    fn row(&mut self) -> Result<(u64, Option<Result<Values, Fault>>), DatasetError> {
        self.parser.reset();
        let (mut row, mut lines, mut first) = (Partial::default(), Vec::new(), self.line);
        loop {
            let line = self.next_line()?;
            let Some(line) = line else {
                if lines.is_empty() {
                    return Ok((first, None));
                }
                // The end of the file closes an open row.
                row.feed(&mut self.parser, b"");
                break;
            };
            let rest = row.feed(&mut self.parser, &line);
            let is_blank = lines.is_empty() && line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            row.length += line.len();
            if is_blank {
                first = self.line;
            } else {
                lines.push(line);
            }
            if let Some(rest) = rest {
                // Old files end their lines with a carriage return alone.
                if !rest.is_empty() {
                    self.give_back([rest]);
                }
                break;
            }
            if row.length > MAX_ROW_BYTES {
                break;
            }
        }
        let fits = self.header.is_empty() || row.ends.len() == self.header.len();
        let is_long = row.length > MAX_ROW_BYTES;
        if lines.len() > 1 && (!fits || is_long) && self.reread > 0 {
            self.reread = self.reread.saturating_sub(row.length);
            self.give_back(lines.split_off(1));
            return Ok((first, Some(Err((code::RAGGED, "a quote in this line is never closed".to_owned())))));
        }
        let values = match is_long {
            true => Err((code::TOO_LONG, format!("got more than {MAX_ROW_BYTES} bytes"))),
            false => Ok(row.values()),
        };
        Ok((first, Some(values)))
    }

    fn columns(&self, values: Values) -> Result<Columns, Fault> {
        if values.len() != self.header.len() {
            let (got, expected) = (values.len(), self.header.len());
            return Err((code::RAGGED, format!("got {got}, expected {expected} values, as many as the header has")));
        }
        let mut columns = Columns::default();
        for (name, value) in self.header.iter().zip(values) {
            let text = String::from_utf8(value).map(Value::String);
            let text = text.map_err(|_| (code::NOT_UTF8, format!("the value in column `{name}` is not UTF-8")));
            columns.add(name, text);
        }
        Ok(columns)
    }
}

/// A row being read.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    fields: usize,
    /// Bytes of its lines.
    length: usize,
}

impl Partial {
    /// Feeds a line, or the end of the file if empty. Returns the rest after the row, when the row
    /// ends.
    fn feed(&mut self, parser: &mut Reader, mut line: &[u8]) -> Option<Vec<u8>> {
        loop {
            // Values are never longer than their encoded form, nor more numerous than their
            // separators.
            self.bytes.resize(self.written + line.len() + 1, 0);
            self.ends.resize(self.fields + line.len() + 1, 0);
            let (state, read, wrote, ended) =
                parser.read_record(line, &mut self.bytes[self.written..], &mut self.ends[self.fields..]);
            line = &line[read..];
            self.written += wrote;
            self.fields += ended;
            match state {
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::InputEmpty => {
                    self.ends.truncate(self.fields);
                    return None;
                }
                ReadRecordResult::Record | ReadRecordResult::End => {
                    self.ends.truncate(self.fields);
                    return Some(line.strip_prefix(b"\n").unwrap_or(line).to_vec());
                }
            }
        }
    }

    fn values(&self) -> Values {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| self.bytes[*start..*end].to_vec()).collect()
    }
}

impl Rows for Csv {
    fn next_row(&mut self) -> Result<Option<Row>, DatasetError> {
        let (line, values) = self.row()?;
        let Some(values) = values else { return Ok(None) };
        let source = Source::Line { file: Arc::clone(&self.path), line };
        Ok(Some(Row { source, columns: values.and_then(|values| self.columns(values)) }))
    }

    fn form(&self) -> Option<String> {
        self.separated_by().map(|by| format!("CSV with {by}"))
    }
}

/// Whether this line is a header with several columns.
pub(super) fn is_header(line: &[u8]) -> bool {
    counts(line).iter().any(|count| *count > 0)
}

/// The separator of a header: the most frequent of the four.
fn separator(header: &[u8]) -> u8 {
    let counts = counts(header);
    let most = counts.iter().copied().max().unwrap_or(0);
    // The first of equals.
    counts.iter().position(|count| *count == most).map_or(b',', |at| SEPARATORS[at].0)
}

/// Number of occurrences of each separator in a line, outside of quotes.
fn counts(line: &[u8]) -> [usize; SEPARATORS.len()] {
    let mut counts = [0; SEPARATORS.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        if let Some(at) = SEPARATORS.iter().position(|(separator, _)| separator == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    counts
}
