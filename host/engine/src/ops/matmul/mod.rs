//! Matrix products over row-major `f32` slices, in the forms that linear layers need. Lengths are checked here; the
//! computation is in `ops/gemm/`.

use rayon::prelude::*;

use super::gemm;
use super::matrix::{Term, Threads, View, Write};
use super::simd::arch;
use super::simd::dispatch::wide;
use super::simd::loops::dot;

/// A transposed copy of a matrix, laid out so that products read it without packing.
#[derive(Debug, Default)]
pub struct Transposed(Vec<f32>);

impl Transposed {
    /// Stores the transpose of a row-major `matrix`.
    ///
    /// # Panics
    /// When its columns are not consecutive: a bug of the caller.
    pub fn fill(&mut self, matrix: View) -> View<'_> {
        assert_eq!(matrix.strides().1, 1, "a row-major matrix is transposed");
        // Rows are padded with zeros to whole tiles, so that a product does not pack the last tile either.
        let stride = matrix.rows().next_multiple_of(gemm::Tile::widest(arch()).columns);
        self.0.resize(matrix.cols() * stride, 0.0);
        gemm::transpose(&mut self.0, stride, matrix);
        View::strided(&self.0, matrix.cols(), matrix.rows(), stride)
    }
}

/// `dst (+)= scale · lhs · rhs` with dst `lhs.rows × rhs.cols`, its rows `dst_stride` apart.
///
/// # Panics
/// When the shapes do not fit: a bug of the caller.
pub fn multiply(dst: &mut [f32], dst_stride: usize, lhs: View, rhs: View, scale: f32, write: Write, threads: Threads) {
    multiply_terms(dst, dst_stride, [Term { lhs, rhs, scale }], write, None, threads);
}

/// `dst = factors ⊙ (dst or 0 + Σ scale · lhs · rhs)` over the terms, whose products have the same shape; `factors` `[n]`
/// apply to the columns. Computed in one pass over dst, block by block.
///
/// # Panics
/// When the shapes do not fit: a bug of the caller.
pub fn multiply_terms<const N: usize>(
    dst: &mut [f32],
    dst_stride: usize,
    terms: [Term; N],
    write: Write,
    factors: Option<&[f32]>,
    threads: Threads,
) {
    let [Term { lhs, rhs, .. }, ..] = &terms[..] else { return };
    let (m, n) = (lhs.rows(), rhs.cols());
    for Term { lhs, rhs, .. } in &terms {
        assert_eq!(
            lhs.cols(),
            rhs.rows(),
            "inner sizes differ: {}×{} · {}×{}",
            lhs.rows(),
            lhs.cols(),
            rhs.rows(),
            rhs.cols()
        );
        assert_eq!((lhs.rows(), rhs.cols()), (m, n), "products of different shapes");
    }
    assert!(factors.is_none_or(|factors| factors.len() == n), "{n} columns need {n} factors");
    if m == 0 || n == 0 {
        return;
    }
    assert!(dst_stride >= n && (m - 1) * dst_stride + n <= dst.len(), "the destination is too small for {m}×{n}");
    gemm::multiply(arch(), dst, dst_stride, terms, write, factors, threads);
}

/// `dst[m,n] (+)= scale · a[m,k] · b[n,k]ᵀ`: a linear layer's forward, with b its weight.
pub fn nt(dst: &mut [f32], a: &[f32], b: &[f32], (m, n, k): (usize, usize, usize), scale: f32, write: Write) {
    if m == 1 {
        return vector(dst, a, b, (n, k), scale, write);
    }
    multiply(dst, n, View::new(a, m, k), View::new(b, n, k).t(), scale, write, Threads::All);
}

/// One row times a matrix: bound by reading the matrix, so it is a dot product per row, without packing.
fn vector(dst: &mut [f32], a: &[f32], b: &[f32], (n, k): (usize, usize), scale: f32, write: Write) {
    /// Outputs per parallel task.
    const BLOCK: usize = 64;
    assert!(dst.len() == n && a.len() == k && b.len() == n * k, "1×{k} · ({n}×{k})ᵀ");
    dst.par_chunks_mut(BLOCK).zip(b.par_chunks(BLOCK * k)).for_each(|(dst, b)| {
        wide!({
            for (dst, row) in dst.iter_mut().zip(b.chunks_exact(k)) {
                let value = scale * dot(a, row);
                *dst = if write == Write::Add { *dst + value } else { value };
            }
        });
    });
}

/// `dst[m,n] (+)= scale · a[m,k] · b[k,n]`: a linear layer's input gradient, with b its weight.
pub fn nn(dst: &mut [f32], a: &[f32], b: &[f32], (m, n, k): (usize, usize, usize), scale: f32, write: Write) {
    multiply(dst, n, View::new(a, m, k), View::new(b, k, n), scale, write, Threads::All);
}

/// `dst[m,n] (+)= scale · a[k,m]ᵀ · b[k,n]`: a linear layer's weight gradient.
pub fn tn(dst: &mut [f32], a: &[f32], b: &[f32], (m, n, k): (usize, usize, usize), scale: f32, write: Write) {
    multiply(dst, n, View::new(a, k, m).t(), View::new(b, k, n), scale, write, Threads::All);
}

#[cfg(test)]
mod tests;
