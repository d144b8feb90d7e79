//! Causal attention with grouped key/value heads (arXiv 2305.13245), block by block of query
//! rows. Probabilities are not kept: the log of each row's normaliser is, and the backward pass
//! computes them again (as FlashAttention does, arXiv 2205.14135).
//!
//! All inputs are head-major (see [`super::rope`]). Records do not see each other: that is the
//! block-diagonal mask, without a mask.

use rayon::prelude::*;

use super::lanes::{dot, exp, exp_and_sum, max, wide};
use super::product::{Threads, View, Write, multiply};
use super::rope::Segment;

/// Query rows handled at a time: their scores against 800 keys stay in the second-level cache.
const BLOCK: usize = 64;

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

    fn scale(&self) -> f32 {
        1.0 / (self.dim as f32).sqrt()
    }
}

/// Splits `data` into one exclusive piece per (record, key/value head).
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
/// [tokens · kv_heads · dim], all head-major. `lse` [tokens · heads] keeps the rows' log-sum-exp.
pub fn forward(out: &mut [f32], lse: &mut [f32], q: &[f32], k: &[f32], v: &[f32], shape: Shape, segments: &[Segment]) {
    let (group, dim) = (shape.group(), shape.dim);
    let outs = pieces(out, segments, shape.kv_heads, group * dim);
    let lses = pieces(lse, segments, shape.kv_heads, group);
    outs.into_par_iter().zip(lses).enumerate().for_each_init(Vec::new, |scores, (i, (out, lse))| {
        let (segment, kv_head) = (segments[i / shape.kv_heads], i % shape.kv_heads);
        let (len, size) = (segment.len, segment.len * dim);
        let kv = (segment.start * shape.kv_heads + kv_head * len) * dim;
        let q = &q[(segment.start * shape.heads + kv_head * group * len) * dim..][..group * size];
        for ((out, lse), q) in out.chunks_exact_mut(size).zip(lse.chunks_exact_mut(len)).zip(q.chunks_exact(size)) {
            head_forward(out, lse, q, &k[kv..][..size], &v[kv..][..size], dim, 0, scores);
        }
    });
}

/// One head against keys that may begin before the queries do: query row t sees keys
/// `0..=before + t`. q and out [rows, dim]; k and v [before + rows, dim]; lse `[rows]`.
pub fn head_forward(
    out: &mut [f32],
    lse: &mut [f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    dim: usize,
    before: usize,
    scores: &mut Vec<f32>,
) {
    let scale = 1.0 / (dim as f32).sqrt();
    for (block, (out, lse)) in out.chunks_mut(BLOCK * dim).zip(lse.chunks_mut(BLOCK)).enumerate() {
        let (first, rows) = (block * BLOCK, lse.len());
        let keys = before + first + rows;
        scores.resize(rows * keys, 0.0);
        let q = View::new(&q[first * dim..][..rows * dim], rows, dim);
        multiply(scores, keys, q, View::new(&k[..keys * dim], keys, dim).t(), scale, Write::Replace, Threads::One);
        wide(|| {
            for (t, (row, lse)) in scores.chunks_exact_mut(keys).zip(lse).enumerate() {
                let (seen, hidden) = row.split_at_mut(before + first + t + 1);
                let top = max(seen);
                let sum = exp_and_sum(seen, top);
                *lse = top + sum.ln();
                seen.iter_mut().for_each(|p| *p /= sum);
                hidden.fill(0.0);
            }
        });
        let v = View::new(&v[..keys * dim], keys, dim);
        multiply(out, dim, View::new(scores, rows, keys), v, 1.0, Write::Replace, Threads::One);
    }
}

/// What the backward pass reads, all head-major.
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
    /// The log-sum-exps that [`forward`] kept.
    pub lse: &'a [f32],
}

/// Gradients of q, k and v from that of the output, all head-major; they replace what the
/// destinations hold.
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
        || (Vec::new(), Vec::new()),
        |(p, ds), (i, ((dq, dk), dv))| {
            let (segment, kv_head) = (segments[i / shape.kv_heads], i % shape.kv_heads);
            let (len, size) = (segment.len, segment.len * dim);
            let kv = (segment.start * shape.kv_heads + kv_head * len) * dim;
            let heads = (segment.start * shape.heads + kv_head * group * len) * dim;
            dk.fill(0.0);
            dv.fill(0.0);
            for (head, dq) in dq.chunks_exact_mut(size).enumerate() {
                let at = heads + head * size;
                let one = Saved {
                    q: &saved.q[at..][..size],
                    k: &saved.k[kv..][..size],
                    v: &saved.v[kv..][..size],
                    out: &saved.out[at..][..size],
                    lse: &saved.lse[at / dim..][..len],
                };
                head_backward(dq, dk, dv, &dout[at..][..size], one, dim, shape.scale(), p, ds);
            }
        },
    );
}

fn head_backward(
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
    dout: &[f32],
    saved: Saved,
    dim: usize,
    scale: f32,
    p: &mut Vec<f32>,
    ds: &mut Vec<f32>,
) {
    for (block, dq) in dq.chunks_mut(BLOCK * dim).enumerate() {
        let (first, rows) = (block * BLOCK, dq.len() / dim);
        let keys = first + rows;
        p.resize(rows * keys, 0.0);
        ds.resize(rows * keys, 0.0);
        let of = |data: &'_ [f32]| -> std::ops::Range<usize> {
            let start = first * dim;
            debug_assert!(start + rows * dim <= data.len());
            start..start + rows * dim
        };
        let (q, dout_rows, out_rows) = (&saved.q[of(saved.q)], &dout[of(dout)], &saved.out[of(saved.out)]);
        let (k, v) = (View::new(&saved.k[..keys * dim], keys, dim), View::new(&saved.v[..keys * dim], keys, dim));
        multiply(p, keys, View::new(q, rows, dim), k.t(), scale, Write::Replace, Threads::One);
        multiply(ds, keys, View::new(dout_rows, rows, dim), v.t(), 1.0, Write::Replace, Threads::One);
        wide(|| {
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
