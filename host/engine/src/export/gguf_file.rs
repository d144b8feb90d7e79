//! Writes GGUF files, version 3, little-endian. Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//!
//! Tensors are streamed, a few rows at a time.

use std::collections::HashMap;
use std::path::Path;

use hive_files::write_file_with;

use super::rows::{RowWriter, Tensor};
use crate::error::{EngineError, Result};
use crate::weights::gguf::value::STRING;
use crate::weights::gguf::{TensorType, Value};

/// Alignment of tensors: the default of the format.
const ALIGNMENT: u64 = 32;
const VERSION: u32 = 3;

/// Everything before the first tensor, padding included: metadata (sorted by key, the architecture first) and the offset of
/// each tensor.
///
/// # Errors
/// When an array in the metadata has values of several types.
pub(super) fn header(path: &Path, metadata: &HashMap<String, Value>, tensors: &[Tensor]) -> Result<Vec<u8>> {
    let mut out = b"GGUF".to_vec();
    out.extend(VERSION.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    let mut entries: Vec<(&String, &Value)> = metadata.iter().collect();
    entries.sort_by_key(|(key, _)| (*key != "general.architecture", *key));
    for (key, value) in entries {
        put_text(&mut out, key);
        out.extend(value.type_number().to_le_bytes());
        put_value(&mut out, value)
            .map_err(|problem| EngineError::format(path, format!("`{key}` cannot be written: {problem}")))?;
    }
    let mut offset = 0u64;
    for tensor in tensors {
        put_text(&mut out, &tensor.stored_name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        // Dimensions are listed from the innermost, along which values are contiguous.
        for dimension in tensor.shape.iter().rev() {
            out.extend((*dimension as u64).to_le_bytes());
        }
        out.extend(TensorType::Float(tensor.dtype).number().to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += tensor.bytes().next_multiple_of(ALIGNMENT);
    }
    out.resize(out.len().next_multiple_of(ALIGNMENT as usize), 0);
    Ok(out)
}

/// Size in bytes of the file that begins with `header`.
pub(super) fn length(header: &[u8], tensors: &[Tensor]) -> u64 {
    header.len() as u64 + tensors.iter().map(|tensor| tensor.bytes().next_multiple_of(ALIGNMENT)).sum::<u64>()
}

/// Writes the file: the header, then the tensors, each padded to the alignment.
///
/// # Errors
/// When it cannot be written, or a tensor cannot be read or converted.
pub(super) fn write(path: &Path, header: &[u8], tensors: &[Tensor], rows: &mut RowWriter<'_>) -> Result<()> {
    let length = length(header, tensors);
    let fault = |e| EngineError::io_of("write", path, e, length);
    write_file_with(path, length, |file| {
        file.write_all(header).map_err(fault)?;
        for tensor in tensors {
            rows.write(tensor, file, path)?;
            let padding = tensor.bytes().next_multiple_of(ALIGNMENT) - tensor.bytes();
            file.write_all(&[0; ALIGNMENT as usize][..padding as usize]).map_err(fault)?;
        }
        Ok(())
    })
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) -> Result<(), String> {
    match value {
        Value::U8(n) => out.push(*n),
        Value::I8(n) => out.extend(n.to_le_bytes()),
        Value::U16(n) => out.extend(n.to_le_bytes()),
        Value::I16(n) => out.extend(n.to_le_bytes()),
        Value::U32(n) => out.extend(n.to_le_bytes()),
        Value::I32(n) => out.extend(n.to_le_bytes()),
        Value::U64(n) => out.extend(n.to_le_bytes()),
        Value::I64(n) => out.extend(n.to_le_bytes()),
        Value::F32(n) => out.extend(n.to_le_bytes()),
        Value::F64(n) => out.extend(n.to_le_bytes()),
        Value::Bool(yes) => out.push(u8::from(*yes)),
        Value::String(text) => put_text(out, text),
        Value::Array(list) => {
            // The type of an empty array is not kept; the arrays in use are arrays of strings.
            let kind = list.first().map_or(STRING, Value::type_number);
            if let Some(other) = list.iter().map(Value::type_number).find(|other| *other != kind) {
                return Err(format!("it is a list of values of the types {kind} and {other}, expected one type"));
            }
            out.extend(kind.to_le_bytes());
            out.extend((list.len() as u64).to_le_bytes());
            list.iter().try_for_each(|value| put_value(out, value))?;
        }
    }
    Ok(())
}
