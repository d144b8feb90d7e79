//! The merged weight W + s·B·A, row by row: its norms, the ratios c = m/‖W + s·B·A‖, and merging. The merged weight as a
//! whole never exists, except where the caller asks for it.

use rayon::prelude::*;

use super::operands::{Branch, Linear};
use crate::ops::matmul::multiply;
use crate::ops::matrix::{Threads, View, Write};
use crate::ops::simd::dispatch::wide;
use crate::ops::simd::loops::dot;

/// Rows that are merged together.
pub const MERGE_BLOCK: usize = 64;

/// Smallest divisor of a magnitude; a row of zeros would otherwise give 0/0.
const SMALLEST_NORM: f32 = 1e-12;

/// Row norms ‖W_j + s·B_j·A‖ into `norms` `[out]`; each row is summed in f64.
pub fn row_norms(norms: &mut [f32], linear: Linear, a: &[f32], b: &[f32], rank: usize, scaling: f32) {
    merged_rows(
        linear,
        a,
        b,
        rank,
        scaling,
        norms,
        #[inline(always)]
        |row, norm| {
            // f64 sums of f32 squares: the norm is then exact to f32 rounding for any width.
            let mut sum = 0.0;
            for part in row.chunks(256) {
                sum += f64::from(dot(part, part));
            }
            *norm = sum.sqrt() as f32;
        },
    );
}

/// The merged weight c ⊙ (W + s·B·A) into `out` [out, in].
pub fn merge(out: &mut [f32], linear: Linear, branch: Branch) {
    let input = linear.input;
    let rows: Vec<&mut [f32]> = out.chunks_exact_mut(input).collect();
    let mut rows: Vec<(usize, &mut [f32])> = rows.into_iter().enumerate().collect();
    merged_rows(
        linear,
        branch.a,
        branch.b,
        branch.rank,
        branch.scaling,
        &mut rows,
        #[inline(always)]
        |row, (j, out)| {
            let ratio = branch.magnitude.map_or(1.0, |m| m.ratio[*j]);
            for (out, v) in out.iter_mut().zip(row) {
                *out = ratio * v;
            }
        },
    );
}

/// Calls `f` with every row of W + s·B·A and the element of `slots` for that row, block by block.
fn merged_rows<T: Send>(
    linear: Linear,
    a: &[f32],
    b: &[f32],
    rank: usize,
    scaling: f32,
    slots: &mut [T],
    f: impl Fn(&[f32], &mut T) + Sync,
) {
    let input = linear.input;
    assert_eq!(slots.len(), linear.out);
    slots.par_chunks_mut(MERGE_BLOCK).enumerate().for_each_init(Vec::new, |rows, (block, slots)| {
        let (first, n) = (block * MERGE_BLOCK, slots.len());
        rows.clear();
        rows.extend_from_slice(&linear.weight[first * input..][..n * input]);
        let b = View::new(&b[first * rank..][..n * rank], n, rank);
        multiply(rows, input, b, View::new(a, rank, input), scaling, Write::Add, Threads::One);
        wide!({
            for (row, slot) in rows.chunks_exact(input).zip(slots) {
                f(row, slot);
            }
        });
    });
}

/// c = m / n, element by element.
pub fn ratios(out: &mut [f32], m: &[f32], norms: &[f32]) {
    for ((out, m), n) in out.iter_mut().zip(m).zip(norms) {
        *out = m / n.max(SMALLEST_NORM);
    }
}
