//! The register tile: [`ROWS`] rows by two vectors, for the widest vectors of the machine (AVX2,
//! AVX-512 or NEON, chosen at run time by `pulp`; plain Rust elsewhere).

use pulp::{Arch, Simd, WithSimd};

/// Rows of a tile. Six by two vectors are 12 sums in flight: enough to keep two multiply-add
/// units of latency 4 busy, and few enough for 16 registers.
pub(super) const ROWS: usize = 6;

/// Vectors in a row of a tile.
const VECTORS: usize = 2;

/// Steps of k per turn of the loop over packed operands.
const UNROLL: usize = 4;

/// Steps of k that a right operand is fetched ahead where it is read as it lies: its rows are too far
/// apart for the machine to see what comes next.
const AHEAD: usize = 10;

/// Columns of a tile on this machine.
pub(in crate::ops) fn tile_columns() -> usize {
    struct Columns;
    impl WithSimd for Columns {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            VECTORS * S::F32_LANES
        }
    }
    Arch::new().dispatch(Columns)
}

/// A block of a product: `dst (+)= scale · left · right`.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Rows of dst.
    pub(super) rows: usize,
    /// Columns of dst; the right operand has whole tiles.
    pub(super) columns: usize,
    /// Terms of every sum.
    pub(super) k: usize,
    pub(super) left: *const f32,
    /// From one panel of [`ROWS`] rows to the next.
    pub(super) left_panel: usize,
    /// From one row to the next.
    pub(super) left_row: usize,
    /// From one k to the next.
    pub(super) left_k: usize,
    pub(super) right: *const f32,
    /// From one tile's columns to the next one's.
    pub(super) right_panel: usize,
    /// From one k to the next.
    pub(super) right_k: usize,
    pub(super) dst: *mut f32,
    /// From one row to the next.
    pub(super) dst_row: usize,
    /// Whether dst is added to, or replaced.
    pub(super) add: bool,
    pub(super) scale: f32,
}

impl Block {
    /// Computes it.
    ///
    /// # Safety
    /// Every element that the strides lead to, for all rows, k and whole tiles of columns, can be
    /// read; those of dst, for all rows and columns, can be written, and nobody else does.
    pub(super) unsafe fn run(self) {
        Arch::new().dispatch(self);
    }

    /// One tile of `M` rows and `columns` columns.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn tile<S: Simd, const M: usize>(
        &self,
        simd: S,
        left: *const f32,
        right: *const f32,
        dst: *mut f32,
        columns: usize,
    ) {
        // SAFETY: the caller's promise covers every address below.
        unsafe {
            let sums = self.sums::<S, M>(simd, left, right);
            if columns == VECTORS * S::F32_LANES {
                self.write_whole(simd, sums, dst);
            } else {
                self.write_part::<S, M>(sums, dst, columns);
            }
        }
    }

    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize>(
        &self,
        simd: S,
        mut left: *const f32,
        mut right: *const f32,
    ) -> [[S::f32s; VECTORS]; M] {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; M];
        let tile = VECTORS * S::F32_LANES;
        // SAFETY: the caller's promise: k steps of left_k and right_k stay inside; the addresses
        // after the last step are not read.
        unsafe {
            if self.left_row == 1 && self.left_k == ROWS && self.right_k == tile {
                // Both packed: all distances are constants, and four steps share the counting.
                // With distances in registers, adding them up takes as long as the products.
                for _ in 0..self.k / UNROLL {
                    for step in 0..UNROLL {
                        add_step(simd, &mut sums, left.wrapping_add(step * ROWS), right.wrapping_add(step * tile));
                    }
                    left = left.wrapping_add(UNROLL * ROWS);
                    right = right.wrapping_add(UNROLL * tile);
                }
                for _ in 0..self.k % UNROLL {
                    add_step(simd, &mut sums, left, right);
                    left = left.wrapping_add(ROWS);
                    right = right.wrapping_add(tile);
                }
            } else if self.left_row == 1 {
                for _ in 0..self.k {
                    prefetch(right.wrapping_add(AHEAD * self.right_k));
                    add_step(simd, &mut sums, left, right);
                    left = left.wrapping_add(self.left_k);
                    right = right.wrapping_add(self.right_k);
                }
            } else {
                // Two pointers, three rows from each: addresses then need no sums of distances.
                let mut lower = left.wrapping_add(3 * self.left_row);
                for _ in 0..self.k {
                    prefetch(right.wrapping_add(AHEAD * self.right_k));
                    let right0 = right.cast::<S::f32s>().read_unaligned();
                    let right1 = right.add(S::F32_LANES).cast::<S::f32s>().read_unaligned();
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let from = if i < 3 { left } else { lower };
                        let value = simd.splat_f32s(*from.add(i % 3 * self.left_row));
                        sums[0] = simd.mul_add_f32s(value, right0, sums[0]);
                        sums[1] = simd.mul_add_f32s(value, right1, sums[1]);
                    }
                    left = left.wrapping_add(self.left_k);
                    lower = lower.wrapping_add(self.left_k);
                    right = right.wrapping_add(self.right_k);
                }
            }
        }
        sums
    }

    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn write_whole<S: Simd, const M: usize>(&self, simd: S, sums: [[S::f32s; VECTORS]; M], dst: *mut f32) {
        let scale = simd.splat_f32s(self.scale);
        for (i, row) in sums.into_iter().enumerate() {
            for (v, sum) in row.into_iter().enumerate() {
                // SAFETY: a whole tile is inside dst.
                unsafe {
                    let to = dst.add(i * self.dst_row + v * S::F32_LANES).cast::<S::f32s>();
                    let value = if self.add {
                        simd.mul_add_f32s(sum, scale, to.read_unaligned())
                    } else {
                        simd.mul_f32s(sum, scale)
                    };
                    to.write_unaligned(value);
                }
            }
        }
    }

    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn write_part<S: Simd, const M: usize>(&self, sums: [[S::f32s; VECTORS]; M], dst: *mut f32, columns: usize) {
        for (i, row) in sums.iter().enumerate() {
            // SAFETY: two vectors are as many f32 lying together; `columns` of them are inside dst.
            unsafe {
                let row = std::slice::from_raw_parts(row.as_ptr().cast::<f32>(), VECTORS * S::F32_LANES);
                let to = std::slice::from_raw_parts_mut(dst.add(i * self.dst_row), columns);
                for (to, sum) in to.iter_mut().zip(row) {
                    // As in a whole tile, so that a column's value does not depend on its place.
                    *to = if self.add { sum.mul_add(self.scale, *to) } else { sum * self.scale };
                }
            }
        }
    }
}

/// Asks for the line at this address, which need not be one that can be read.
#[inline(always)]
fn prefetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program can see and never faults; SSE is part of
    // every x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Adds one k's products to all sums of a tile, whose left values lie together.
///
/// # Safety
/// `M` values of `left` and a tile's values of `right` can be read.
#[inline(always)]
unsafe fn add_step<S: Simd, const M: usize>(
    simd: S,
    sums: &mut [[S::f32s; VECTORS]; M],
    left: *const f32,
    right: *const f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let right0 = right.cast::<S::f32s>().read_unaligned();
        let right1 = right.add(S::F32_LANES).cast::<S::f32s>().read_unaligned();
        for (i, sums) in sums.iter_mut().enumerate() {
            let left = simd.splat_f32s(*left.add(i));
            sums[0] = simd.mul_add_f32s(left, right0, sums[0]);
            sums[1] = simd.mul_add_f32s(left, right1, sums[1]);
        }
    }
}

impl WithSimd for Block {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tile = VECTORS * S::F32_LANES;
        let whole = self.rows / ROWS;
        for (panel, j) in (0..self.columns).step_by(tile).enumerate() {
            let right = self.right.wrapping_add(panel * self.right_panel);
            let columns = tile.min(self.columns - j);
            let place = |panel: usize| {
                let dst = self.dst.wrapping_add(panel * ROWS * self.dst_row + j);
                (self.left.wrapping_add(panel * self.left_panel), dst)
            };
            // SAFETY: promised by the caller of `run`, the only one who makes a block compute.
            unsafe {
                // Apart from the last rows: what the compiler keeps for each of their numbers would
                // have to be counted on with every tile.
                for panel in 0..whole {
                    let (left, dst) = place(panel);
                    self.tile::<S, ROWS>(simd, left, right, dst, columns);
                }
                let (left, dst) = place(whole);
                match self.rows % ROWS {
                    1 => self.tile::<S, 1>(simd, left, right, dst, columns),
                    2 => self.tile::<S, 2>(simd, left, right, dst, columns),
                    3 => self.tile::<S, 3>(simd, left, right, dst, columns),
                    4 => self.tile::<S, 4>(simd, left, right, dst, columns),
                    5 => self.tile::<S, 5>(simd, left, right, dst, columns),
                    _ => {}
                }
            }
        }
    }
}
