//! Writes a model so that other programs load it: a Hugging Face folder ([`to_folder`]) or one GGUF
//! file ([`to_gguf`]). The weights come from any [`TensorSource`], a merged one say, and go to the
//! file a few rows at a time; what comes along (shape, tokenizer, chat template) is that of a base
//! model, copied where it is in the form that is written and composed where it is not. Whether
//! something may be replaced is for the caller to say.

mod folder;
mod gguf;
mod gguf_file;
mod gguf_metadata;
mod hf_config;
mod rows;
mod safetensors_file;
mod special_tokens;

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use folder::{is_written, to_folder};
pub use gguf::to_gguf;

use hive_files::{FileError, free_bytes};

use crate::error::Result;
use crate::weights::source::floats::FloatKind;
use crate::weights::source::{BaseModel, TensorSource};

/// A model to be written.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The base: its shape, its tokenizer, its chat template, and where its files are.
    pub model: &'a BaseModel,
    /// The weights, of the names and shapes of `model`'s.
    pub tensors: &'a dyn TensorSource,
    /// How the weights are stored. In a GGUF file vectors are F32 whatever this says, because
    /// llama.cpp computes with no others.
    pub dtype: FloatKind,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Hugging Face names of the tensors.
    pub tensors: Vec<String>,
    /// Bytes of all files together.
    pub bytes: u64,
}

/// Called as weights are written, with the bytes of them that are there and those that will be. An
/// error ends the writing, and nothing is left of it.
pub type Progress<'a> = dyn FnMut(u64, u64) -> Result<()> + 'a;

/// The forms in which a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Hugging Face folder.
    Folder,
    /// A GGUF file.
    Gguf,
}

/// How the weights are stored unless someone says otherwise. In a folder as the base stores them, so
/// that merging changes nothing but values; BF16, which is what such models are trained and published
/// in, where the base is quantised. In a GGUF file F16, which every llama.cpp reads and which its
/// quantiser starts from.
pub fn default_dtype(form: Form, model: &BaseModel) -> FloatKind {
    match form {
        Form::Gguf => FloatKind::F16,
        // A layer's matrix, because the embedding of a quantised file is sometimes in plain floats.
        Form::Folder => model.tensors.float_kind("model.layers.0.self_attn.q_proj.weight").unwrap_or(FloatKind::Bf16),
    }
}

/// Where a base model was read from.
enum Origin {
    /// A Hugging Face folder.
    Folder(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
    /// Nowhere: it was made in memory.
    Memory,
}

impl Origin {
    fn of(model: &BaseModel) -> Self {
        let Some(file) = model.weight_files.first() else { return Self::Memory };
        if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")) {
            return Self::Gguf(file.clone());
        }
        Self::Folder(file.parent().unwrap_or(Path::new("")).to_owned())
    }
}

/// Refuses to begin what the disk has no room for.
fn check_space(path: &Path, needed: u64) -> Result<()> {
    match free_bytes(path) {
        Some(free) if free < needed => {
            let source = std::io::Error::from(ErrorKind::StorageFull);
            Err(FileError::DiskFull { path: path.to_owned(), needed, free: Some(free), source }.into())
        }
        _ => Ok(()),
    }
}
