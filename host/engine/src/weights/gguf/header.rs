//! What a GGUF file holds before its tensors: metadata, and of each tensor its name, shape, type and offset. Versions 1 to 3,
//! little-endian.

use std::collections::HashMap;

use super::value::{ARRAY, STRING};
use super::{TensorType, Value};

/// The alignment of the tensors of a file that does not name its own.
const DEFAULT_ALIGNMENT: u64 = 32;
/// ggml's greatest number of dimensions.
const MAX_DIMENSIONS: u32 = 4;
/// Arrays inside arrays that are read: real files have none.
const MAX_DEPTH: usize = 8;

/// Everything before the tensors.
#[derive(Debug)]
pub(crate) struct Header {
    /// The metadata by key.
    pub(crate) metadata: HashMap<String, Value>,
    /// The tensors by name.
    pub(crate) tensors: HashMap<String, TensorInfo>,
    /// Where the tensors begin, in bytes from the start of the file.
    pub(crate) data_start: u64,
}

/// What the header says of one tensor.
#[derive(Debug)]
pub(crate) struct TensorInfo {
    /// How its values are stored.
    pub(crate) kind: TensorType,
    /// Its shape, the innermost dimension last.
    pub(crate) shape: Vec<usize>,
    /// Its first byte, from [`Header::data_start`].
    pub(crate) offset: u64,
}

impl Header {
    /// Reads the header of the file with these bytes; they may end after it.
    ///
    /// # Errors
    /// What is wrong, and at which byte.
    pub(crate) fn read(file: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { bytes: file, position: 0, lengths: 8 };
        if reader.array::<4>()? != *b"GGUF" {
            return Err("it does not start with `GGUF`".to_owned());
        }
        let version = reader.u32()?;
        match version {
            1 => reader.lengths = 4,
            2 | 3 => {}
            _ if version.swap_bytes() <= 3 => return Err("it is big-endian, expected little-endian".to_owned()),
            _ => return Err(format!("its version is {version}, expected 1, 2 or 3")),
        }
        let (tensor_count, value_count) = (reader.length()?, reader.length()?);
        // Nothing is allocated by a count that the file cannot hold.
        let smallest = tensor_count
            .saturating_mul(reader.lengths + 16)
            .saturating_add(value_count.saturating_mul(reader.lengths + 5));
        reader.expect(smallest, || format!("{tensor_count} tensors and {value_count} values"))?;

        let mut metadata = HashMap::with_capacity(value_count as usize);
        for _ in 0..value_count {
            let key = reader.text()?;
            let kind = reader.u32()?;
            let value = reader.value(kind, 0).map_err(|problem| format!("`{key}`: {problem}"))?;
            metadata.insert(key, value);
        }
        let mut tensors = HashMap::with_capacity(tensor_count as usize);
        for _ in 0..tensor_count {
            let name = reader.text()?;
            let tensor = reader.tensor().map_err(|problem| format!("tensor `{name}` {problem}"))?;
            tensors.insert(name, tensor);
        }
        let alignment = metadata.get("general.alignment").and_then(Value::whole).unwrap_or(DEFAULT_ALIGNMENT);
        if !alignment.is_power_of_two() {
            return Err(format!("`general.alignment` is {alignment}, expected a power of two"));
        }
        Ok(Self { metadata, tensors, data_start: (reader.position as u64).next_multiple_of(alignment) })
    }
}

/// Reads from the front of a file.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Bytes of a length: 4 in version 1.
    lengths: u64,
}

impl<'a> Reader<'a> {
    /// An error unless the file has this many bytes more.
    fn expect(&self, bytes: u64, what: impl FnOnce() -> String) -> Result<(), String> {
        let left = (self.bytes.len() - self.position) as u64;
        if bytes <= left {
            return Ok(());
        }
        Err(format!("{} at byte {} need at least {bytes} bytes, {left} are left", what(), self.position))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        self.expect(length, || "values".to_owned())?;
        // At most the length of the rest, so it fits usize.
        let taken = &self.bytes[self.position..][..length as usize];
        self.position += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Result<u64, String> {
        if self.lengths == 4 { self.u32().map(u64::from) } else { self.u64() }
    }

    /// A text. Some files end theirs with zeros, and some vocabularies hold bytes that are no UTF-8.
    fn text(&mut self) -> Result<String, String> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    fn value(&mut self, kind: u32, depth: usize) -> Result<Value, String> {
        Ok(match kind {
            0 => Value::U8(u8::from_le_bytes(self.array()?)),
            1 => Value::I8(i8::from_le_bytes(self.array()?)),
            2 => Value::U16(u16::from_le_bytes(self.array()?)),
            3 => Value::I16(i16::from_le_bytes(self.array()?)),
            4 => Value::U32(self.u32()?),
            5 => Value::I32(i32::from_le_bytes(self.array()?)),
            6 => Value::F32(f32::from_le_bytes(self.array()?)),
            7 => match self.array()? {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                [other] => return Err(format!("a yes or no is stored as {other}, expected 0 or 1")),
            },
            STRING => Value::String(self.text()?),
            ARRAY => self.list(depth)?,
            10 => Value::U64(self.u64()?),
            11 => Value::I64(i64::from_le_bytes(self.array()?)),
            12 => Value::F64(f64::from_le_bytes(self.array()?)),
            other => return Err(format!("a value has type {other}, expected 0 to 12")),
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        if depth == MAX_DEPTH {
            return Err(format!("lists are nested more than {MAX_DEPTH} deep"));
        }
        let (kind, count) = (self.u32()?, self.length()?);
        let smallest = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            STRING => self.lengths,
            ARRAY => self.lengths + 4,
            10..=12 => 8,
            _ => 4,
        };
        self.expect(count.saturating_mul(smallest), || format!("{count} values of a list"))?;
        (0..count).map(|_| self.value(kind, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
    }

    fn tensor(&mut self) -> Result<TensorInfo, String> {
        let dimensions = self.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(format!("has {dimensions} dimensions, expected at most {MAX_DIMENSIONS}"));
        }
        // They are stored innermost first.
        let mut shape = Vec::with_capacity(dimensions as usize);
        for _ in 0..dimensions {
            let size = self.length()?;
            shape.push(usize::try_from(size).map_err(|_| format!("has a dimension of {size}"))?);
        }
        shape.reverse();
        Ok(TensorInfo { kind: TensorType::from_number(self.u32()?)?, shape, offset: self.u64()? })
    }
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;

    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
    }

    /// A file of version 3 with one value and one tensor.
    fn file(value: &[u8], tensor: &[u8]) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend(1u64.to_le_bytes());
        out.extend(1u64.to_le_bytes());
        out.extend(text("key"));
        out.extend(value);
        out.extend(text("weight"));
        out.extend(tensor);
        out
    }

    const TENSOR: [u8; 32] = *b"\x02\0\0\0\x40\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x08\0\0\0\x20\0\0\0\0\0\0\0";
    const SEVEN: [u8; 8] = *b"\x04\0\0\0\x07\0\0\0";

    #[test]
    fn a_header() {
        let bytes = file(&SEVEN, &TENSOR);
        let header = Header::read(&bytes).expect("reads");
        assert_eq!(header.metadata["key"], Value::U32(7));
        let weight = &header.tensors["weight"];
        assert_eq!((weight.kind, weight.shape.as_slice(), weight.offset), (TensorType::Q8_0, &[3, 64][..], 32));
        assert_eq!(header.data_start, (bytes.len() as u64).next_multiple_of(32));
        for end in 0..bytes.len() {
            Header::read(&bytes[..end]).expect_err("cut short");
        }
    }

    #[test]
    fn the_first_version_has_short_lengths() {
        let mut bytes = b"GGUF\x01\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
        bytes.extend(b"\x03\0\0\0key\x08\0\0\0\x04\0\0\0\xc3\xa4b\0");
        let header = Header::read(&bytes).expect("reads");
        assert_eq!(header.metadata["key"], Value::String("äb".into()), "zeros at the end are no text");
    }

    #[test]
    fn faults_are_named() {
        let nested = [&b"\x09\0\0\0"[..], &b"\x09\0\0\0\x01\0\0\0\0\0\0\0".repeat(9)].concat();
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (b"GGUF\0\0\0\x03".to_vec(), "it is big-endian"),
            (b"GGUF\x04\0\0\0".to_vec(), "its version is 4, expected 1, 2 or 3"),
            (
                [&b"GGUF\x03\0\0\0"[..], &[255; 16]].concat(),
                "18446744073709551615 tensors and 18446744073709551615 values",
            ),
            (file(b"\x0d\0\0\0", &TENSOR), "`key`: a value has type 13, expected 0 to 12"),
            (file(b"\x07\0\0\0\x02", &TENSOR), "`key`: a yes or no is stored as 2"),
            (file(b"\x09\0\0\0\x04\0\0\0\xff\0\0\0\0\0\0\0", &TENSOR), "255 values of a list at byte"),
            (file(&nested, &TENSOR), "nested more than 8 deep"),
            (file(&SEVEN, b"\x05\0\0\0"), "tensor `weight` has 5 dimensions, expected at most 4"),
            (file(&SEVEN, b"\0\0\0\0\x17\0\0\0"), "tensor `weight` has type 23 (IQ4_XS), expected one of F32"),
        ];
        check_all(cases, |(bytes, expected)| {
            // Room behind what is read, so that the fault itself is found.
            let got = Header::read(&[bytes.as_slice(), &[0; 64]].concat()).expect_err("refused");
            assert!(got.contains(expected), "got {got}, expected {expected}");
        });
    }
}
