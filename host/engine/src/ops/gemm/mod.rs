//! GEMM over f32: operands are packed in blocks that fit the caches, for a tile of the result that fits the registers.
//!
//! After Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): the left operand is packed
//! once per product, the right one block by block into the L2 cache, and a tile of a few rows by one or two vectors stays
//! in registers over one block of k.
//!
//! Hand-written because it reaches 75 to 90 % of the machine's peak, where the `gemm` crate reaches 60 %
//! (`benches/NOTES.md`), and because its results must not depend on the number of threads or the width of vectors: the
//! blocks of k depend on its length alone, and threads split rows and columns only.

mod kernel;
mod pack;

use std::cell::Cell;
use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use kernel::Block;
pub(super) use kernel::Tile;
pub(super) use pack::transpose;

use super::matrix::{Term, Threads, View, Write};

/// Maximum length of a block of k. A panel of the right operand (16 columns) and one of the left (6 rows) then take 17 KiB,
/// half an L1 cache (with tiles of 32 columns by 12 rows, 33 KiB: what is evicted comes back from L2 in time). Twice the
/// length is no faster, and f32 sums lose accuracy with their length.
const K_BLOCK: usize = 192;

/// Rows of the left operand per block: with `K_BLOCK`, 90 KiB of the L2 cache. A multiple of every tile's rows.
const ROW_BLOCK: usize = 120;

/// Approximate number of columns of the right operand that are packed together: with `K_BLOCK`, 72 KiB.
const COLUMN_BLOCK: usize = 96;

/// Up to this number of rows, packing a row-major right operand costs more than it saves.
const FEW_ROWS: usize = 24;

/// Up to this number of columns, packing the left operand costs more than it saves.
const FEW_COLUMNS: usize = 32;

/// With fewer columns than this per thread, threads split rows instead of columns.
const NARROW: usize = 64;

/// Up to this number of values, a task reads a left operand without packing it.
const SMALL: usize = 1 << 17;

/// Up to this number of rows, a right operand is read without packing: its cache lines then fit the L1 cache, whatever the
/// distance between them.
const SHORT: usize = 128;

thread_local! {
    /// Packed left and right operands, kept for the next product. Taken out while in use, so that a product inside the task
    /// of another one allocates its own.
    static LEFT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static RIGHT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

fn with_buffer<R>(buffer: &'static std::thread::LocalKey<Cell<Vec<f32>>>, f: impl FnOnce(&mut Vec<f32>) -> R) -> R {
    let mut data = buffer.take();
    let result = f(&mut data);
    buffer.set(data);
    result
}

/// Returns `n` values of the buffer, grown if necessary, with arbitrary content.
fn room(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if buffer.len() < n {
        buffer.resize(n, 0.0);
    }
    &mut buffer[..n]
}

/// A destination shared by tasks, each of which writes its own rows or columns.
#[derive(Clone, Copy)]
struct Shared(*mut f32);
// SAFETY: tasks get disjoint rows or columns of one exclusive slice (see `multiply`).
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn at(self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

/// The blocks of k: as few as possible, of equal size, which is a multiple of 8.
fn k_blocks(k: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let size = k.div_ceil(k.div_ceil(K_BLOCK).max(1)).next_multiple_of(8).max(8);
    (0..k).step_by(size).map(move |start| start..(start + size).min(k))
}

/// A left operand, packed or not.
#[derive(Clone, Copy)]
struct Left<'a> {
    data: &'a [f32],
    packed: bool,
    view: View<'a>,
    /// Rows per panel: those of a tile.
    panel: usize,
}

impl Left<'_> {
    /// Start of the rows from `i` on in this block of k, and the strides between panels, between rows and along k.
    fn block(&self, i: usize, k: &Range<usize>) -> (*const f32, [usize; 3]) {
        let rows = self.view.rows().next_multiple_of(self.panel);
        let (row_stride, col_stride) = self.view.strides();
        if self.packed {
            let size = k.len();
            (self.data[rows * k.start + i * size..].as_ptr(), [self.panel * size, 1, self.panel])
        } else {
            let from = self.data[i * row_stride + k.start * col_stride..].as_ptr();
            (from, [self.panel * row_stride, row_stride, col_stride])
        }
    }
}

/// `dst (+)= Σ scale · lhs · rhs` over the terms, then each column times its factor. Shapes and lengths are checked by the
/// caller, [`super::matmul::multiply_terms`].
pub(super) fn multiply<const N: usize>(
    arch: Arch,
    dst: &mut [f32],
    dst_stride: usize,
    terms: [Term; N],
    write: Write,
    factors: Option<&[f32]>,
    threads: Threads,
) {
    let [Term { lhs, rhs, .. }, ..] = &terms[..] else { return };
    let (m, n) = (lhs.rows(), rhs.cols());
    let threads = if threads == Threads::One { 1 } else { rayon::current_num_threads() };
    let tile = Tile::for_columns(arch, n);
    // A left operand that is multiplied with few columns is not packed; nor is a small one inside a task, which is in the
    // cache already.
    let packs = |term: &Term| n > FEW_COLUMNS && (threads > 1 || m * term.lhs.cols() > SMALL);
    let size = |term: &Term| m.next_multiple_of(tile.rows) * term.lhs.cols();
    with_buffer(&LEFT, |buffer| {
        let mut rest = room(buffer, terms.iter().filter(|&term| packs(term)).map(size).sum());
        let terms = terms.map(|term| {
            let packed = packs(&term);
            let data = if packed {
                let (to, after) = std::mem::take(&mut rest).split_at_mut(size(&term));
                rest = after;
                pack_left(to, term.lhs, tile.rows, threads)
            } else {
                term.lhs.data()
            };
            (Left { data, packed, view: term.lhs, panel: tile.rows }, term)
        });
        let add = write == Write::Add;
        let job = Job { arch, dst: Shared(dst.as_mut_ptr()), dst_stride, terms, add, factors, tile };
        let panels = n.div_ceil(tile.columns);
        // But not if that would leave threads without a tile.
        let by_rows = n < NARROW * threads && m.div_ceil(tile.rows) >= panels.min(threads);
        let tasks = match (threads, by_rows) {
            (1, _) => panels.div_ceil(COLUMN_BLOCK / tile.columns),
            (_, true) => threads,
            (_, false) => threads * panels.div_ceil(threads * (COLUMN_BLOCK / tile.columns)),
        };
        let share = |task: usize, units: usize, unit: usize, end: usize| {
            (task * units / tasks * unit).min(end)..((task + 1) * units / tasks * unit).min(end)
        };
        let run = |task: usize| {
            if threads > 1 && by_rows {
                job.run(share(task, m.div_ceil(tile.rows), tile.rows, m), 0..n);
            } else {
                job.run(0..m, share(task, panels, tile.columns, n));
            }
        };
        if threads > 1 { (0..tasks).into_par_iter().for_each(run) } else { (0..tasks).for_each(run) }
    });
}

/// Packs a whole left operand: the blocks of k in order, and in each the panels of rows.
fn pack_left<'b>(to: &'b mut [f32], lhs: View, panel: usize, threads: usize) -> &'b [f32] {
    let (m, k) = (lhs.rows(), lhs.cols());
    let rows = m.next_multiple_of(panel);
    let mut rest = &mut *to;
    let mut parts = Vec::new();
    for block in k_blocks(k) {
        let (part, after) = rest.split_at_mut(rows * block.len());
        rest = after;
        for (i, part) in part.chunks_mut(ROW_BLOCK * block.len()).enumerate() {
            parts.push((i * ROW_BLOCK..((i + 1) * ROW_BLOCK).min(m), block.clone(), part));
        }
    }
    let pack =
        |(rows, block, part): (Range<usize>, Range<usize>, &mut [f32])| pack::left(part, lhs, rows, block, panel);
    if threads > 1 {
        parts.into_par_iter().for_each(pack)
    } else {
        parts.into_iter().for_each(pack)
    }
    to
}

/// A product, or a sum of products, shared by its tasks.
#[derive(Clone, Copy)]
struct Job<'a, const N: usize> {
    arch: Arch,
    dst: Shared,
    dst_stride: usize,
    terms: [(Left<'a>, Term<'a>); N],
    add: bool,
    /// Factors of the columns, applied last.
    factors: Option<&'a [f32]>,
    tile: Tile,
}

impl<const N: usize> Job<'_, N> {
    /// Computes a block of rows and columns of the destination.
    fn run(&self, rows: Range<usize>, columns: Range<usize>) {
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let Some(last_term) = self.terms.iter().rposition(|(_, term)| term.lhs.cols() > 0) else {
            return self.nothing_to_sum(rows, columns);
        };
        let width = columns.len().next_multiple_of(self.tile.columns);
        let mut add = self.add;
        with_buffer(&RIGHT, |buffer| {
            for (t, (left, term)) in self.terms.iter().enumerate() {
                let k = term.lhs.cols();
                let direct = self.reads_right_directly(left, term.rhs, &rows, columns.start + width);
                for block in k_blocks(k) {
                    let size = block.len();
                    let (right, right_panel, right_k) = if direct {
                        let (row_stride, _) = term.rhs.strides();
                        let from = term.rhs.data()[block.start * row_stride + columns.start..].as_ptr();
                        (from, self.tile.columns, row_stride)
                    } else {
                        let packed = room(buffer, width * size);
                        pack::right(packed, term.rhs, block.clone(), columns.clone(), self.tile.columns);
                        (packed.as_ptr(), self.tile.columns * size, self.tile.columns)
                    };
                    let last = t == last_term && block.end == k;
                    let factors = self.factors.filter(|_| last).map(|factors| factors[columns.clone()].as_ptr());
                    for i in rows.clone().step_by(ROW_BLOCK) {
                        let (left, [left_panel, left_row, left_k]) = left.block(i, &block);
                        let block = Block {
                            rows: ROW_BLOCK.min(rows.end - i),
                            columns: columns.len(),
                            tile: self.tile,
                            k: size,
                            left,
                            left_panel,
                            left_row,
                            left_k,
                            right,
                            right_panel,
                            right_k,
                            dst: self.dst.at(i * self.dst_stride + columns.start),
                            dst_row: self.dst_stride,
                            add,
                            scale: term.scale,
                            factors,
                        };
                        // SAFETY: the panels of both operands cover rows, columns (rounded up to whole
                        // tiles on the right) and k: packed ones were sized for it above, others are
                        // views, whose spans were checked (and see `reads_right_directly`). The rows
                        // and columns of dst are this task's alone and inside it, which the caller
                        // of `multiply` checked; so are the factors' columns.
                        unsafe { block.run(self.arch) }
                    }
                    add = true;
                }
            }
        });
    }

    /// Whether a right operand is read without packing: it is row-major and not worth packing, and its slice holds whole
    /// tiles up to column `end`.
    fn reads_right_directly(&self, left: &Left, rhs: View, rows: &Range<usize>, end: usize) -> bool {
        let (row_stride, col_stride) = rhs.strides();
        let worth = rows.len() <= FEW_ROWS || rhs.rows() <= SHORT || (!left.packed && row_stride <= 2 * COLUMN_BLOCK);
        worth && col_stride == 1 && rhs.rows() > 0 && (rhs.rows() - 1) * row_stride + end <= rhs.data().len()
    }

    /// The result for k = 0: products are zero.
    fn nothing_to_sum(&self, rows: Range<usize>, columns: Range<usize>) {
        for i in rows {
            // SAFETY: as in `run`: inside dst, and this task's alone.
            let row = unsafe {
                std::slice::from_raw_parts_mut(self.dst.at(i * self.dst_stride + columns.start), columns.len())
            };
            if !self.add {
                row.fill(0.0);
            } else if let Some(factors) = self.factors {
                row.iter_mut().zip(&factors[columns.clone()]).for_each(|(value, factor)| *value *= factor);
            }
        }
    }
}
