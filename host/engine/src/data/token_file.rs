//! Tokenised records in one file, mapped into memory: a set of any size costs no memory of its
//! own.
//!
//! The file is safetensors (<https://github.com/huggingface/safetensors#format>) with `ids` u32
//! `[tokens]`, the records end to end; and per record `ends` u64 (where it ends in `ids`),
//! `loss_from` u32 (its first token that carries loss) and `keys` u64 (what identifies it to the
//! dropout generator). Metadata: `format` = `hive-tokens-1`, and what the writer adds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use hive_files::{PARTIAL_PREFIX, hex};
use safetensors::tensor::{Dtype, SafeTensors, View};
use sha2::{Digest, Sha256};

use crate::data::{Example, Records};
use crate::error::{EngineError, Result};
use crate::weights::source::mapped::MappedFile;

const FORMAT: &str = "hive-tokens-1";

/// Writes a token file, record by record. Tokens go to disk as they come; what is held in memory
/// is 20 bytes per record.
#[derive(Debug)]
pub struct TokenWriter {
    path: PathBuf,
    ids: BufWriter<tempfile::NamedTempFile>,
    tokens: u64,
    ends: Vec<u8>,
    loss_from: Vec<u8>,
    keys: Vec<u8>,
}

impl TokenWriter {
    /// Begins the file that will be `path`.
    ///
    /// # Errors
    /// When its folder cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let ids = aside(path)?;
        let (ends, loss_from, keys) = Default::default();
        Ok(Self { path: path.to_owned(), ids: BufWriter::new(ids), tokens: 0, ends, loss_from, keys })
    }

    /// Adds a record whose first `prompt_len` tokens carry no loss.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, ids: &[u32], prompt_len: usize, key: u64) -> Result<()> {
        let path = &self.path;
        for id in ids {
            self.ids.write_all(&id.to_le_bytes()).map_err(|e| EngineError::io_of("write", path, e, 4 * self.tokens))?;
        }
        self.tokens += ids.len() as u64;
        self.ends.extend(self.tokens.to_le_bytes());
        // Nothing comes before the first token, so it never carries loss.
        self.loss_from.extend((prompt_len.max(1) as u32).to_le_bytes());
        self.keys.extend(key.to_le_bytes());
        Ok(())
    }

    /// Puts the file together; `metadata` is kept with it.
    ///
    /// # Errors
    /// When the disk is full; nothing is then left under the file's name.
    pub fn finish(self, metadata: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        let path = &self.path;
        let needed = 4 * self.tokens;
        let fault = |e| EngineError::io_of("write", path, e, needed);
        let ids = self.ids.into_inner().map_err(|e| fault(e.into_error()))?;
        let mapped = if self.tokens == 0 { None } else { Some(MappedFile::open(ids.path())?) };
        let records = self.keys.len() / 8;
        let part = |dtype, length, bytes| Part { dtype, shape: [length], bytes };
        let parts = [
            ("ids", part(Dtype::U32, self.tokens as usize, mapped.as_deref().unwrap_or_default())),
            ("ends", part(Dtype::U64, records, &self.ends[..])),
            ("loss_from", part(Dtype::U32, records, &self.loss_from[..])),
            ("keys", part(Dtype::U64, records, &self.keys[..])),
        ];
        let mut info: HashMap<String, String> = metadata.into_iter().collect();
        info.insert("format".into(), FORMAT.into());
        let whole = aside(path)?;
        safetensors::serialize_to_file(parts, Some(info), whole.path()).map_err(|e| match e {
            safetensors::SafeTensorError::IoError(e) => fault(e),
            other => EngineError::format(path, other.to_string()),
        })?;
        whole.as_file().sync_all().map_err(fault)?;
        whole.persist(path).map_err(|e| fault(e.error))?;
        Ok(())
    }
}

fn aside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| EngineError::io("create", folder, e))?;
    tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(folder).map_err(|e| EngineError::io("write", path, e))
}

struct Part<'a> {
    dtype: Dtype,
    shape: [usize; 1],
    bytes: &'a [u8],
}

impl View for Part<'_> {
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
    map: MappedFile,
    ids: Range<usize>,
    ends: Range<usize>,
    loss_from: Range<usize>,
    keys: Range<usize>,
    metadata: HashMap<String, String>,
}

impl TokenFile {
    /// Opens `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not a whole token file.
    pub fn open(path: &Path) -> Result<Self> {
        let map = MappedFile::open(path)?;
        let fault = |problem: String| EngineError::damaged(path, problem);
        let tensors = SafeTensors::deserialize(&map).map_err(|e| fault(format!("it is no token file: {e}")))?;
        let (_, header) = SafeTensors::read_metadata(&map).map_err(|e| fault(format!("it is no token file: {e}")))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let format = metadata.get("format").map_or("none", String::as_str);
        if format != FORMAT {
            return Err(fault(format!("its format is {format}, expected {FORMAT}")));
        }
        let place = |name: &str, dtype: Dtype| -> Result<Range<usize>> {
            let tensor = tensors.tensor(name).map_err(|e| fault(e.to_string()))?;
            if tensor.dtype() != dtype || tensor.shape().len() != 1 {
                return Err(fault(format!(
                    "`{name}` is {:?} {:?}, expected {dtype:?}",
                    tensor.dtype(),
                    tensor.shape()
                )));
            }
            // The tensor's bytes lie within the map.
            let start = tensor.data().as_ptr() as usize - map.as_ptr() as usize;
            Ok(start..start + tensor.data().len())
        };
        let (ids, ends) = (place("ids", Dtype::U32)?, place("ends", Dtype::U64)?);
        let (loss_from, keys) = (place("loss_from", Dtype::U32)?, place("keys", Dtype::U64)?);
        let file = Self { ids, ends, loss_from, keys, metadata, map };
        let records = file.ends.len() / 8;
        if file.loss_from.len() / 4 != records || file.keys.len() / 8 != records {
            return Err(fault("its parts tell of different numbers of records".into()));
        }
        let mut end = 0;
        for index in 0..records {
            let next = file.end(index);
            if next < end {
                return Err(fault(format!("record {index} ends before it begins")));
            }
            end = next;
        }
        if end != (file.ids.len() / 4) as u64 {
            return Err(fault(format!("its records end at token {end}, it holds {}", file.ids.len() / 4)));
        }
        Ok(file)
    }

    /// What the writer added.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// sha256 over tokens, loss masks and their order, lower-case hex.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.ids, &self.ends, &self.loss_from, &self.keys] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(&self.map[part.clone()]);
        }
        hex(&hash.finalize())
    }

    /// Tokens of all records, and those of them that carry loss.
    pub fn total_tokens(&self) -> (u64, u64) {
        let loss = (0..self.len()).map(|i| self.loss_tokens(i) as u64).sum();
        ((self.ids.len() / 4) as u64, loss)
    }

    fn end(&self, index: usize) -> u64 {
        word(&self.map[self.ends.clone()], index)
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { self.end(index - 1) };
        start as usize..self.end(index) as usize
    }

    fn loss_from(&self, index: usize) -> usize {
        short(&self.map[self.loss_from.clone()], index) as usize
    }
}

impl Records for TokenFile {
    fn len(&self) -> usize {
        self.ends.len() / 8
    }

    fn tokens(&self, index: usize) -> usize {
        self.span(index).len()
    }

    fn loss_tokens(&self, index: usize) -> usize {
        self.tokens(index).saturating_sub(self.loss_from(index))
    }

    fn get(&self, index: usize) -> Example {
        let ids = &self.map[self.ids.clone()];
        let ids = self.span(index).map(|t| short(ids, t)).collect();
        Example::new(ids, self.loss_from(index), word(&self.map[self.keys.clone()], index))
    }
}

/// The `index`th little-endian u64.
fn word(bytes: &[u8], index: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[8 * index..8 * index + 8]);
    u64::from_le_bytes(word)
}

/// The `index`th little-endian u32.
fn short(bytes: &[u8], index: usize) -> u32 {
    let mut short = [0; 4];
    short.copy_from_slice(&bytes[4 * index..4 * index + 4]);
    u32::from_le_bytes(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, examples: &[Example]) {
        let mut writer = TokenWriter::create(path).unwrap();
        for example in examples {
            let prompt = example.loss.iter().take_while(|l| !**l).count();
            writer.add(&example.ids, prompt, example.key).unwrap();
        }
        writer.finish([("too_long".to_owned(), "3".to_owned())]).unwrap();
    }

    #[test]
    fn records_come_back_as_they_went() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        let examples: Vec<Example> =
            (0..20).map(|i| Example::new((0..i % 7 + 1).collect(), i as usize % 4, u64::from(i) << 40)).collect();
        written(&path, &examples);
        let file = TokenFile::open(&path).unwrap();
        assert_eq!(file.len(), examples.len());
        for (i, example) in examples.iter().enumerate() {
            assert_eq!(file.get(i), *example);
            assert_eq!((file.tokens(i), file.loss_tokens(i)), (example.ids.len(), example.loss_tokens()));
        }
        assert_eq!(file.metadata("too_long"), Some("3"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left aside");
        let other = dir.path().join("o.safetensors");
        written(&other, &examples[..19]);
        assert_ne!(TokenFile::open(&other).unwrap().digest(), file.digest());
    }

    #[test]
    fn no_records_are_a_file_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        written(&path, &[]);
        assert!(TokenFile::open(&path).unwrap().is_empty());
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.safetensors");
        written(&path, &[Example::new(vec![1, 2, 3], 1, 0)]);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(TokenFile::open(&path).unwrap_err().to_string().contains("no token file"));
    }
}
