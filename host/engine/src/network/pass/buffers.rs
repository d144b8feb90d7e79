//! Buffers of a pass: the tape of each layer, and scratch that all layers share.

use rayon::prelude::*;

/// What the forward pass keeps of one layer for the backward pass. Of the batch's N tokens, n are computed after attention:
/// the wanted ones in the last layer, all in the others.
#[derive(Debug, Default)]
pub(super) struct LayerTape {
    /// Input of the layer [N, hidden]
    pub(super) x: Vec<f32>,
    pub(super) norm1: Vec<f32>,
    pub(super) q: Vec<f32>,
    pub(super) k: Vec<f32>,
    pub(super) v: Vec<f32>,
    pub(super) lse: Vec<f32>,
    /// Token-major output of attention [n, heads · dim]
    pub(super) attention: Vec<f32>,
    /// In the last layer, the layer's input at the wanted tokens [n, hidden]
    pub(super) wanted_x: Vec<f32>,
    pub(super) o: Vec<f32>,
    pub(super) norm2: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) up: Vec<f32>,
    pub(super) down: Vec<f32>,
    /// z of every adapted linear layer, by module
    pub(super) z: [Vec<f32>; 7],
}

impl LayerTape {
    /// Number of values that are allocated.
    pub(super) fn values(&self) -> usize {
        let Self { x, norm1, q, k, v, lse, attention, wanted_x, o, norm2, gate, up, down, z } = self;
        let all = [x, norm1, q, k, v, lse, attention, wanted_x, o, norm2, gate, up, down].into_iter().chain(z);
        all.map(Vec::capacity).sum()
    }
}

/// Buffers shared by all layers.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) normed: Vec<f32>,
    pub(super) mid: Vec<f32>,
    pub(super) q_heads: Vec<f32>,
    pub(super) k_heads: Vec<f32>,
    pub(super) v_heads: Vec<f32>,
    pub(super) out_heads: Vec<f32>,
    pub(super) head_norm: Vec<f32>,
    pub(super) head_inv: Vec<f32>,
    pub(super) act: Vec<f32>,
    /// Token-major output of the last layer's attention, at all tokens [N, heads · dim]
    pub(super) attention: Vec<f32>,
}

impl Shared {
    /// Number of values that are allocated.
    pub(super) fn values(&self) -> usize {
        let Self { normed, mid, q_heads, k_heads, v_heads, out_heads, head_norm, head_inv, act, attention } = self;
        let all = [normed, mid, q_heads, k_heads, v_heads, out_heads, head_norm, head_inv, act, attention];
        all.into_iter().map(Vec::capacity).sum()
    }
}

/// Gradients of one layer's intermediates.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    pub(super) x: Vec<f32>,
    pub(super) g: Vec<f32>,
    pub(super) normed: Vec<f32>,
    pub(super) act: Vec<f32>,
    pub(super) up: Vec<f32>,
    pub(super) attention: Vec<f32>,
    /// In the last layer, the gradients of attention's output and of the layer's output, scattered to all tokens
    pub(super) all_tokens: Vec<f32>,
    pub(super) heads: Vec<f32>,
    pub(super) q_heads: Vec<f32>,
    pub(super) k_heads: Vec<f32>,
    pub(super) v_heads: Vec<f32>,
    pub(super) q: Vec<f32>,
    pub(super) k: Vec<f32>,
    pub(super) v: Vec<f32>,
}

impl Gradients {
    /// Number of values that are allocated.
    pub(super) fn values(&self) -> usize {
        let Self { x, g, normed, act, up, attention, all_tokens, heads, q_heads, k_heads, v_heads, q, k, v } = self;
        let all = [x, g, normed, act, up, attention, all_tokens, heads, q_heads, k_heads, v_heads, q, k, v];
        all.into_iter().map(Vec::capacity).sum()
    }
}

/// What follows the last layer, at the wanted tokens.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The last layer's output
    pub(super) x: Vec<f32>,
    pub(super) inv: Vec<f32>,
    pub(super) normed: Vec<f32>,
    pub(super) dnormed: Vec<f32>,
    pub(super) dx: Vec<f32>,
    pub(super) logits: Vec<f32>,
}

impl Tail {
    /// Number of values that are allocated.
    pub(super) fn values(&self) -> usize {
        let Self { x, inv, normed, dnormed, dx, logits } = self;
        [x, inv, normed, dnormed, dx, logits].into_iter().map(Vec::capacity).sum()
    }
}

/// Resizes `buffer` to `n` values of arbitrary content.
pub(super) fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.resize(n, 0.0);
    buffer
}

/// Resizes `buffer` to `n` zeros.
pub(super) fn zeroed(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.clear();
    buffer.resize(n, 0.0);
    buffer
}

/// Grows the buffer to exactly `n` values, and frees the old memory first: all buffers grow at the same micro-batch, and the
/// next one can use the memory that this one frees.
pub(super) fn make_room(buffer: &mut Vec<f32>, n: usize) {
    if buffer.capacity() < n {
        *buffer = Vec::new();
        buffer.reserve_exact(n);
    }
}

/// Values per parallel task of an element-wise operation.
pub(super) const BLOCK: usize = 1 << 15;

pub(super) fn sum_into(out: &mut [f32], a: &[f32], b: &[f32]) {
    out.par_chunks_mut(BLOCK).zip(a.par_chunks(BLOCK)).zip(b.par_chunks(BLOCK)).for_each(|((out, a), b)| {
        out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = a + b);
    });
}

/// Copies these rows of `from` to `out`, in order.
pub(super) fn gather<'o>(out: &'o mut Vec<f32>, from: &[f32], rows: &[usize], width: usize) -> &'o [f32] {
    let out = sized(out, rows.len() * width);
    for (out, &row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&from[row * width..][..width]);
    }
    out
}

/// The inverse of [`gather`]: the rows of `from` at their places among the rows of all `tokens`, zeros elsewhere.
pub(super) fn scatter<'o>(
    out: &'o mut Vec<f32>,
    from: &[f32],
    rows: &[usize],
    width: usize,
    tokens: usize,
) -> &'o mut [f32] {
    let out = zeroed(out, tokens * width);
    for (from, &row) in from.chunks_exact(width).zip(rows) {
        out[row * width..][..width].copy_from_slice(from);
    }
    out
}

pub(super) fn copy_into(out: &mut [f32], from: &[f32]) {
    out.par_chunks_mut(BLOCK).zip(from.par_chunks(BLOCK)).for_each(|(out, from)| out.copy_from_slice(from));
}
