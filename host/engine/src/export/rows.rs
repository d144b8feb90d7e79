//! Streams tensors from their source to a file, a few rows at a time: reads, converts, permutes rows if necessary, and writes.
//! Independent of the file format.

use std::io::Write;
use std::path::Path;

use super::Progress;
use crate::error::{EngineError, Result};
use crate::ops::dora::MERGE_BLOCK;
use crate::weights::source::floats::FloatKind;
use crate::weights::source::gguf::original_row;
use crate::weights::source::{TensorSource, row_width};

/// Values per block, unless the rows that must stay together have more: 4 MB in f32, of which two or three are allocated.
const BLOCK: usize = 1 << 20;

/// A tensor to be written.
pub(super) struct Tensor {
    /// Its name in the source.
    pub(super) name: String,
    /// Its name in the file.
    pub(super) stored_name: String,
    /// Its shape, in the source's order: `[out, in]` for a linear layer.
    pub(super) shape: Vec<usize>,
    /// The type it is stored in.
    pub(super) dtype: FloatKind,
    /// Number of heads, if its rows are stored in GGUF's order.
    pub(super) permuted_heads: Option<usize>,
    /// Its values, if the source does not have the tensor.
    pub(super) values: Option<Vec<f32>>,
}

impl Tensor {
    /// Size in the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64 * self.dtype.size() as u64
    }
}

/// Writes tensors one by one.
pub(super) struct RowWriter<'a> {
    source: &'a dyn TensorSource,
    progress: &'a mut Progress<'a>,
    /// Bytes written so far.
    done: u64,
    /// Total bytes of all tensors.
    total: u64,
    values: Vec<f32>,
    bytes: Vec<u8>,
}

impl<'a> RowWriter<'a> {
    /// A writer of these tensors of `source`.
    pub(super) fn new(source: &'a dyn TensorSource, tensors: &[Tensor], progress: &'a mut Progress<'a>) -> Self {
        let total = tensors.iter().map(Tensor::bytes).sum();
        Self { source, progress, done: 0, total, values: Vec::new(), bytes: Vec::new() }
    }

    /// Writes the values of a tensor to `file`, which is at `path`.
    ///
    /// # Errors
    /// When they cannot be read or written, one of them is not finite in the type it is stored in, or the progress callback
    /// fails.
    pub(super) fn write(&mut self, tensor: &Tensor, file: &mut dyn Write, path: &Path) -> Result<()> {
        let (rows, width) = (tensor.shape.first().copied().unwrap_or(1), row_width(&tensor.shape));
        // A block has whole heads, within which rows are permuted, and whole blocks of merging, so that the result does not
        // depend on the size of blocks.
        let head = tensor.permuted_heads.map(|heads| rows / heads);
        let unit = head.map_or(MERGE_BLOCK, |head| lcm(MERGE_BLOCK, head));
        let block = (BLOCK / width.max(1) / unit * unit).max(unit);
        for first in (0..rows).step_by(block) {
            let count = block.min(rows - first);
            self.values.resize(count * width, 0.0);
            match &tensor.values {
                Some(values) => self.values.copy_from_slice(&values[first * width..][..count * width]),
                None => self.source.read_rows(&tensor.name, first, &mut self.values)?,
            }
            self.bytes.resize(self.values.len() * tensor.dtype.size(), 0);
            if let Some(at) = tensor.dtype.encode(&self.values, &mut self.bytes) {
                return Err(not_storable(tensor, first * width + at, self.values[at]));
            }
            let fault = |e| EngineError::io_of("write", path, e, self.total);
            match head {
                None => file.write_all(&self.bytes).map_err(fault)?,
                Some(head) => {
                    let row_bytes = width * tensor.dtype.size();
                    for row in (0..count).map(|row| original_row(row, head)) {
                        file.write_all(&self.bytes[row * row_bytes..][..row_bytes]).map_err(fault)?;
                    }
                }
            }
            self.done += self.bytes.len() as u64;
            (self.progress)(self.done, self.total)?;
        }
        Ok(())
    }
}

/// The error about a value of a tensor that cannot be stored.
fn not_storable(tensor: &Tensor, index: usize, value: f32) -> EngineError {
    let (name, dtype) = (&tensor.name, tensor.dtype);
    let place = match tensor.shape.as_slice() {
        &[_, columns] => format!("row {}, column {}", index / columns, index % columns),
        _ => format!("value {index}"),
    };
    if !value.is_finite() {
        return EngineError::unsupported(format!(
            "Failed to write tensor `{name}`: {place} is {value}, expected a finite number; the base or the adapter \
             is damaged"
        ));
    }
    let instead = if dtype == FloatKind::F16 { "bf16 or f32" } else { "f32" };
    EngineError::unsupported(format!(
        "Failed to write tensor `{name}` as {dtype}: {place} is {value}, expected at most {} either way; {instead} \
         holds it",
        dtype.max()
    ))
}

/// The least common multiple of two numbers above 0.
fn lcm(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
