//! Reads a base model from a GGUF file, of any type in `TensorType` (F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
//! Q2_K to Q6_K). Tensors are dequantised from a memory map one at a time, on every core; the file as a whole is never
//! copied. Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use hive_text::chat_template::ChatTemplate;
use rayon::prelude::*;

use super::floats::FloatKind;
use super::gguf_config::{self, Metadata, TensorFacts};
use super::gguf_names::{Role, role};
use super::{BaseModel, TensorSource, display_name};
use crate::error::{EngineError, Result};
use crate::ops::quantised::{Kind, Quantised};
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::gguf::dequantise::dequantise;
use crate::weights::gguf::{Header, TensorType, Value};
use crate::weights::source::gguf_tokenizer;
use hive_files::MappedFile;

/// Elements per parallel task of dequantising: its blocks and its floats fit the cache together.
const CHUNK: usize = 8 * 1024;

/// Tensors by their Hugging Face names.
type Entries = BTreeMap<String, Entry>;

struct Entry {
    kind: TensorType,
    shape: Vec<usize>,
    /// Bytes within the file.
    bytes: Range<usize>,
    /// Number of heads, if rows are stored in GGUF's order and must be permuted to Hugging Face's.
    permuted_heads: Option<usize>,
}

/// Tensors of a GGUF file under their Hugging Face names.
pub struct GgufSource {
    file: MappedFile,
    entries: Entries,
}

/// Opens a GGUF file as a base model, tokenizer and chat template included.
///
/// # Errors
/// [`FileError::Format`](hive_files::FileError::Format) when the file is truncated, damaged or holds tensors that the engine does
/// not know; [`EngineError::Unsupported`] when its architecture or tokenizer is not supported.
pub fn open(path: &Path) -> Result<BaseModel> {
    let file = MappedFile::open(path)?;
    let header = read_header(&file)?;
    let metadata = Metadata::new(path, &header.metadata);

    let (mut entries, rope_frequencies) = read_entries(&file, &header)?;
    let Some(embedding) = entries.get("model.embed_tokens.weight") else {
        return Err(EngineError::format(path, "tensor `token_embd.weight` is missing"));
    };
    let facts = TensorFacts {
        vocab_size: embedding.shape[0],
        has: &|name| header.tensors.contains_key(name),
        rope_frequencies,
    };
    let config = gguf_config::model_config(&metadata, &facts)?;
    mark_permuted(path, &config, &mut entries)?;

    let tokenizer = match metadata.get("tokenizer.ggml.model") {
        // llama.cpp's names for a model without a tokenizer.
        Some(Value::String(name)) if matches!(name.as_str(), "none" | "no_vocab") => None,
        Some(_) => Some(gguf_tokenizer::read(&metadata)?),
        None => None,
    };
    let chat_template = match metadata.text("tokenizer.chat_template")? {
        Some(text) => {
            let token = |key: &str| -> Result<Option<String>> {
                let id = metadata.whole(key)?.and_then(|id| u32::try_from(id).ok());
                Ok(id.zip(tokenizer.as_ref()).and_then(|(id, tokenizer)| tokenizer.token(id)))
            };
            let (bos, eos) = (token("tokenizer.ggml.bos_token_id")?, token("tokenizer.ggml.eos_token_id")?);
            Some(ChatTemplate::new(text, bos, eos).map_err(|e| EngineError::format(path, e.to_string()))?)
        }
        None => None,
    };
    let source = GgufSource { file, entries };
    let mut model = BaseModel::new(config, Box::new(source), display_name(path), vec![PathBuf::from(path)]);
    model.tokenizer = tokenizer;
    model.chat_template = chat_template;
    Ok(model)
}

/// Everything in a GGUF file except the weights, for a copy with other weights.
pub(crate) struct Carried {
    /// Its metadata.
    pub(crate) metadata: HashMap<String, Value>,
    /// The values of `rope_freqs.weight` `[head_dim / 2]`, if it has that tensor.
    pub(crate) rope_frequencies: Option<Vec<f32>>,
}

/// Reads everything in a GGUF file except the weights.
///
/// # Errors
/// As [`open`], for a damaged file or unknown tensors.
pub(crate) fn carried(path: &Path) -> Result<Carried> {
    let file = MappedFile::open(path)?;
    let header = read_header(&file)?;
    let (_, rope_frequencies) = read_entries(&file, &header)?;
    Ok(Carried { metadata: header.metadata, rope_frequencies })
}

fn read_header(file: &MappedFile) -> Result<Header> {
    if !file.starts_with(b"GGUF") {
        return Err(EngineError::damaged(file.path(), "it does not start with `GGUF`"));
    }
    Header::read(file).map_err(|problem| {
        let length = file.len();
        EngineError::damaged(file.path(), format!("its GGUF header cannot be read (file of {length} bytes): {problem}"))
    })
}

/// Location of every tensor, checked against the length of the file; and the divisors of the rotary frequencies, if there are
/// any.
fn read_entries(file: &MappedFile, header: &Header) -> Result<(Entries, Option<Vec<f32>>)> {
    let path = file.path();
    let mut entries = BTreeMap::new();
    let mut rope_frequencies = None;
    let mut unknown = Vec::new();
    // The end of the last tensor is the length that the file should have.
    let mut end_of_file: Option<(u64, &str)> = None;
    for (name, info) in &header.tensors {
        let shape = info.shape.clone();
        let bytes = stored_bytes(path, name, &shape, info.kind)?;
        let start = header.data_start.saturating_add(info.offset);
        let end = start.saturating_add(bytes);
        if end > file.len() as u64 {
            if end_of_file.is_none_or(|(last, _)| end > last) {
                end_of_file = Some((end, name));
            }
            continue;
        }
        // Below the length of the file, so it fits usize.
        let entry = Entry { kind: info.kind, shape, bytes: start as usize..end as usize, permuted_heads: None };
        match role(name) {
            Role::Weight(hugging_face) => {
                entries.insert(hugging_face, entry);
            }
            Role::RopeFrequencies => rope_frequencies = Some(entry.read(path, name, file)?),
            Role::Unknown => unknown.push(format!("`{name}`")),
        }
    }
    if let Some((end, name)) = end_of_file {
        return Err(EngineError::damaged(
            path,
            format!("the file is truncated: tensor `{name}` ends at byte {end}, the file has {} bytes", file.len()),
        ));
    }
    if !unknown.is_empty() {
        unknown.sort();
        let shown = unknown.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let more = if unknown.len() > 8 { ", …" } else { "" };
        return Err(EngineError::format(
            path,
            format!("{} of its tensors are not known to the engine: {shown}{more}", unknown.len()),
        ));
    }
    Ok((entries, rope_frequencies))
}

fn stored_bytes(path: &Path, name: &str, shape: &[usize], kind: TensorType) -> Result<u64> {
    let fault = |problem: String| EngineError::format(path, format!("tensor `{name}` {problem}"));
    if shape.is_empty() || shape.len() > 2 {
        return Err(fault(format!("has {} dimensions, expected 1 or 2", shape.len())));
    }
    let columns = shape[shape.len() - 1];
    if !columns.is_multiple_of(kind.block_values()) {
        return Err(fault(format!(
            "has rows of {columns}, which {kind} cannot hold (blocks of {})",
            kind.block_values()
        )));
    }
    let elements = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n as u64));
    let bytes = elements.and_then(|n| (n / kind.block_values() as u64).checked_mul(kind.block_bytes() as u64));
    bytes.ok_or_else(|| fault(format!("has an impossible shape {shape:?}")))
}

/// Marks the tensors whose rows are stored permuted, and checks their number of rows.
fn mark_permuted(path: &Path, config: &ModelConfig, entries: &mut Entries) -> Result<()> {
    for (name, entry) in entries {
        let Some(heads) = permuted_heads(config, name) else { continue };
        if entry.shape[0] != heads * config.head_dim {
            return Err(EngineError::format(
                path,
                format!("tensor `{name}` has {} rows, expected {heads} heads of {}", entry.shape[0], config.head_dim),
            ));
        }
        entry.permuted_heads = Some(heads);
    }
    Ok(())
}

impl TensorSource for GgufSource {
    fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.entries.get(name).map(|entry| entry.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let entry = self.entries.get(name).ok_or_else(|| super::no_such_tensor(self, name))?;
        entry.read(self.file.path(), name, &self.file)
    }

    fn quantised(&self, name: &str) -> Option<Quantised> {
        self.entries.get(name)?.quantised(&self.file)
    }

    fn read_rows(&self, name: &str, first: usize, out: &mut [f32]) -> Result<()> {
        let entry = self.entries.get(name).ok_or_else(|| super::no_such_tensor(self, name))?;
        if let &[_, columns] = entry.shape.as_slice() {
            entry.fill(&self.file, (entry.shape[0], columns), first, out);
            return Ok(());
        }
        out.copy_from_slice(&self.read(name)?[first..][..out.len()]);
        Ok(())
    }

    fn float_kind(&self, name: &str) -> Option<FloatKind> {
        self.entries.get(name)?.kind.float()
    }
}

impl Entry {
    /// The quantised blocks, rows in Hugging Face's order.
    fn quantised(&self, file: &[u8]) -> Option<Quantised> {
        let kind = match self.kind {
            TensorType::Q8_0 => Kind::Q8,
            TensorType::Q4_0 => Kind::Q4,
            TensorType::Q4_1 => Kind::Q4Offset,
            _ => return None,
        };
        let &[rows, columns] = self.shape.as_slice() else { return None };
        let data = &file[self.bytes.clone()];
        let row_bytes = columns / self.kind.block_values() * self.kind.block_bytes();
        Some(match self.permuted_heads {
            None => Quantised::new(kind, columns, data),
            Some(heads) => {
                let source = |row| stored_row(row, rows / heads);
                let gathered: Vec<u8> =
                    (0..rows).flat_map(|row| &data[source(row) * row_bytes..][..row_bytes]).copied().collect();
                Quantised::new(kind, columns, &gathered)
            }
        })
    }

    /// The values, rows in Hugging Face's order.
    fn read(&self, path: &Path, name: &str, file: &[u8]) -> Result<Vec<f32>> {
        // A vector is one row; if its elements are permuted, each of them is a row.
        let (rows, columns) = match (self.shape.as_slice(), self.permuted_heads) {
            (&[rows, columns], _) => (rows, columns),
            (&[n], Some(_)) => (n, 1),
            _ => (1, self.shape.iter().product()),
        };
        if !columns.is_multiple_of(self.kind.block_values()) {
            return Err(EngineError::format(
                path,
                format!("tensor `{name}` is a vector stored as {}, expected F32, F16 or BF16", self.kind),
            ));
        }
        let mut out = vec![0f32; rows * columns];
        self.fill(file, (rows, columns), 0, &mut out);
        Ok(out)
    }

    /// Fills `out` with rows from row `first` on of the `rows` by `columns` tensor, in Hugging Face's order.
    fn fill(&self, file: &[u8], (rows, columns): (usize, usize), first: usize, out: &mut [f32]) {
        if out.is_empty() {
            return;
        }
        let data = &file[self.bytes.clone()];
        let row_bytes = columns / self.kind.block_values() * self.kind.block_bytes();
        // One long row (a vector) is not worth splitting.
        let rows_per_chunk = (CHUNK / columns).max(1);
        out.par_chunks_mut(rows_per_chunk * columns).enumerate().for_each(|(chunk, out)| {
            let first = first + chunk * rows_per_chunk;
            let count = out.len() / columns;
            let blocks = match self.permuted_heads {
                None => Cow::Borrowed(&data[first * row_bytes..(first + count) * row_bytes]),
                Some(heads) => {
                    let mut gathered = Vec::with_capacity(count * row_bytes);
                    for row in first..first + count {
                        let source = stored_row(row, rows / heads);
                        gathered.extend_from_slice(&data[source * row_bytes..(source + 1) * row_bytes]);
                    }
                    Cow::Owned(gathered)
                }
            };
            dequantise(self.kind, &blocks, out);
        });
    }
}

/// The GGUF row that holds row `row` of Hugging Face's q or k. Conversion to GGUF moves row (head, half, i) of
/// `[heads, 2, head_dim / 2]` to (head, i, half).
fn stored_row(row: usize, head_dim: usize) -> usize {
    let (head, within) = (row / head_dim, row % head_dim);
    let (half, i) = (within / (head_dim / 2), within % (head_dim / 2));
    head * head_dim + i * 2 + half
}

/// The Hugging Face row that GGUF stores as row `row`: the inverse of [`stored_row`].
pub(crate) fn original_row(row: usize, head_dim: usize) -> usize {
    let (head, within) = (row / head_dim, row % head_dim);
    let (i, half) = (within / 2, within % 2);
    head * head_dim + half * (head_dim / 2) + i
}

/// The number of heads of this tensor (by Hugging Face name), if a GGUF file of this model stores its rows permuted; see
/// [`original_row`].
pub(crate) fn permuted_heads(config: &ModelConfig, name: &str) -> Option<usize> {
    // Files of the Llama architecture store the rows of q and k so that rotated pairs are adjacent; Qwen's do not.
    if config.architecture != Architecture::Llama {
        None
    } else if name.contains(".self_attn.q_proj.") {
        Some(config.num_heads)
    } else if name.contains(".self_attn.k_proj.") {
        Some(config.num_kv_heads)
    } else {
        None
    }
}
