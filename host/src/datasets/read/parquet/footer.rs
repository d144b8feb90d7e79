//! A look at a Parquet file's footer before the crate reads it: lists as long as they say, and a
//! schema that nests no deeper than a stack allows. The crate takes both on trust, and what it
//! would ask for then is memory or stack whose lack no process survives. It understands nothing
//! else of the footer. Encoding:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

/// The bytes that a file ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// Bytes behind the footer: its length and [`MAGIC`].
const TAIL: u64 = 8;

/// Deepest nesting of columns, and of structures in the footer.
const MAX_DEPTH: usize = 100;

/// Field of the footer that holds the schema, and of its elements that holds how many children one
/// has.
const SCHEMA: i16 = 2;
const CHILDREN: i16 = 5;

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
    Ok(Thrift { bytes: &footer }.structure(MAX_DEPTH, Place::Footer).map(drop).map_err(damaged))
}

/// Where a structure is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Footer,
    SchemaElement,
    Elsewhere,
}

/// The bytes are not what they should be.
struct Damaged;

type Checked<T> = std::result::Result<T, Damaged>;

struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Checked<u8> {
        let (first, rest) = self.bytes.split_first().ok_or(Damaged)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn pass(&mut self, bytes: u64) -> Checked<()> {
        let bytes = usize::try_from(bytes).map_err(|_| Damaged)?;
        self.bytes = self.bytes.get(bytes..).ok_or(Damaged)?;
        Ok(())
    }

    fn varint(&mut self) -> Checked<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    fn integer(&mut self) -> Checked<i64> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A structure; how many children it says that it has.
    fn structure(&mut self, depth: usize, place: Place) -> Checked<u64> {
        let depth = depth.checked_sub(1).ok_or(Damaged)?;
        let (mut id, mut children) = (0_i16, 0);
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(children);
            }
            id = match header >> 4 {
                0 => i16::try_from(self.integer()?).map_err(|_| Damaged)?,
                step => id.checked_add(i16::from(step)).ok_or(Damaged)?,
            };
            match (place, id, header & 0xf) {
                (Place::Footer, SCHEMA, 9) => self.schema(depth)?,
                (Place::SchemaElement, CHILDREN, 5) => {
                    children = u64::try_from(self.integer()?).map_err(|_| Damaged)?;
                }
                // A truth value is its own type.
                (_, _, 1 | 2) => {}
                (_, _, kind) => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Checked<()> {
        match kind {
            1..=3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let depth = depth.checked_sub(1).ok_or(Damaged)?;
                let (kind, length) = self.list()?;
                (0..length).try_for_each(|_| self.value(kind, depth))
            }
            11 => {
                let depth = depth.checked_sub(1).ok_or(Damaged)?;
                let length = self.varint()?;
                if length == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..length).try_for_each(|_| {
                    self.value(kinds >> 4, depth)?;
                    self.value(kinds & 0xf, depth)
                })
            }
            12 => self.structure(depth, Place::Elsewhere).map(drop),
            _ => Err(Damaged),
        }
    }

    /// The type of a list's elements, and how many there are.
    fn list(&mut self) -> Checked<(u8, u64)> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.varint()?,
            length => length.into(),
        };
        // No element is shorter than a byte.
        if length > self.bytes.len() as u64 { Err(Damaged) } else { Ok((header & 0xf, length)) }
    }

    /// The schema's elements, each before its children.
    fn schema(&mut self, depth: usize) -> Checked<()> {
        let (kind, length) = self.list()?;
        if kind != 12 {
            return Err(Damaged);
        }
        // How many children are still to come of each element that is not complete.
        let mut open: Vec<u64> = Vec::new();
        for _ in 0..length {
            let children = self.structure(depth, Place::SchemaElement)?;
            if let Some(parent) = open.last_mut() {
                *parent -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            if children > length || open.len() > MAX_DEPTH {
                return Err(Damaged);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Ok(())
    }
}
