//! Operands of matrix products: matrices inside `f32` slices, and how a product is written to its destination. The
//! products themselves are in [`super::matmul`].

/// Whether a product may use all threads. Inside a parallel task it must not: the task is already one thread's share.
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

/// A matrix inside a slice: `rows × cols`, with strides between rows and between columns.
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

    /// Its first `n` columns.
    pub fn columns(self, n: usize) -> Self {
        assert!(n <= self.cols, "{n} columns of {}", self.cols);
        Self { cols: n, ..self }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The slice, from the first element on.
    pub(super) fn data(&self) -> &'a [f32] {
        self.data
    }

    /// Strides between rows and between columns.
    pub(super) fn strides(&self) -> (usize, usize) {
        (self.row_stride, self.col_stride)
    }

    /// Number of values from the first to the last element.
    fn span(&self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            0
        } else {
            (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride + 1
        }
    }
}

/// A term of a sum of products: `scale · lhs · rhs`.
#[derive(Debug, Clone, Copy)]
pub struct Term<'a> {
    /// [m, k]
    pub lhs: View<'a>,
    /// [k, n]
    pub rhs: View<'a>,
    /// The factor of the product.
    pub scale: f32,
}
