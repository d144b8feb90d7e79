//! Export as a GGUF file that llama.cpp loads.

use std::path::Path;

use super::rows::{RowWriter, Tensor};
use super::special_tokens::SpecialTokens;
use super::{Export, Origin, Progress, Written, check_space, gguf_file, gguf_metadata};
use crate::error::{EngineError, Result};
use crate::weights::decoder::checked_tensors;
use crate::weights::source::floats::FloatKind;
use crate::weights::source::gguf::{carried, permuted_heads};
use crate::weights::source::gguf_names::{ROPE_FREQUENCIES, gguf_name};

/// Writes the model as a GGUF file at `out`, replacing an existing one. The write is atomic: to a temporary file, then
/// renamed. Matrices are stored in the requested type, vectors in F32. Tied embeddings stay tied: there is no
/// `output.weight` then.
///
/// # Errors
/// When the tensors are not those of the model, a value does not fit the type, GGUF or llama.cpp does not support the model,
/// or something cannot be read or written; `out` is then unchanged.
pub fn to_gguf(export: Export<'_>, out: &Path, progress: &mut Progress<'_>) -> Result<Written> {
    let Export { model, dtype, .. } = export;
    gguf_metadata::check(&model.config)?;
    let mut tensors = Vec::new();
    for (name, shape) in checked_tensors(&model.config, export.tensors)? {
        let stored_name = gguf_name(&name)
            .ok_or_else(|| EngineError::unsupported(format!("GGUF has no name for the tensor `{name}`")))?;
        let permuted_heads = permuted_heads(&model.config, &name);
        let dtype = if shape.len() == 1 { FloatKind::F32 } else { dtype };
        tensors.push(Tensor { name, stored_name, shape, dtype, permuted_heads, values: None });
    }
    let (metadata, frequencies) = match Origin::of(model) {
        Origin::Gguf(file) => {
            let old = carried(&file)?;
            (gguf_metadata::carried(old.metadata, dtype), old.rope_frequencies)
        }
        Origin::Folder(folder) => {
            let tokens = SpecialTokens::from_folder(&folder, model)?;
            (gguf_metadata::composed(model, &tokens, dtype)?, gguf_metadata::rope_frequencies(&model.config))
        }
        Origin::Memory => {
            let tokens = SpecialTokens::from_config(model);
            (gguf_metadata::composed(model, &tokens, dtype)?, gguf_metadata::rope_frequencies(&model.config))
        }
    };
    let names = tensors.iter().map(|tensor| tensor.name.clone()).collect();
    tensors.extend(frequencies.map(|values| Tensor {
        name: ROPE_FREQUENCIES.to_owned(),
        stored_name: ROPE_FREQUENCIES.to_owned(),
        shape: vec![values.len()],
        dtype: FloatKind::F32,
        permuted_heads: None,
        values: Some(values),
    }));
    // In the order in which a reader needs them; layers keep their order.
    tensors.sort_by_key(|tensor| match tensor.stored_name.as_str() {
        "token_embd.weight" => 0,
        ROPE_FREQUENCIES => 1,
        name if name.starts_with("blk.") => 2,
        _ => 3,
    });
    let header = gguf_file::header(out, &metadata, &tensors)?;
    let bytes = gguf_file::length(&header, &tensors);
    check_space(out, bytes)?;
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|e| EngineError::io("create", parent, e))?;
    }
    let mut rows = RowWriter::new(export.tensors, &tensors, progress);
    gguf_file::write(out, &header, &tensors, &mut rows)?;
    Ok(Written { tensors: names, bytes })
}
