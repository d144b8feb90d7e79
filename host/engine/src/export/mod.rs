//! Exports a model for other programs, as a Hugging Face folder ([`to_folder`]) or a GGUF file ([`to_gguf`]). The weights
//! come from any [`TensorSource`], such as a merged one, and are written a few rows at a time. Configuration, tokenizer and
//! chat template are the base model's: copied if the base is in the same format, composed if not. Whether existing files may
//! be replaced is decided by the caller.

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

/// A model to export.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The base model, for shape, tokenizer, chat template and files to copy.
    pub model: &'a BaseModel,
    /// The weights, with the names and shapes of `model`'s.
    pub tensors: &'a dyn TensorSource,
    /// The type that weights are stored in. Vectors in a GGUF file are always F32, because llama.cpp supports nothing else.
    pub dtype: FloatKind,
}

/// The result of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Hugging Face names of the tensors written.
    pub tensors: Vec<String>,
    /// Total size of the files in bytes.
    pub bytes: u64,
}

/// Called while weights are written, with the bytes written so far and in total. An error aborts the export, and nothing is
/// left on disk.
pub type Progress<'a> = dyn FnMut(u64, u64) -> Result<()> + 'a;

/// Formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Hugging Face folder.
    Folder,
    /// A GGUF file.
    Gguf,
}

/// The default type of exported weights. In a folder, the type of the base, so that merging changes values only; BF16, in
/// which such models are usually published, if the base is quantised. In a GGUF file, F16, which every version of llama.cpp
/// reads and its quantiser takes as input.
pub fn default_dtype(form: Form, model: &BaseModel) -> FloatKind {
    match form {
        Form::Gguf => FloatKind::F16,
        // Taken from a layer's matrix, because the embedding of a quantised file is sometimes in plain floats.
        Form::Folder => model.tensors.float_kind("model.layers.0.self_attn.q_proj.weight").unwrap_or(FloatKind::Bf16),
    }
}

/// The source of a base model.
enum Origin {
    /// A Hugging Face folder.
    Folder(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
    /// Created in memory.
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

/// Fails early if the disk does not have enough space.
fn check_space(path: &Path, needed: u64) -> Result<()> {
    match free_bytes(path) {
        Some(free) if free < needed => {
            let source = std::io::Error::from(ErrorKind::StorageFull);
            Err(FileError::DiskFull { path: path.to_owned(), needed, free: Some(free), source }.into())
        }
        _ => Ok(()),
    }
}
