//! Root-mean-square normalisation (arXiv 1910.07467): y = w ⊙ x / √(mean(x²) + ε).

use rayon::prelude::*;

use super::simd::dispatch::wide;
use super::simd::loops::dot;

/// Rows per parallel task.
const BLOCK: usize = 16;

/// `y[t] = w ⊙ x[t] · inv[t]` with `inv[t] = 1/√(mean(x[t]²) + eps)`; x and y [rows, width],
/// w `[width]`. The caller keeps `inv` `[rows]` for the backward pass.
pub fn forward(y: &mut [f32], inv: &mut [f32], x: &[f32], w: &[f32], eps: f32) {
    let width = w.len();
    assert!(y.len() == x.len() && x.len() == inv.len() * width);
    y.par_chunks_mut(BLOCK * width).zip(inv.par_chunks_mut(BLOCK)).zip(x.par_chunks(BLOCK * width)).for_each(
        |((y, inv), x)| {
            wide!({
                for ((y, inv), x) in y.chunks_exact_mut(width).zip(inv).zip(x.chunks_exact(width)) {
                    *inv = 1.0 / (dot(x, x) / width as f32 + eps).sqrt();
                    for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
                        *y = w * (x * *inv);
                    }
                }
            });
        },
    );
}

/// Recomputes `y` from the `inv` of [`forward`].
pub fn recompute(y: &mut [f32], inv: &[f32], x: &[f32], w: &[f32]) {
    let width = w.len();
    assert!(y.len() == x.len() && x.len() == inv.len() * width);
    y.par_chunks_mut(BLOCK * width).zip(inv.par_chunks(BLOCK)).zip(x.par_chunks(BLOCK * width)).for_each(
        |((y, inv), x)| {
            wide!({
                for ((y, inv), x) in y.chunks_exact_mut(width).zip(inv).zip(x.chunks_exact(width)) {
                    for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
                        *y = w * (x * inv);
                    }
                }
            });
        },
    );
}

/// `dx += inv · (w⊙dy − x̂ · mean(w ⊙ dy ⊙ x̂))` with x̂ = x·inv. There is no dw: w is frozen.
pub fn backward(dx: &mut [f32], dy: &[f32], x: &[f32], inv: &[f32], w: &[f32]) {
    let width = w.len();
    assert!(dx.len() == x.len() && dy.len() == x.len() && x.len() == inv.len() * width);
    dx.par_chunks_mut(BLOCK * width)
        .zip(dy.par_chunks(BLOCK * width))
        .zip(x.par_chunks(BLOCK * width))
        .zip(inv.par_chunks(BLOCK))
        .for_each(|(((dx, dy), x), inv)| {
            wide!({
                let rows = dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(x.chunks_exact(width)).zip(inv);
                for (((dx, dy), x), &inv) in rows {
                    let mut sums = [0.0f32; 16];
                    for (i, ((dy, x), w)) in dy.iter().zip(x).zip(w).enumerate() {
                        sums[i % 16] += w * dy * x;
                    }
                    let mean = sums.iter().sum::<f32>() * inv / width as f32;
                    for (((dx, dy), x), w) in dx.iter_mut().zip(dy).zip(x).zip(w) {
                        *dx += inv * (w * dy - x * inv * mean);
                    }
                }
            });
        });
}
