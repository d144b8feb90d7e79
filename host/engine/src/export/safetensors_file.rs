//! Writes safetensors files, streaming the tensors a few rows at a time. The crate's `serialize_to_file` takes whole tensors,
//! and has no way to report that reading one failed. Format: <https://github.com/huggingface/safetensors#format>.

use std::path::Path;

use hive_files::write_file_with;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::rows::{RowWriter, Tensor};
use crate::error::{EngineError, Result};
use crate::weights::source::floats::FloatKind;

/// The header is padded to a multiple of this, so that the tensors are aligned to it.
const ALIGNMENT: usize = 8;

/// The beginning of a file with these tensors: the header, preceded by its length. The metadata declares the format of PyTorch,
/// which transformers requires.
///
/// # Errors
/// When the tensors are inconsistent.
pub(super) fn header(path: &Path, tensors: &[Tensor]) -> Result<Vec<u8>> {
    let fault = |e: &dyn std::fmt::Display| EngineError::format(path, format!("its header cannot be written: {e}"));
    let mut end = 0;
    let infos = tensors.iter().map(|tensor| {
        let start = end;
        end += tensor.bytes() as usize;
        let dtype = match tensor.dtype {
            FloatKind::F32 => Dtype::F32,
            FloatKind::F16 => Dtype::F16,
            FloatKind::Bf16 => Dtype::BF16,
        };
        let info = TensorInfo { dtype, shape: tensor.shape.clone(), data_offsets: (start, end) };
        (tensor.stored_name.clone(), info)
    });
    let format = [("format".to_owned(), "pt".to_owned())].into();
    let metadata = Metadata::new(Some(format), infos.collect()).map_err(|e| fault(&e))?;
    let mut text = serde_json::to_vec(&metadata).map_err(|e| fault(&e))?;
    text.resize(text.len().next_multiple_of(ALIGNMENT), b' ');
    Ok([&(text.len() as u64).to_le_bytes()[..], &text].concat())
}

/// Writes the file: the header, then the tensors.
///
/// # Errors
/// When it cannot be written, or a tensor cannot be read or converted.
pub(super) fn write(path: &Path, header: &[u8], tensors: &[Tensor], rows: &mut RowWriter<'_>) -> Result<()> {
    let length = header.len() as u64 + tensors.iter().map(Tensor::bytes).sum::<u64>();
    write_file_with(path, length, |file| {
        file.write_all(header).map_err(|e| EngineError::io_of("write", path, e, length))?;
        tensors.iter().try_for_each(|tensor| rows.write(tensor, file, path))
    })
}
