//! Tensors from their source to a file, a few rows at a time: read, converted, perhaps in another
//! order of rows, written. It knows no file format.

use std::io::Write;
use std::path::Path;

use super::Progress;
use crate::error::{EngineError, Result};
use crate::weights::source::floats::FloatKind;
use crate::weights::source::gguf::original_row;
use crate::weights::source::{TensorSource, row_width};

/// Values that are read at once, unless one set of rows that belong together has more: 4 MB as f32,
/// of which there are two or three.
const BLOCK: usize = 1 << 20;

/// Rows that merging computes together (see `ops::dora`). Blocks are a multiple of it, so that how a
/// tensor is cut leaves no trace in it.
const TOGETHER: usize = 64;

/// A tensor of a file that is to be written.
pub(super) struct Tensor {
    /// Its name in the source.
    pub(super) name: String,
    /// Its name in the file.
    pub(super) stored_name: String,
    /// Its shape, in the source's order: `[out, in]` for a linear layer.
    pub(super) shape: Vec<usize>,
    /// How it is stored.
    pub(super) dtype: FloatKind,
    /// Heads whose rows are stored in GGUF's order.
    pub(super) permuted_heads: Option<usize>,
    /// Its values, where the source has no such tensor.
    pub(super) values: Option<Vec<f32>>,
}

impl Tensor {
    /// Bytes that it takes in the file.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64 * self.dtype.size() as u64
    }
}

/// Writes tensors one after the other.
pub(super) struct RowWriter<'a> {
    source: &'a dyn TensorSource,
    progress: &'a mut Progress<'a>,
    /// Bytes of tensors written so far.
    done: u64,
    /// Bytes of all tensors that will be.
    total: u64,
    values: Vec<f32>,
    bytes: Vec<u8>,
}

impl<'a> RowWriter<'a> {
    /// For these tensors of `source`.
    pub(super) fn new(source: &'a dyn TensorSource, tensors: &[Tensor], progress: &'a mut Progress<'a>) -> Self {
        let total = tensors.iter().map(Tensor::bytes).sum();
        Self { source, progress, done: 0, total, values: Vec::new(), bytes: Vec::new() }
    }

    /// Writes the values of a tensor to `file`, which is at `path`.
    ///
    /// # Errors
    /// When they cannot be read or written, one of them is no finite number in the type that it is to
    /// be stored in, or the progress is not wanted to go on.
    pub(super) fn write(&mut self, tensor: &Tensor, file: &mut dyn Write, path: &Path) -> Result<()> {
        let (rows, width) = (tensor.shape.first().copied().unwrap_or(1), row_width(&tensor.shape));
        // Rows change places within a head: a block has whole heads.
        let head = tensor.permuted_heads.map(|heads| rows / heads);
        let together = head.map_or(TOGETHER, |head| lcm(TOGETHER, head));
        let block = (BLOCK / width.max(1) / together * together).max(together);
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

/// The error about the value at place `at` of a tensor.
fn not_storable(tensor: &Tensor, at: usize, value: f32) -> EngineError {
    let (name, dtype) = (&tensor.name, tensor.dtype);
    let place = match tensor.shape.as_slice() {
        &[_, columns] => format!("row {}, column {}", at / columns, at % columns),
        _ => format!("value {at}"),
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
