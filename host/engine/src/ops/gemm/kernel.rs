//! The micro-kernel: a register tile of some rows by one or two vectors, for the instruction set that `ops::simd` selects
//! at run time (AVX2, AVX-512 or NEON; plain Rust elsewhere).
//!
//! Every sum consists of the same fused multiply-adds in the same order, whatever the size of the tile, so that machines
//! with different vectors agree bit for bit.

use pulp::{Arch, Simd, WithSimd};

/// Rows of a tile on machines with 16 registers: six rows by two vectors are 12 sums in flight, enough to keep two
/// multiply-add units of latency 4 busy.
const FEW: usize = 6;

/// Rows of a tile on machines with 32 registers: twice the products per value of the right operand.
const MANY: usize = 12;

/// Maximum number of vectors in a row of a tile.
const VECTORS: usize = 2;

/// Unrolled steps of k in the loop over packed operands.
const UNROLL: usize = 4;

/// Prefetch distance, in steps of k, for a right operand that is not packed: its rows are too far apart for the hardware
/// prefetcher.
const AHEAD: usize = 10;

/// Values in the largest tile: two vectors of 16.
const LARGEST: usize = MANY * VECTORS * 16;

/// Values per cache line.
const LINE: usize = 16;

/// The size of a register tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) struct Tile {
    /// Rows.
    pub(in crate::ops) rows: usize,
    /// Columns: one or two vectors.
    pub(in crate::ops) columns: usize,
}

impl Tile {
    /// The tile for products of `n` columns: one vector wide if they fit one.
    pub(in crate::ops) fn for_columns(arch: Arch, n: usize) -> Self {
        struct Size(usize);
        impl WithSimd for Size {
            type Output = Tile;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Tile {
                let vectors = if self.0 <= S::F32_LANES { 1 } else { VECTORS };
                Tile { rows: rows::<S>(), columns: vectors * S::F32_LANES }
            }
        }
        arch.dispatch(Size(n))
    }

    /// The widest tile of this instruction set.
    pub(in crate::ops) fn widest(arch: Arch) -> Self {
        Self::for_columns(arch, usize::MAX)
    }
}

#[inline(always)]
const fn rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { MANY } else { FEW }
}

/// A block of a product: `dst (+)= scale · left · right`, then each column times its factor.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Rows of dst.
    pub(super) rows: usize,
    /// Columns of dst; the right operand has whole tiles.
    pub(super) columns: usize,
    /// The size of a tile; must be one of the instruction set's.
    pub(super) tile: Tile,
    /// Terms of every sum.
    pub(super) k: usize,
    pub(super) left: *const f32,
    /// Stride between panels of a tile's rows.
    pub(super) left_panel: usize,
    /// Stride between rows.
    pub(super) left_row: usize,
    /// Stride along k.
    pub(super) left_k: usize,
    pub(super) right: *const f32,
    /// Stride between panels of a tile's columns.
    pub(super) right_panel: usize,
    /// Stride along k.
    pub(super) right_k: usize,
    pub(super) dst: *mut f32,
    /// Stride between rows.
    pub(super) dst_row: usize,
    /// Whether to add to dst or to replace it.
    pub(super) add: bool,
    pub(super) scale: f32,
    /// Factors of the columns of dst, applied last.
    pub(super) factors: Option<*const f32>,
}

impl Block {
    /// Computes the block with the instruction set that the tile was made for.
    ///
    /// # Safety
    /// For all rows, all k and whole tiles of columns, the elements that the strides lead to must be readable, as must one
    /// factor per column. The elements of dst, for all rows and columns, must be writable and accessed by nobody else.
    pub(super) unsafe fn run(self, arch: Arch) {
        arch.dispatch(self);
    }

    /// One tile of `M` rows and `columns` columns, in a panel of `P` rows and `V` vectors.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn tile<S: Simd, const M: usize, const P: usize, const V: usize>(
        &self,
        simd: S,
        left: *const f32,
        right: *const f32,
        dst: *mut f32,
        columns: usize,
        factors: Option<*const f32>,
    ) {
        // The destination is fetched from memory while the sums are computed.
        for i in 0..M {
            for line in (0..V * S::F32_LANES).step_by(LINE) {
                prefetch(dst.wrapping_add(i * self.dst_row + line));
            }
        }
        // SAFETY: the caller's promise covers every address below.
        unsafe {
            let sums = self.sums::<S, M, P, V>(simd, left, right);
            if columns == V * S::F32_LANES {
                self.write_whole(simd, sums, dst, factors);
            } else {
                // The whole tile goes to a buffer, and values are copied from there. (Reading single values out of the sums
                // would make the compiler keep the sums of every tile in memory.)
                let mut aside = [0.0f32; LARGEST];
                let tile = V * S::F32_LANES;
                write::<S, M, V>(
                    sums,
                    aside.as_mut_ptr(),
                    tile,
                    #[inline(always)]
                    |sum, _, _| sum,
                );
                for (i, sums) in aside.chunks_exact(tile).take(M).enumerate() {
                    let to = std::slice::from_raw_parts_mut(dst.add(i * self.dst_row), columns);
                    for (j, (to, sum)) in to.iter_mut().zip(sums).enumerate() {
                        // The same operations as in a whole tile, so that a value does not depend on its column.
                        *to = if self.add { sum.mul_add(self.scale, *to) } else { sum * self.scale };
                        if let Some(factors) = factors {
                            *to *= *factors.add(j);
                        }
                    }
                }
            }
        }
    }

    /// Writes a whole tile. Each case is a loop of its own: with branches inside, the loop is too long to be unrolled, and
    /// the compiler then keeps the sums of all tiles in memory.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn write_whole<S: Simd, const M: usize, const V: usize>(
        &self,
        simd: S,
        sums: [[S::f32s; V]; M],
        dst: *mut f32,
        factors: Option<*const f32>,
    ) {
        let scale = simd.splat_f32s(self.scale);
        // SAFETY: a whole tile is inside dst, and its columns have factors.
        unsafe {
            match (self.add, factors) {
                (false, None) => write::<S, M, V>(
                    sums,
                    dst,
                    self.dst_row,
                    #[inline(always)]
                    |sum, _, _| simd.mul_f32s(sum, scale),
                ),
                (true, None) => write::<S, M, V>(
                    sums,
                    dst,
                    self.dst_row,
                    #[inline(always)]
                    |sum, _, to| simd.mul_add_f32s(sum, scale, to.read_unaligned()),
                ),
                (false, Some(factors)) => {
                    let factors = vectors::<S, V>(factors);
                    write::<S, M, V>(
                        sums,
                        dst,
                        self.dst_row,
                        #[inline(always)]
                        |sum, v, _| simd.mul_f32s(simd.mul_f32s(sum, scale), factors[v]),
                    );
                }
                (true, Some(factors)) => {
                    let factors = vectors::<S, V>(factors);
                    write::<S, M, V>(
                        sums,
                        dst,
                        self.dst_row,
                        #[inline(always)]
                        |sum, v, to| simd.mul_f32s(simd.mul_add_f32s(sum, scale, to.read_unaligned()), factors[v]),
                    );
                }
            }
        }
    }

    /// The sums of one tile over the block's k.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize, const P: usize, const V: usize>(
        &self,
        simd: S,
        mut left: *const f32,
        mut right: *const f32,
    ) -> [[S::f32s; V]; M] {
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        let tile = V * S::F32_LANES;
        // SAFETY: the caller's promise: k steps of left_k and right_k stay inside; the addresses
        // after the last step are not read.
        unsafe {
            if self.left_row == 1 && self.left_k == P && self.right_k == tile {
                // Both operands are packed: all strides are constants, and four steps share the loop overhead. With strides
                // in registers, the address arithmetic takes as long as the products.
                for _ in 0..self.k / UNROLL {
                    for step in 0..UNROLL {
                        add_step(simd, &mut sums, left.wrapping_add(step * P), right.wrapping_add(step * tile));
                    }
                    left = left.wrapping_add(UNROLL * P);
                    right = right.wrapping_add(UNROLL * tile);
                }
                for _ in 0..self.k % UNROLL {
                    add_step(simd, &mut sums, left, right);
                    left = left.wrapping_add(P);
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
                // One pointer per three rows: every address is then a pointer plus a scaled stride.
                let mut threes = [left; MANY / 3];
                for (i, three) in threes.iter_mut().enumerate() {
                    *three = left.wrapping_add(3 * i * self.left_row);
                }
                for _ in 0..self.k {
                    prefetch(right.wrapping_add(AHEAD * self.right_k));
                    let rights = vectors::<S, V>(right);
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let value = simd.splat_f32s(*threes[i / 3].add(i % 3 * self.left_row));
                        for (sum, right) in sums.iter_mut().zip(rights) {
                            *sum = simd.mul_add_f32s(value, right, *sum);
                        }
                    }
                    for three in &mut threes {
                        *three = three.wrapping_add(self.left_k);
                    }
                    right = right.wrapping_add(self.right_k);
                }
            }
        }
        sums
    }

    /// All tiles, in panels of `P` rows and `V` vectors.
    #[inline(always)]
    fn tiles<S: Simd, const P: usize, const V: usize>(self, simd: S) {
        let tile = V * S::F32_LANES;
        let whole = self.rows / P;
        for (panel, j) in (0..self.columns).step_by(tile).enumerate() {
            let right = self.right.wrapping_add(panel * self.right_panel);
            let columns = tile.min(self.columns - j);
            let factors = self.factors.map(|factors| factors.wrapping_add(j));
            let place = |panel: usize, row: usize| {
                let left = self.left.wrapping_add(panel * self.left_panel + row * self.left_row);
                (left, self.dst.wrapping_add((panel * P + row) * self.dst_row + j))
            };
            // SAFETY: promised by the caller of `run`, the only one who makes a block compute.
            unsafe {
                // The last rows are handled apart: inside this loop, the counters of their cases would be updated with
                // every tile.
                for panel in 0..whole {
                    let (left, dst) = place(panel, 0);
                    self.tile::<S, P, P, V>(simd, left, right, dst, columns, factors);
                }
                let mut row = 0;
                if P == MANY && self.rows % P >= FEW {
                    let (left, dst) = place(whole, 0);
                    self.tile::<S, FEW, P, V>(simd, left, right, dst, columns, factors);
                    row = FEW;
                }
                let (left, dst) = place(whole, row);
                match self.rows % P - row {
                    1 => self.tile::<S, 1, P, V>(simd, left, right, dst, columns, factors),
                    2 => self.tile::<S, 2, P, V>(simd, left, right, dst, columns, factors),
                    3 => self.tile::<S, 3, P, V>(simd, left, right, dst, columns, factors),
                    4 => self.tile::<S, 4, P, V>(simd, left, right, dst, columns, factors),
                    5 => self.tile::<S, 5, P, V>(simd, left, right, dst, columns, factors),
                    _ => {}
                }
            }
        }
    }
}

/// Prefetches the cache line at this address, which need not be readable.
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

/// Writes whole rows of a tile to `dst`, `dst_row` apart. `value` computes each vector from its sums, its index in the row
/// and the address it is written to.
///
/// # Safety
/// The rows must be writable and accessed by nobody else.
#[inline(always)]
unsafe fn write<S: Simd, const M: usize, const V: usize>(
    sums: [[S::f32s; V]; M],
    dst: *mut f32,
    dst_row: usize,
    value: impl Fn(S::f32s, usize, *const S::f32s) -> S::f32s,
) {
    for (i, row) in sums.into_iter().enumerate() {
        for (v, sum) in row.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let to = dst.add(i * dst_row + v * S::F32_LANES).cast::<S::f32s>();
                to.write_unaligned(value(sum, v, to));
            }
        }
    }
}

/// Reads `V` consecutive vectors.
///
/// # Safety
/// Their values must be readable.
#[inline(always)]
unsafe fn vectors<S: Simd, const V: usize>(from: *const f32) -> [S::f32s; V] {
    // SAFETY: the caller's promise; vectors are consecutive f32, of any alignment here.
    unsafe { from.cast::<[S::f32s; V]>().read_unaligned() }
}

/// Adds the products of one k to all sums of a tile whose left values are consecutive.
///
/// # Safety
/// `M` values of `left` and one tile row of `right` must be readable.
#[inline(always)]
unsafe fn add_step<S: Simd, const M: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; M],
    left: *const f32,
    right: *const f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let rights = vectors::<S, V>(right);
        for (i, sums) in sums.iter_mut().enumerate() {
            let left = simd.splat_f32s(*left.add(i));
            for (sum, right) in sums.iter_mut().zip(rights) {
                *sum = simd.mul_add_f32s(left, right, *sum);
            }
        }
    }
}

impl WithSimd for Block {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (rows::<S>(), self.tile.columns == S::F32_LANES) {
            (MANY, true) => self.tiles::<S, MANY, 1>(simd),
            (MANY, false) => self.tiles::<S, MANY, VECTORS>(simd),
            (_, true) => self.tiles::<S, FEW, 1>(simd),
            (_, false) => self.tiles::<S, FEW, VECTORS>(simd),
        }
    }
}
