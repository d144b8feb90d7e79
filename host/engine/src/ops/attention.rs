//! Causal attention with grouped key/value heads (arXiv 2305.13245), in blocks of query rows. Probabilities are not
//! stored: only the log-normaliser of each row is, and the backward pass recomputes them (as in FlashAttention, arXiv
//! 2205.14135).
//!
//! All inputs are head-major (see [`super::rope`]). Tokens attend within their own record only; each record is a problem
//! of its own, so no block-diagonal mask is needed.

use rayon::prelude::*;

use super::matmul::{Transposed, multiply};
use super::matrix::{Threads, View, Write};
use super::rope::Segment;
use super::simd::dispatch::wide;
use super::simd::loops::{dot, exp, exp_and_sum, max};

/// Query rows per block: their scores against 800 keys fit the L2 cache. A multiple of the rows of a GEMM tile.
const BLOCK: usize = 60;

/// Sizes of an attention layer.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of a head.
    pub dim: usize,
}

impl Shape {
    /// Query heads that share a key/value head.
    pub fn group(&self) -> usize {
        self.heads / self.kv_heads
    }
}

/// What scores are multiplied by: 1/√dim.
fn scale(dim: usize) -> f32 {
    1.0 / (dim as f32).sqrt()
}

/// Splits `data` into one slice per (record, key/value head).
fn pieces<'a>(mut data: &'a mut [f32], segments: &[Segment], kv_heads: usize, per_token: usize) -> Vec<&'a mut [f32]> {
    let mut out = Vec::with_capacity(segments.len() * kv_heads);
    for segment in segments {
        for _ in 0..kv_heads {
            let (piece, rest) = data.split_at_mut(segment.len * per_token);
            out.push(piece);
            data = rest;
        }
    }
    out
}

/// `out = softmax(q·kᵀ/√dim, causal)·v`; q and out [tokens · heads · dim], k and v
/// [tokens · kv_heads · dim], all head-major. `lse` [tokens · heads] receives the log-sum-exp of each row.
pub fn forward(out: &mut [f32], lse: &mut [f32], q: &[f32], k: &[f32], v: &[f32], shape: Shape, segments: &[Segment]) {
    let (group, dim) = (shape.group(), shape.dim);
    let outs = pieces(out, segments, shape.kv_heads, group * dim);
    let lses = pieces(lse, segments, shape.kv_heads, group);
    outs.into_par_iter().zip(lses).enumerate().for_each_init(Default::default, |scratch, (i, (out, lse))| {
        let (keys, scores): &mut (Transposed, Vec<f32>) = scratch;
        let (segment, kv_head) = (segments[i / shape.kv_heads], i % shape.kv_heads);
        let (len, size) = (segment.len, segment.len * dim);
        let kv = (segment.start * shape.kv_heads + kv_head * len) * dim;
        let q = &q[(segment.start * shape.heads + kv_head * group * len) * dim..][..group * size];
        // Once for all query heads of the group and all blocks of their rows.
        let keys = keys.fill(View::new(&k[kv..][..size], len, dim));
        for ((out, lse), q) in out.chunks_exact_mut(size).zip(lse.chunks_exact_mut(len)).zip(q.chunks_exact(size)) {
            head_forward(out, lse, q, keys, &v[kv..][..size], 0, scores);
        }
    });
}

/// One head, with `before` keys from earlier positions: query row t sees keys `0..=before + t`. q and out [rows, dim];
/// k [dim, before + rows], v [before + rows, dim]; lse `[rows]`.
pub fn head_forward(
    out: &mut [f32],
    lse: &mut [f32],
    q: &[f32],
    k: View,
    v: &[f32],
    before: usize,
    scores: &mut Vec<f32>,
) {
    let dim = k.rows();
    let scale = scale(dim);
    for (block, (out, lse)) in out.chunks_mut(BLOCK * dim).zip(lse.chunks_mut(BLOCK)).enumerate() {
        let (first, rows) = (block * BLOCK, lse.len());
        let keys = before + first + rows;
        scores.resize(rows * keys, 0.0);
        let q = View::new(&q[first * dim..][..rows * dim], rows, dim);
        multiply(scores, keys, q, k.columns(keys), scale, Write::Replace, Threads::One);
        wide!({
            for (t, (row, lse)) in scores.chunks_exact_mut(keys).zip(lse).enumerate() {
                let (seen, hidden) = row.split_at_mut(before + first + t + 1);
                let top = max(seen);
                let sum = exp_and_sum(seen, top);
                *lse = (f64::from(top) + sum.ln()) as f32;
                let share = (1.0 / sum) as f32;
                seen.iter_mut().for_each(|p| *p *= share);
                hidden.fill(0.0);
            }
        });
        let v = View::new(&v[..keys * dim], keys, dim);
        multiply(out, dim, View::new(scores, rows, keys), v, 1.0, Write::Replace, Threads::One);
    }
}

/// One query of one head against keys and values [seen, dim]: for a few tokens, where reading the keys takes most of the
/// time. The result does not depend on other queries.
pub fn one_query(out: &mut [f32], q: &[f32], k: &[f32], v: &[f32], scores: &mut Vec<f32>) {
    let dim = q.len();
    let scale = scale(dim);
    scores.clear();
    wide!({
        scores.extend(k.chunks_exact(dim).map(|k| scale * dot(q, k)));
        let top = max(scores);
        let sum = exp_and_sum(scores, top) as f32;
        out.fill(0.0);
        for (p, v) in scores.iter().zip(v.chunks_exact(dim)) {
            let p = p / sum;
            out.iter_mut().zip(v).for_each(|(out, v)| *out += p * v);
        }
    });
}

/// Inputs of the backward pass that the forward pass saved, all head-major.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// Queries, as in [`forward`].
    pub q: &'a [f32],
    /// Keys.
    pub k: &'a [f32],
    /// Values.
    pub v: &'a [f32],
    /// The output of [`forward`].
    pub out: &'a [f32],
    /// The log-sum-exps of [`forward`].
    pub lse: &'a [f32],
}

/// Gradients of q, k and v from that of the output, all head-major. The destinations are overwritten.
///
/// With P = exp(S − lse): dV = Pᵀ·dO, dS = P ⊙ (dO·Vᵀ − rowsum(dO ⊙ O)), dQ = dS·K/√dim,
/// dK = dSᵀ·Q/√dim, summed over the query heads of a group.
pub fn backward(
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
    dout: &[f32],
    saved: Saved,
    shape: Shape,
    segments: &[Segment],
) {
    let (group, dim) = (shape.group(), shape.dim);
    let dqs = pieces(dq, segments, shape.kv_heads, group * dim);
    let dks = pieces(dk, segments, shape.kv_heads, dim);
    let dvs = pieces(dv, segments, shape.kv_heads, dim);
    dqs.into_par_iter().zip(dks).zip(dvs).enumerate().for_each_init(
        BackwardScratch::default,
        |scratch, (i, ((dq, dk), dv))| {
            let (segment, kv_head) = (segments[i / shape.kv_heads], i % shape.kv_heads);
            let (len, size) = (segment.len, segment.len * dim);
            let kv = (segment.start * shape.kv_heads + kv_head * len) * dim;
            let heads = (segment.start * shape.heads + kv_head * group * len) * dim;
            dk.fill(0.0);
            dv.fill(0.0);
            let BackwardScratch { keys, values, p, ds } = scratch;
            let keys = keys.fill(View::new(&saved.k[kv..][..size], len, dim));
            let values = values.fill(View::new(&saved.v[kv..][..size], len, dim));
            for (head, dq) in dq.chunks_exact_mut(size).enumerate() {
                let at = heads + head * size;
                let saved = Saved {
                    q: &saved.q[at..][..size],
                    k: &saved.k[kv..][..size],
                    v: &saved.v[kv..][..size],
                    out: &saved.out[at..][..size],
                    lse: &saved.lse[at / dim..][..len],
                };
                let gradients = HeadGradients { q: dq, k: dk, v: dv };
                head_backward(gradients, &dout[at..][..size], saved, (keys, values), p, ds);
            }
        },
    );
}

/// Scratch buffers that a thread reuses from task to task of [`backward`].
#[derive(Debug, Default)]
struct BackwardScratch {
    keys: Transposed,
    values: Transposed,
    p: Vec<f32>,
    ds: Vec<f32>,
}

/// The gradients of one query head [tokens, dim]. Those of k and v are added to: the heads of a group share them.
struct HeadGradients<'a> {
    q: &'a mut [f32],
    k: &'a mut [f32],
    v: &'a mut [f32],
}

/// One query head; `keys_t` and `values_t` are the keys and values of `saved`, transposed [dim, tokens].
fn head_backward(
    gradients: HeadGradients,
    dout: &[f32],
    saved: Saved,
    (keys_t, values_t): (View, View),
    p: &mut Vec<f32>,
    ds: &mut Vec<f32>,
) {
    let HeadGradients { q: dq, k: dk, v: dv } = gradients;
    let dim = keys_t.rows();
    let scale = scale(dim);
    for (block, dq) in dq.chunks_mut(BLOCK * dim).enumerate() {
        let (first, rows) = (block * BLOCK, dq.len() / dim);
        let keys = first + rows;
        p.resize(rows * keys, 0.0);
        ds.resize(rows * keys, 0.0);
        let block_rows = first * dim..(first + rows) * dim;
        let (q, dout_rows, out_rows) =
            (&saved.q[block_rows.clone()], &dout[block_rows.clone()], &saved.out[block_rows]);
        let k = View::new(&saved.k[..keys * dim], keys, dim);
        multiply(p, keys, View::new(q, rows, dim), keys_t.columns(keys), scale, Write::Replace, Threads::One);
        multiply(ds, keys, View::new(dout_rows, rows, dim), values_t.columns(keys), 1.0, Write::Replace, Threads::One);
        wide!({
            for (t, (p, ds)) in p.chunks_exact_mut(keys).zip(ds.chunks_exact_mut(keys)).enumerate() {
                let delta = dot(&dout_rows[t * dim..][..dim], &out_rows[t * dim..][..dim]);
                let lse = saved.lse[first + t];
                let seen = first + t + 1;
                for (p, ds) in p[..seen].iter_mut().zip(&mut ds[..seen]) {
                    *p = exp(*p - lse);
                    *ds = *p * (*ds - delta);
                }
                p[seen..].fill(0.0);
                ds[seen..].fill(0.0);
            }
        });
        let (p, ds) = (View::new(p, rows, keys), View::new(ds, rows, keys));
        multiply(&mut dv[..keys * dim], dim, p.t(), View::new(dout_rows, rows, dim), 1.0, Write::Add, Threads::One);
        multiply(dq, dim, ds, k, scale, Write::Replace, Threads::One);
        multiply(&mut dk[..keys * dim], dim, ds.t(), View::new(q, rows, dim), scale, Write::Add, Threads::One);
    }
}
