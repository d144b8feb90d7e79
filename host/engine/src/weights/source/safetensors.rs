//! Weights from one memory-mapped safetensors file or a set of shards. Format:
//! <https://github.com/huggingface/safetensors#format>; shards are listed in `model.safetensors.index.json` (`weight_map`:
//! tensor name to file name). Reads F32, F16 and BF16; writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use hive_files::refuse_lfs_pointer;
use safetensors::tensor::{Dtype, SafeTensors};

use super::TensorSource;
use super::floats::FloatKind;
use crate::error::{EngineError, Result};
use hive_files::MappedFile;

struct Entry {
    file: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    /// Bytes within the file.
    bytes: Range<usize>,
}

/// Tensors of one or more safetensors files.
pub struct SafetensorsSource {
    files: Vec<MappedFile>,
    entries: BTreeMap<String, Entry>,
}

impl SafetensorsSource {
    /// Opens one file.
    ///
    /// # Errors
    /// [`FileError::Io`](hive_files::FileError::Io) when it cannot be read, [`FileError::Format`](hive_files::FileError::Format) when the header is
    /// damaged or the file is shorter or longer than the header says.
    pub fn open(path: &Path) -> Result<Self> {
        let mut source = Self { files: Vec::new(), entries: BTreeMap::new() };
        source.add(path)?;
        Ok(source)
    }

    /// Opens the shards that `index` (a `model.safetensors.index.json`) names, beside it.
    ///
    /// # Errors
    /// As [`Self::open`]; and when a shard is missing or does not hold what the index says.
    pub fn open_sharded(index: &Path) -> Result<Self> {
        let weight_map = read_index(index)?;
        let folder = index.parent().unwrap_or(Path::new("."));
        let shards: BTreeSet<&String> = weight_map.values().collect();
        let missing: Vec<String> =
            shards.iter().filter(|shard| !folder.join(shard).is_file()).map(|shard| format!("`{shard}`")).collect();
        if !missing.is_empty() {
            return Err(EngineError::format(
                index,
                format!(
                    "it lists {} shards, {} of them missing beside it: {}",
                    shards.len(),
                    missing.len(),
                    missing.join(", ")
                ),
            ));
        }
        let mut source = Self { files: Vec::new(), entries: BTreeMap::new() };
        for shard in shards {
            source.add(&folder.join(shard))?;
        }
        for (tensor, shard) in &weight_map {
            if !source.entries.contains_key(tensor) {
                return Err(EngineError::format(
                    index,
                    format!("it says that tensor `{tensor}` is in `{shard}`, which does not hold it"),
                ));
            }
        }
        Ok(source)
    }

    /// The paths of the files, sorted by name.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path().to_owned()).collect()
    }

    /// The storage type of a tensor, and its bytes.
    fn stored(&self, name: &str) -> Result<(FloatKind, &[u8])> {
        let entry = self.entries.get(name).ok_or_else(|| super::no_such_tensor(self, name))?;
        let file = &self.files[entry.file];
        let kind = match entry.dtype {
            Dtype::F32 => FloatKind::F32,
            Dtype::F16 => FloatKind::F16,
            Dtype::BF16 => FloatKind::Bf16,
            other => {
                return Err(EngineError::format(
                    file.path(),
                    format!("tensor `{name}` is stored as {other:?}, expected F32, F16 or BF16"),
                ));
            }
        };
        Ok((kind, &file[entry.bytes.clone()]))
    }

    /// Calls `f` with the values of a tensor in blocks, for callers that need to see all of them but keep none.
    ///
    /// # Errors
    /// As [`TensorSource::read`].
    pub fn for_each_block(&self, name: &str, mut f: impl FnMut(&[f32])) -> Result<()> {
        const BLOCK: usize = 1 << 15;
        let (kind, bytes) = self.stored(name)?;
        let mut block = vec![0.0; BLOCK];
        for bytes in bytes.chunks(BLOCK * kind.size()) {
            let block = &mut block[..bytes.len() / kind.size()];
            kind.decode_to(bytes, block);
            f(block);
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let map = MappedFile::open(path)?;
        let index = self.files.len();
        let base = map.as_ptr() as usize;
        let tensors = SafeTensors::deserialize(&map).map_err(|e| damaged(path, &map, &e))?;
        for (name, view) in tensors.iter() {
            // The view borrows from the map, so the difference of addresses is its offset.
            let start = view.data().as_ptr() as usize - base;
            let bytes = start..start + view.data().len();
            let entry = Entry { file: index, dtype: view.dtype(), shape: view.shape().to_vec(), bytes };
            if self.entries.insert(name.to_owned(), entry).is_some() {
                return Err(EngineError::format(path, format!("tensor `{name}` is in another shard as well")));
            }
        }
        self.files.push(map);
        Ok(())
    }
}

impl TensorSource for SafetensorsSource {
    fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.entries.get(name).map(|entry| entry.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let (kind, bytes) = self.stored(name)?;
        Ok(kind.decode(bytes))
    }

    fn read_rows(&self, name: &str, first: usize, out: &mut [f32]) -> Result<()> {
        let (kind, bytes) = self.stored(name)?;
        let width = self.entries.get(name).map_or(1, |entry| super::row_width(&entry.shape));
        kind.decode_to(&bytes[first * width * kind.size()..][..out.len() * kind.size()], out);
        Ok(())
    }

    fn float_kind(&self, name: &str) -> Option<FloatKind> {
        self.stored(name).ok().map(|(kind, _)| kind)
    }
}

fn read_index(path: &Path) -> Result<BTreeMap<String, String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let text = std::fs::read_to_string(path).map_err(|e| EngineError::io("read", path, e))?;
    refuse_lfs_pointer(path, text.as_bytes())?;
    let index: Index = serde_json::from_str(&text).map_err(|e| EngineError::format(path, e.to_string()))?;
    for shard in index.weight_map.values() {
        // A shard must be in the folder of the index; other paths are refused.
        if Path::new(shard).file_name() != Some(shard.as_ref()) {
            return Err(EngineError::format(path, format!("the shard `{shard}` is not a plain file name")));
        }
    }
    if index.weight_map.is_empty() {
        return Err(EngineError::format(path, "`weight_map` is empty, expected tensor names with their files"));
    }
    Ok(index.weight_map)
}

/// Diagnoses a file that does not parse.
fn damaged(path: &Path, bytes: &[u8], error: &safetensors::SafeTensorError) -> EngineError {
    let length = bytes.len();
    let Some(header) = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b)) else {
        return EngineError::damaged(path, format!("the file is truncated: it has {length} bytes, a header needs 8"));
    };
    let data_start = header.saturating_add(8);
    if header > 100_000_000 {
        return EngineError::damaged(
            path,
            format!("the file does not start with a safetensors header (its first 8 bytes say {header} bytes)"),
        );
    }
    if data_start > length as u64 {
        return EngineError::damaged(
            path,
            format!("the file is truncated: its header ends at byte {data_start}, the file has {length} bytes"),
        );
    }
    // The header's bounds were checked just above.
    match data_end(&bytes[8..data_start as usize]).map(|end| end.saturating_add(data_start)) {
        Some(end) if end > length as u64 => EngineError::damaged(
            path,
            format!("the file is truncated: its tensors end at byte {end}, the file has {length} bytes"),
        ),
        Some(end) if end < length as u64 => EngineError::damaged(
            path,
            format!("the file is longer than its header says: its tensors end at byte {end}, it has {length} bytes"),
        ),
        _ => EngineError::damaged(path, format!("the safetensors header is damaged: {error}")),
    }
}

/// The largest end offset in a header.
fn data_end(header: &[u8]) -> Option<u64> {
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    header.iter().filter(|(name, _)| *name != "__metadata__").filter_map(|(_, t)| t["data_offsets"][1].as_u64()).max()
}
