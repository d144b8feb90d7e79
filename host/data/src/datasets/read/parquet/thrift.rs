//! Validates Thrift's compact protocol structurally, before the `parquet` crate reads it:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.
//!
//! The crate trusts list lengths and the nesting of schemas, and could then exhaust memory or
//! stack, which kills the process. It also reads a field by its number whatever its declared type,
//! so that the following bytes are misread; and booleans in a list take no bytes there: a list of
//! 2³¹ of them keeps it busy for seconds. So here every field that it knows ([`super::format`])
//! must have its type, and lists must be as long as they declare.

/// Maximum nesting of columns, and of structures.
const MAX_DEPTH: usize = 100;

/// The fields of a structure with known types, by number.
pub(super) struct Structure(pub(super) &'static [(i16, Kind)]);

/// The type of a field.
pub(super) enum Kind {
    Bool,
    Byte,
    /// An integer of 16, 32 or 64 bits, encoded in a variable number of bytes.
    Number,
    /// Number of children of a schema element.
    Children,
    Double,
    /// Bytes or text.
    Bytes,
    List(&'static Kind),
    Struct(&'static Structure),
    /// The elements of a schema, each before its children.
    Schema(&'static Structure),
}

/// Wire types of fields, as numbered by the protocol.
mod wire {
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
}

/// Why bytes are not a structure.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// They end too early.
    Ends,
    /// They are invalid.
    Damaged,
}

type Checked<T> = Result<T, Fault>;

/// The length of the structure at the beginning of `bytes`.
///
/// # Errors
/// When they do not begin with one.
pub(super) fn check(bytes: &[u8], structure: &Structure) -> Checked<usize> {
    let mut reader = Reader { bytes, children: 0 };
    reader.structure(structure, MAX_DEPTH)?;
    Ok(bytes.len() - reader.bytes.len())
}

struct Reader<'a> {
    /// The remaining bytes.
    bytes: &'a [u8],
    /// Number of children of the schema element read last.
    children: u64,
}

impl Reader<'_> {
    fn byte(&mut self) -> Checked<u8> {
        let (first, rest) = self.bytes.split_first().ok_or(Fault::Ends)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn pass(&mut self, bytes: u64) -> Checked<()> {
        let bytes = usize::try_from(bytes).map_err(|_| Fault::Damaged)?;
        self.bytes = self.bytes.get(bytes..).ok_or(Fault::Ends)?;
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
        Err(Fault::Damaged)
    }

    fn integer(&mut self) -> Checked<i64> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn structure(&mut self, structure: &Structure, depth: usize) -> Checked<()> {
        let depth = depth.checked_sub(1).ok_or(Fault::Damaged)?;
        let mut id = 0_i16;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            id = match header >> 4 {
                0 => i16::try_from(self.integer()?).map_err(|_| Fault::Damaged)?,
                step => id.checked_add(i16::from(step)).ok_or(Fault::Damaged)?,
            };
            let found = header & 0xf;
            match structure.0.iter().find(|(known, _)| *known == id) {
                // A boolean field's value is encoded in its type.
                Some((_, Kind::Bool)) if matches!(found, wire::TRUE | wire::FALSE) => {}
                Some((_, kind)) => self.known(kind, found, depth)?,
                None if matches!(found, wire::TRUE | wire::FALSE) => {}
                None => self.unknown(found, depth)?,
            }
        }
    }

    /// Reads a value of a known type.
    fn known(&mut self, kind: &Kind, found: u8, depth: usize) -> Checked<()> {
        match (kind, found) {
            (Kind::Children, wire::I16..=wire::I64) => {
                self.children = u64::try_from(self.integer()?).map_err(|_| Fault::Damaged)?;
                Ok(())
            }
            (Kind::Struct(structure), wire::STRUCT) => self.structure(structure, depth),
            (Kind::Schema(element), wire::LIST) => self.schema(element, depth),
            (Kind::List(kind), wire::LIST | wire::SET) => {
                let depth = depth.checked_sub(1).ok_or(Fault::Damaged)?;
                let (found, length) = self.list()?;
                (0..length).try_for_each(|_| self.known(kind, found, depth))
            }
            (Kind::Byte, wire::BYTE)
            | (Kind::Number, wire::I16..=wire::I64)
            | (Kind::Double, wire::DOUBLE)
            | (Kind::Bytes, wire::BINARY) => self.unknown(found, depth),
            _ => Err(Fault::Damaged),
        }
    }

    /// Reads a value of the wire type found.
    fn unknown(&mut self, found: u8, depth: usize) -> Checked<()> {
        match found {
            wire::BYTE => self.pass(1),
            wire::I16..=wire::I64 => self.varint().map(drop),
            wire::DOUBLE => self.pass(8),
            wire::BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            wire::LIST | wire::SET => {
                let depth = depth.checked_sub(1).ok_or(Fault::Damaged)?;
                let (kind, length) = self.list()?;
                (0..length).try_for_each(|_| self.unknown(kind, depth))
            }
            wire::MAP => {
                let depth = depth.checked_sub(1).ok_or(Fault::Damaged)?;
                let length = self.varint()?;
                if length == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..length).try_for_each(|_| {
                    self.unknown(kinds >> 4, depth)?;
                    self.unknown(kinds & 0xf, depth)
                })
            }
            wire::STRUCT => self.structure(&Structure(&[]), depth),
            // Includes booleans in a list, whose bytes the crate would not find.
            _ => Err(Fault::Damaged),
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
        if length > self.bytes.len() as u64 { Err(Fault::Ends) } else { Ok((header & 0xf, length)) }
    }

    fn schema(&mut self, element: &'static Structure, depth: usize) -> Checked<()> {
        let (found, length) = self.list()?;
        // Number of remaining children of each incomplete element.
        let mut open: Vec<u64> = Vec::new();
        for _ in 0..length {
            self.children = 0;
            self.known(&Kind::Struct(element), found, depth)?;
            if let Some(parent) = open.last_mut() {
                *parent -= 1;
            }
            if self.children > 0 {
                open.push(self.children);
            }
            if self.children > length || open.len() > MAX_DEPTH {
                return Err(Fault::Damaged);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Ok(())
    }
}
