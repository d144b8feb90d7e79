//! Integer tensors from safetensors files: token ids, labels and masks from the user.

use std::path::Path;

use hive_engine::EngineError;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

/// Shape and values of the integer tensor `name` (I64 or I32) in a safetensors file.
///
/// # Errors
/// When the file cannot be read or is damaged, or has no such integer tensor.
pub fn integers(path: &Path, name: &str) -> Result<(Vec<usize>, Vec<i64>), EngineError> {
    let bytes = std::fs::read(path).map_err(|e| EngineError::io("read", path, e))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| EngineError::format(path, format!("it is not a whole safetensors file: {e}")))?;
    let view = file.tensor(name).map_err(|_| {
        let mut names = file.names();
        names.sort_unstable();
        EngineError::format(path, format!("it has no tensor `{name}` (it has: {})", names.join(", ")))
    })?;
    let values = match view.dtype() {
        Dtype::I64 => view.data().chunks_exact(8).map(|b| i64::from_le_bytes(fixed(b))).collect(),
        Dtype::I32 => view.data().chunks_exact(4).map(|b| i64::from(i32::from_le_bytes(fixed(b)))).collect(),
        other => return Err(EngineError::format(path, format!("`{name}` holds {other:?}, expected I64"))),
    };
    Ok((view.shape().to_vec(), values))
}

/// Token ids given as integers.
///
/// # Errors
/// When one is negative or larger than any vocabulary.
pub fn token_ids(path: &Path, ids: &[i64]) -> Result<Vec<u32>, EngineError> {
    let id = |id: &i64| {
        u32::try_from(*id)
            .map_err(|_| EngineError::format(path, format!("`input_ids` holds {id}, expected token ids from 0 on")))
    };
    ids.iter().map(id).collect()
}

/// The bytes as an array; `chunks_exact` guarantees the length.
fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}
