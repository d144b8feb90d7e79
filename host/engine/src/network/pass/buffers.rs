//! What a pass keeps between its layers and for the next batch.

use rayon::prelude::*;

/// What the forward pass keeps of one layer. Sizes in values: N tokens, n of them wanted behind the
/// attention: all, but in the last layer.
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
    /// In the last layer, its input at the wanted tokens [n, hidden]
    pub(super) wanted_x: Vec<f32>,
    pub(super) o: Vec<f32>,
    pub(super) norm2: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) up: Vec<f32>,
    pub(super) down: Vec<f32>,
    /// z of every adapted linear
    pub(super) z: [Vec<f32>; 7],
}

impl LayerTape {
    /// Values there is room for.
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
    /// Token-major output of the last layer's attention, at all tokens
    pub(super) attention: Vec<f32>,
}

impl Shared {
    /// Values there is room for.
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
    /// In the last layer, of its attention and its output at all tokens
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
    /// Values there is room for.
    pub(super) fn values(&self) -> usize {
        let Self { x, g, normed, act, up, attention, all_tokens, heads, q_heads, k_heads, v_heads, q, k, v } = self;
        let all = [x, g, normed, act, up, attention, all_tokens, heads, q_heads, k_heads, v_heads, q, k, v];
        all.into_iter().map(Vec::capacity).sum()
    }
}

/// What comes behind the last layer, at the tokens that are wanted of it.
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
    /// Values there is room for.
    pub(super) fn values(&self) -> usize {
        let Self { x, inv, normed, dnormed, dx, logits } = self;
        [x, inv, normed, dnormed, dx, logits].into_iter().map(Vec::capacity).sum()
    }
}

/// Makes `buffer` hold `n` values, whatever they are.
pub(super) fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.resize(n, 0.0);
    buffer
}

/// Makes `buffer` hold `n` zeros.
pub(super) fn zeroed(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.clear();
    buffer.resize(n, 0.0);
    buffer
}

/// Grows to exactly what is needed, and gives the old memory back first: all buffers grow at the
/// same micro-batch, and what one leaves is what the next can use.
pub(super) fn make_room(buffer: &mut Vec<f32>, n: usize) {
    if buffer.capacity() < n {
        *buffer = Vec::new();
        buffer.reserve_exact(n);
    }
}

/// Values per parallel task of an element-wise pass.
pub(super) const BLOCK: usize = 1 << 15;

pub(super) fn sum_into(out: &mut [f32], a: &[f32], b: &[f32]) {
    out.par_chunks_mut(BLOCK).zip(a.par_chunks(BLOCK)).zip(b.par_chunks(BLOCK)).for_each(|((out, a), b)| {
        out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = a + b);
    });
}

/// Rows of `from`, one behind the other.
pub(super) fn gather<'o>(out: &'o mut Vec<f32>, from: &[f32], rows: &[usize], width: usize) -> &'o [f32] {
    let out = sized(out, rows.len() * width);
    for (out, &row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&from[row * width..][..width]);
    }
    out
}

/// The opposite: `from`'s rows at their places among `all` rows, zeros between.
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
