//! Matrix products over row-major f32 slices, on the `gemm` crate.
//!
//! Each function checks its lengths, so that the one `unsafe` call below cannot leave them.

use gemm::Parallelism;
use rayon::prelude::*;

use super::lanes::{dot, wide};

/// Whether a product may use all threads. Inside a parallel task it must not: the task is the
/// unit of work there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// All threads of the current pool.
    All,
    /// The calling thread.
    One,
}

/// Whether a product replaces its destination or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// `dst = …`
    Replace,
    /// `dst += …`
    Add,
}

/// A matrix inside a slice: `rows × cols`, with the distance between rows and between columns.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> View<'a> {
    /// A dense row-major matrix that fills `data`.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows}×{cols} matrix needs {} values", rows * cols);
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// A row-major matrix whose rows start `row_stride` apart.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        let view = Self { data, rows, cols, row_stride, col_stride: 1 };
        assert!(view.span() <= data.len(), "a {rows}×{cols} matrix of stride {row_stride} leaves its slice");
        view
    }

    /// The transpose, without moving data.
    pub fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    /// Values from the first to the last element.
    fn span(&self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            0
        } else {
            (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride + 1
        }
    }
}

/// `dst (+)= scale · lhs · rhs` with dst `lhs.rows × rhs.cols`, its rows `dst_stride` apart.
///
/// # Panics
/// When the shapes do not fit: a bug of the caller.
pub fn multiply(dst: &mut [f32], dst_stride: usize, lhs: View, rhs: View, scale: f32, write: Write, threads: Threads) {
    let (m, n, k) = (lhs.rows, rhs.cols, lhs.cols);
    assert_eq!(k, rhs.rows, "inner sizes differ: {m}×{k} · {}×{n}", rhs.rows);
    if m == 0 || n == 0 {
        return;
    }
    assert!(dst_stride >= n && (m - 1) * dst_stride + n <= dst.len(), "the destination is too small for {m}×{n}");
    let parallelism = match threads {
        Threads::One => Parallelism::None,
        Threads::All => match rayon::current_num_threads() {
            1 => Parallelism::None,
            threads => Parallelism::Rayon(threads),
        },
    };
    // SAFETY: lhs and rhs span no more than their slices (checked when the views were made), dst
    // is exclusive and large enough (checked above), and all strides fit isize because the
    // slices exist.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_mut_ptr(),
            1,
            dst_stride as isize,
            write == Write::Add,
            lhs.data.as_ptr(),
            lhs.col_stride as isize,
            lhs.row_stride as isize,
            rhs.data.as_ptr(),
            rhs.col_stride as isize,
            rhs.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// `dst[m,n] (+)= scale · a[m,k] · b[n,k]ᵀ`: a linear layer's forward, with b its weight.
pub fn nt(dst: &mut [f32], a: &[f32], b: &[f32], (m, n, k): (usize, usize, usize), scale: f32, write: Write) {
    if m == 1 {
        return vector(dst, a, b, (n, k), scale, write);
    }
    multiply(dst, n, View::new(a, m, k), View::new(b, n, k).t(), scale, write, Threads::All);
}

/// One row times a matrix: bound by reading the matrix once, so rows are dotted as they lie.
fn vector(dst: &mut [f32], a: &[f32], b: &[f32], (n, k): (usize, usize), scale: f32, write: Write) {
    /// Outputs per parallel task.
    const BLOCK: usize = 64;
    assert!(dst.len() == n && a.len() == k && b.len() == n * k, "1×{k} · ({n}×{k})ᵀ");
    dst.par_chunks_mut(BLOCK).zip(b.par_chunks(BLOCK * k)).for_each(|(dst, b)| {
        wide(|| {
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
mod tests {
    use super::*;

    fn naive(
        a: &[f32],
        b: &[f32],
        m: usize,
        n: usize,
        k: usize,
        at: impl Fn(usize, usize) -> usize,
        bt: impl Fn(usize, usize) -> usize,
    ) -> Vec<f32> {
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                out[i * n + j] = (0..k).map(|l| a[at(i, l)] * b[bt(l, j)]).sum();
            }
        }
        out
    }

    fn ramp(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 37 % 19) as f32 - 9.0) / 7.0).collect()
    }

    #[test]
    fn the_three_forms_agree_with_the_definition() {
        let (m, n, k) = (5, 7, 11);
        let (a, b) = (ramp(m * k), ramp(k * n));
        let near = |x: &[f32], y: &[f32]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-5);
        let mut out = vec![1.0; m * n];
        nt(&mut out, &a, &b, (m, n, k), 2.0, Write::Add);
        let want: Vec<f32> =
            naive(&a, &b, m, n, k, |i, l| i * k + l, |l, j| j * k + l).iter().map(|v| 1.0 + 2.0 * v).collect();
        assert!(near(&out, &want));
        nn(&mut out, &a, &b, (m, n, k), 1.0, Write::Replace);
        assert!(near(&out, &naive(&a, &b, m, n, k, |i, l| i * k + l, |l, j| l * n + j)));
        tn(&mut out, &a, &b, (m, n, k), 1.0, Write::Replace);
        assert!(near(&out, &naive(&a, &b, m, n, k, |i, l| l * m + i, |l, j| l * n + j)));
    }
}
