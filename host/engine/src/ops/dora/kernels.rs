//! Steps that both dropout rules share: scaling the columns of an output, and the gradients of B and m.

use rayon::prelude::*;

use super::operands::Magnitude;
use crate::ops::matmul::tn;
use crate::ops::matrix::Write;
use crate::ops::simd::dispatch::wide;

/// Rows per parallel task, and per partial sum of the magnitude's gradient: fixed, so that the sum does not depend on the
/// number of threads.
const BLOCK: usize = 64;

/// y = ratio ⊙ y + bias, row by row of `out` values.
pub(super) fn scale_and_shift(y: &mut [f32], out: usize, ratio: Option<&[f32]>, bias: Option<&[f32]>) {
    if ratio.is_none() && bias.is_none() {
        return;
    }
    y.par_chunks_mut(BLOCK * out).for_each(|y| {
        wide!({
            for y in y.chunks_exact_mut(out) {
                if let Some(ratio) = ratio {
                    y.iter_mut().zip(ratio).for_each(|(y, c)| *y *= c);
                }
                if let Some(bias) = bias {
                    y.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
                }
            }
        });
    });
}

/// dB += s·hᵀ·z for B [out, rank]. The transpose is computed, then added: with the rank as rows, the register tile of the
/// product is full and h is read along its rows.
pub(super) fn weight_gradient(
    db: &mut [f32],
    h: &[f32],
    z: &[f32],
    (out, rank, tokens): (usize, usize, usize),
    s: f32,
    transposed: &mut Vec<f32>,
) {
    transposed.resize(rank * out, 0.0);
    tn(transposed, z, h, (rank, out, tokens), s, Write::Replace);
    for (j, db) in db.chunks_exact_mut(rank).enumerate() {
        for (r, db) in db.iter_mut().enumerate() {
            *db += transposed[r * out + j];
        }
    }
}

/// Adds Σ_t g·(y − bias)/m to dm and replaces g by c ⊙ g, in one pass.
pub(super) fn magnitude_backward(
    dm: &mut [f32],
    g: &mut [f32],
    y: &[f32],
    bias: Option<&[f32]>,
    magnitude: Magnitude,
    out: usize,
    partial: &mut Vec<f32>,
) {
    let blocks = (g.len() / out).div_ceil(BLOCK);
    partial.clear();
    partial.resize(blocks * out, 0.0);
    let rows = g.par_chunks_mut(BLOCK * out).zip(y.par_chunks(BLOCK * out)).zip(partial.par_chunks_mut(out));
    rows.for_each(|((g, y), sum)| {
        wide!({
            for (g, y) in g.chunks_exact_mut(out).zip(y.chunks_exact(out)) {
                match bias {
                    None => sum.iter_mut().zip(&*g).zip(y).for_each(|((sum, g), y)| *sum += g * y),
                    Some(bias) => {
                        sum.iter_mut().zip(&*g).zip(y).zip(bias).for_each(|(((sum, g), y), b)| *sum += g * (y - b))
                    }
                }
                g.iter_mut().zip(magnitude.ratio).for_each(|(g, c)| *g *= c);
            }
        });
    });
    for sum in partial.chunks_exact(out) {
        for ((dm, sum), m) in dm.iter_mut().zip(sum).zip(magnitude.m) {
            // A magnitude of exactly 0 has y = bias: its sum is 0 and so is its gradient here.
            *dm += if *m == 0.0 { 0.0 } else { sum / m };
        }
    }
}
