//! Base models on disk: a folder in the layout of the Hugging Face hub, or one GGUF file. Both give Hugging Face tensor
//! names and f32 values, row-major `[out, in]`. Only local files are opened; downloading is done by the host.

pub mod floats;
pub(crate) mod folder;
pub mod gguf;
pub(crate) mod gguf_config;
pub(crate) mod gguf_names;
pub(crate) mod gguf_tokenizer;
pub(crate) mod hf_config;
pub mod safetensors;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hive_files::{hex, sha256_of_file};
use hive_text::chat_template::ChatTemplate;
use hive_text::tokenizer::Tokenizer;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use self::floats::FloatKind;
use super::config::ModelConfig;
use crate::error::{EngineError, Result};
use crate::ops::quantised::Quantised;

/// Named tensors, read one at a time.
pub trait TensorSource: Send + Sync {
    /// Every tensor's Hugging Face name (`model.layers.0.self_attn.q_proj.weight`), sorted.
    fn names(&self) -> Vec<String>;

    /// The shape of this tensor, `[out, in]` for a linear layer; `None` when there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// The values of this tensor, row-major.
    ///
    /// # Errors
    /// When there is no such tensor or its stored type is not supported.
    fn read(&self, name: &str) -> Result<Vec<f32>>;

    /// The quantised form of this tensor, rows in the order of [`Self::read`]; `None` when it is not stored in a format that
    /// the engine multiplies.
    fn quantised(&self, _name: &str) -> Option<Quantised> {
        None
    }

    /// Fills `out` with whole rows of this tensor from row `first` on, with the values of [`Self::read`]. Each value of a
    /// vector is a row. The rows must exist.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_rows(&self, name: &str, first: usize, out: &mut [f32]) -> Result<()> {
        let width = self.shape(name).map_or(1, |shape| row_width(&shape));
        out.copy_from_slice(&self.read(name)?[first * width..][..out.len()]);
        Ok(())
    }

    /// The storage type of this tensor, if it is a plain float type.
    fn float_kind(&self, _name: &str) -> Option<FloatKind> {
        None
    }
}

/// Values in one row of a tensor of this shape; 1 for a vector.
pub(crate) fn row_width(shape: &[usize]) -> usize {
    shape.iter().skip(1).product()
}

/// An opened base model: everything except the weights is in memory.
pub struct BaseModel {
    /// Its shape.
    pub config: ModelConfig,
    /// Its weights.
    pub tensors: Box<dyn TensorSource>,
    /// Its tokenizer; some test models have none.
    pub tokenizer: Option<Tokenizer>,
    /// Its chat template, if it has one.
    pub chat_template: Option<ChatTemplate>,
    /// Its name in messages: that of the folder or file.
    pub name: String,
    /// The files that hold the weights, sorted by name.
    pub weight_files: Vec<PathBuf>,
    digest: OnceLock<String>,
}

impl std::fmt::Debug for BaseModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BaseModel")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("weight_files", &self.weight_files)
            .finish_non_exhaustive()
    }
}

impl BaseModel {
    /// A model from its parts, without tokenizer and chat template. Without weight files, [`Self::digest`] is that of an empty
    /// list.
    pub fn new(config: ModelConfig, tensors: Box<dyn TensorSource>, name: String, weight_files: Vec<PathBuf>) -> Self {
        Self { config, tensors, tokenizer: None, chat_template: None, name, weight_files, digest: OnceLock::new() }
    }

    /// The digest of the weights in lower-case hex: the sha256 of the weights file. For shards it is the sha256 of their
    /// sha256s, as hex lines sorted by file name, so the names themselves do not enter it. Computed at the first call, on one
    /// core per file.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn digest(&self) -> Result<&str> {
        self.digest_with(sha256_of_file)
    }

    /// As [`Self::digest`], with the sha256 of each file from `sha256_of`, which may know it without reading the file.
    ///
    /// # Errors
    /// Those of `sha256_of`.
    pub fn digest_with(&self, sha256_of: impl Fn(&Path) -> hive_files::Result<String> + Sync) -> Result<&str> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digests: Vec<String> =
            self.weight_files.par_iter().map(|path| sha256_of(path)).collect::<Result<_, _>>()?;
        let digest = match digests.as_slice() {
            [single] => single.clone(),
            shards => hex(&Sha256::digest(shards.iter().map(|d| format!("{d}\n")).collect::<String>())),
        };
        Ok(self.digest.get_or_init(|| digest))
    }
}

/// Opens a base model: a folder (`config.json`, `model.safetensors` or shards with
/// `model.safetensors.index.json`, and where present `generation_config.json`, `tokenizer.json`,
/// `tokenizer_config.json`, `chat_template.jinja`), a folder with one `.gguf` file, or such a file.
///
/// # Errors
/// When files are missing, truncated or damaged, or describe a model that the engine does not support.
pub fn open(path: &Path) -> Result<BaseModel> {
    if path.is_dir() {
        return match folder::only_gguf(path)? {
            Some(file) => gguf::open(&file),
            None => folder::open(path),
        };
    }
    if !path.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(EngineError::io("open base model", path, source));
    }
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")) {
        return gguf::open(path);
    }
    Err(EngineError::format(path, "expected a folder with `config.json` and safetensors, or a `.gguf` file"))
}

/// The name of a file or folder, for messages.
fn display_name(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn no_such_tensor(source: &dyn TensorSource, name: &str) -> EngineError {
    EngineError::unsupported(format!(
        "Failed to read tensor `{name}`: the base model has no such tensor among its {}",
        source.names().len()
    ))
}

#[cfg(test)]
mod tests;
