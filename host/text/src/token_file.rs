//! Tokenized records in one memory-mapped file: a data set of any size takes no heap memory.
//!
//! The file is safetensors (<https://github.com/huggingface/safetensors#format>). It has named
//! parts, such as `train` and `validation`, each with three tensors: `PART.ids` u32 `[tokens]`, the
//! concatenated records; and per record `PART.ends` u64 (end offset in `ids`) and `PART.loss_from`
//! u32 (its first token that carries loss). Metadata: `format` = `hive-tokens-2`, and keys added by
//! the writer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hive_files::{FileError, MappedFile, PARTIAL_PREFIX};
use safetensors::tensor::{Dtype, SafeTensors, View};

use crate::error::{Result, TextError};

const FORMAT: &str = "hive-tokens-2";

/// Writes a token file, record by record. Token ids are streamed to disk; only 12 bytes per record
/// are held in memory.
#[derive(Debug)]
pub struct TokenWriter {
    path: PathBuf,
    parts: Vec<PartWriter>,
}

#[derive(Debug)]
struct PartWriter {
    name: &'static str,
    ids: BufWriter<tempfile::NamedTempFile>,
    tokens: u64,
    ends: Vec<u8>,
    loss_from: Vec<u8>,
}

impl TokenWriter {
    /// Starts a file that [`Self::finish`] stores at `path`, with these parts.
    ///
    /// # Errors
    /// When its folder cannot be written to.
    pub fn create(path: &Path, parts: &[&'static str]) -> Result<Self> {
        let part = |name: &&'static str| {
            let (ends, loss_from) = Default::default();
            Ok(PartWriter { name, ids: BufWriter::new(temporary(path)?), tokens: 0, ends, loss_from })
        };
        Ok(Self { path: path.to_owned(), parts: parts.iter().map(part).collect::<Result<_>>()? })
    }

    /// Adds a record to the part with index `part`; its first `prompt_len` tokens carry no loss.
    ///
    /// # Errors
    /// When the disk is full.
    ///
    /// # Panics
    /// When there is no such part.
    pub fn add(&mut self, part: usize, ids: &[u32], prompt_len: usize) -> Result<()> {
        let part = &mut self.parts[part];
        for id in ids {
            let written = part.ids.write_all(&id.to_le_bytes());
            written.map_err(|e| FileError::io_of("write", &self.path, e, 4 * part.tokens))?;
        }
        part.tokens += ids.len() as u64;
        part.ends.extend(part.tokens.to_le_bytes());
        // The first token is never predicted, so it never carries loss.
        part.loss_from.extend((prompt_len.max(1) as u32).to_le_bytes());
        Ok(())
    }

    /// Assembles and stores the file, with `metadata`.
    ///
    /// # Errors
    /// When the disk is full; no file is then stored.
    pub fn finish(self, metadata: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        let path = &self.path;
        let needed: u64 = self.parts.iter().map(|part| 4 * part.tokens).sum();
        let fault = |e| FileError::io_of("write", path, e, needed);
        let mut mapped = Vec::new();
        let mut lists = Vec::new();
        for part in self.parts {
            let ids = part.ids.into_inner().map_err(|e| fault(e.into_error()))?;
            mapped.push(if part.tokens == 0 { None } else { Some(MappedFile::open(ids.path())?) });
            lists.push((part.name, part.ends, part.loss_from));
        }
        let mut tensors = Vec::new();
        for (ids, (name, ends, loss_from)) in mapped.iter().zip(&lists) {
            let ids = ids.as_deref().unwrap_or_default();
            tensors.push((format!("{name}.ids"), Tensor { dtype: Dtype::U32, shape: [ids.len() / 4], bytes: ids }));
            tensors.push((format!("{name}.ends"), Tensor { dtype: Dtype::U64, shape: [ends.len() / 8], bytes: ends }));
            let shape = [loss_from.len() / 4];
            tensors.push((format!("{name}.loss_from"), Tensor { dtype: Dtype::U32, shape, bytes: loss_from }));
        }
        let mut info: HashMap<String, String> = metadata.into_iter().collect();
        info.insert("format".into(), FORMAT.into());
        let whole = temporary(path)?;
        safetensors::serialize_to_file(tensors, Some(info), whole.path()).map_err(|e| match e {
            safetensors::SafeTensorError::IoError(e) => fault(e),
            other => FileError::format(path, other.to_string()),
        })?;
        whole.as_file().sync_all().map_err(fault)?;
        whole.persist(path).map_err(|e| fault(e.error))?;
        Ok(())
    }
}

fn temporary(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| FileError::io("create", folder, e))?;
    let file = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(folder);
    Ok(file.map_err(|e| FileError::io("write", path, e))?)
}

struct Tensor<'a> {
    dtype: Dtype,
    shape: [usize; 1],
    bytes: &'a [u8],
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// A token file, open for reading.
#[derive(Debug)]
pub struct TokenFile {
    map: Arc<MappedFile>,
    metadata: HashMap<String, String>,
}

impl TokenFile {
    /// Opens `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not a token file.
    pub fn open(path: &Path) -> Result<Self> {
        let map = MappedFile::open(path)?;
        let fault = |problem: String| TextError::from(FileError::damaged(path, problem));
        let (_, header) =
            SafeTensors::read_metadata(&map).map_err(|e| fault(format!("it is not a token file: {e}")))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let format = metadata.get("format").map_or("none", String::as_str);
        if format != FORMAT {
            return Err(fault(format!("its format is {format}, expected {FORMAT}")));
        }
        Ok(Self { map: Arc::new(map), metadata })
    }

    /// A metadata value added by the writer.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// The records of one part.
    ///
    /// # Errors
    /// When the file has no such part, or its tensors contradict each other.
    pub fn part(&self, name: &str) -> Result<TokenPart> {
        let fault = |problem: String| TextError::from(FileError::damaged(self.map.path(), problem));
        let tensors = SafeTensors::deserialize(&self.map).map_err(|e| fault(format!("it is not a token file: {e}")))?;
        let place = |tensor: &str, dtype: Dtype| -> Result<Range<usize>> {
            let name = format!("{name}.{tensor}");
            let tensor = tensors.tensor(&name).map_err(|e| fault(e.to_string()))?;
            if tensor.dtype() != dtype || tensor.shape().len() != 1 {
                let (got, shape) = (tensor.dtype(), tensor.shape());
                return Err(fault(format!("`{name}` is {got:?} {shape:?}, expected {dtype:?} of one dimension")));
            }
            // The tensor's bytes are inside the map.
            let start = tensor.data().as_ptr() as usize - self.map.as_ptr() as usize;
            Ok(start..start + tensor.data().len())
        };
        let (ids, ends) = (place("ids", Dtype::U32)?, place("ends", Dtype::U64)?);
        let part = TokenPart { ids, ends, loss_from: place("loss_from", Dtype::U32)?, map: Arc::clone(&self.map) };
        if part.loss_from.len() / 4 != part.len() {
            return Err(fault(format!("the tensors of `{name}` have different numbers of records")));
        }
        let mut end = 0;
        for index in 0..part.len() {
            let next = part.end(index);
            if next < end {
                return Err(fault(format!("record {index} of `{name}` ends before it begins")));
            }
            end = next;
        }
        if end != (part.ids.len() / 4) as u64 {
            let tokens = part.ids.len() / 4;
            return Err(fault(format!("the records of `{name}` end at token {end}, it holds {tokens}")));
        }
        Ok(part)
    }
}

/// The records of one part of a token file.
#[derive(Debug, Clone)]
pub struct TokenPart {
    map: Arc<MappedFile>,
    ids: Range<usize>,
    ends: Range<usize>,
    loss_from: Range<usize>,
}

impl TokenPart {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.ends.len() / 8
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of tokens of the record `index`.
    pub fn tokens(&self, index: usize) -> usize {
        self.span(index).len()
    }

    /// A copy of the token ids of the record `index`.
    pub fn ids(&self, index: usize) -> Vec<u32> {
        let ids = &self.map[self.ids.clone()];
        self.span(index).map(|token| u32_at(ids, token)).collect()
    }

    /// Index of the first token of the record `index` that carries loss.
    pub fn loss_from(&self, index: usize) -> usize {
        u32_at(&self.map[self.loss_from.clone()], index) as usize
    }

    fn end(&self, index: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.map[self.ends.clone()][8 * index..8 * index + 8]);
        u64::from_le_bytes(word)
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { self.end(index - 1) };
        start as usize..self.end(index) as usize
    }
}

/// The `index`th little-endian u32.
fn u32_at(bytes: &[u8], index: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[4 * index..4 * index + 4]);
    u32::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Record = (Vec<u32>, usize);

    fn written(path: &Path, train: &[Record], validation: &[Record]) {
        let mut writer = TokenWriter::create(path, &["train", "validation"]).unwrap();
        // In data set order, alternating between the parts.
        for i in 0..train.len().max(validation.len()) {
            for (part, records) in [train, validation].into_iter().enumerate() {
                if let Some((ids, prompt_len)) = records.get(i) {
                    writer.add(part, ids, *prompt_len).unwrap();
                }
            }
        }
        writer.finish([("made_of".to_owned(), "x".to_owned())]).unwrap();
    }

    #[test]
    fn records_come_back_as_they_went() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        let records: Vec<Record> = (0..20).map(|i| ((0..i % 7 + 1).collect(), i as usize % 4)).collect();
        written(&path, &records, &records[3..5]);
        let file = TokenFile::open(&path).unwrap();
        assert_eq!(file.metadata("made_of"), Some("x"));
        for (name, records) in [("train", &records[..]), ("validation", &records[3..5])] {
            let part = file.part(name).unwrap();
            assert_eq!(part.len(), records.len());
            for (i, (ids, prompt_len)) in records.iter().enumerate() {
                assert_eq!((&part.ids(i), part.tokens(i)), (ids, ids.len()));
                assert_eq!(part.loss_from(i), *prompt_len.max(&1));
            }
        }
        assert!(file.part("test").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left aside");
    }

    #[test]
    fn no_records_are_a_file_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        written(&path, &[], &[]);
        assert!(TokenFile::open(&path).unwrap().part("train").unwrap().is_empty());
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        written(&path, &[(vec![1, 2, 3], 1)], &[]);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let refused = TokenFile::open(&path).and_then(|file| file.part("train")).unwrap_err();
        assert!(refused.to_string().contains("not a token file"), "{refused}");
    }
}
