//! Packing: copies of operands in the order in which the register tile reads them.

use std::ops::Range;

use crate::ops::matrix::View;
use crate::ops::simd::dispatch::with;

/// Packs rows of the left operand over a block of k: panels of `panel` rows, and in each panel the rows' values for one k
/// after another. Missing rows of the last panel are left unchanged; nothing reads them.
pub(super) fn left(out: &mut [f32], view: View, rows: Range<usize>, k: Range<usize>, panel: usize) {
    match panel {
        // As constants, so that the compiler knows the length.
        6 => left_panels::<6>(out, view, rows, k),
        12 => left_panels::<12>(out, view, rows, k),
        other => unreachable!("tiles have 6 or 12 rows, not {other}"),
    }
}

fn left_panels<const P: usize>(out: &mut [f32], view: View, rows: Range<usize>, k: Range<usize>) {
    let (row_stride, col_stride) = view.strides();
    let size = k.len();
    for (i, out) in rows.clone().step_by(P).zip(out.chunks_mut(P * size)) {
        let data = &view.data()[i * row_stride + k.start * col_stride..];
        let n = P.min(rows.end - i);
        if n >= EIGHT && col_stride == 1 {
            transpose_rows(out, P, data, row_stride, n);
        } else if n == P && col_stride == 1 {
            let rows: [&[f32]; P] = std::array::from_fn(|i| &data[i * row_stride..][..size]);
            for (k, out) in out.chunks_exact_mut(P).enumerate() {
                for (out, row) in out.iter_mut().zip(rows) {
                    *out = row[k];
                }
            }
        } else if row_stride == 1 {
            for (k, out) in out.chunks_exact_mut(P).enumerate() {
                out[..n].copy_from_slice(&data[k * col_stride..][..n]);
            }
        } else {
            for (k, out) in out.chunks_exact_mut(P).enumerate() {
                for (i, out) in out[..n].iter_mut().enumerate() {
                    *out = data[i * row_stride + k * col_stride];
                }
            }
        }
    }
}

/// Packs columns of the right operand over a block of k: panels of `tile` columns, and in each panel the columns' values
/// for one k after another. Missing columns of the last panel are zero.
pub(super) fn right(out: &mut [f32], view: View, k: Range<usize>, columns: Range<usize>, tile: usize) {
    let (row_stride, col_stride) = view.strides();
    if col_stride == 1 {
        return right_rows(out, &view.data()[k.start * row_stride + columns.start..], row_stride, columns.len(), tile);
    }
    for (j, out) in columns.clone().step_by(tile).zip(out.chunks_mut(tile * k.len())) {
        let data = &view.data()[j * col_stride + k.start * row_stride..];
        let n = tile.min(columns.end - j);
        if row_stride == 1 {
            transpose_rows(out, tile, data, col_stride, n);
            out.chunks_exact_mut(tile).for_each(|out| out[n..].fill(0.0));
        } else {
            for (k, out) in out.chunks_exact_mut(tile).enumerate() {
                for (j, out) in out.iter_mut().enumerate() {
                    *out = if j < n { data[k * row_stride + j * col_stride] } else { 0.0 };
                }
            }
        }
    }
}

/// Prefetch distance in rows.
const AHEAD: usize = 6;

/// Prefetches these values into the cache.
#[inline(always)]
fn prefetch(values: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in values.chunks(16) {
        // SAFETY: a prefetch reads nothing that the program can see, and the address is of a
        // value; SSE is part of every x86-64.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// Packs a row-major operand: each row is read once, contiguously.
fn right_rows(out: &mut [f32], data: &[f32], row_stride: usize, columns: usize, tile: usize) {
    let panels = columns.div_ceil(tile);
    let size = out.len() / panels;
    for k in 0..size / tile {
        let row = &data[k * row_stride..][..columns];
        // Rows are too short and too far apart for the hardware prefetcher.
        if let Some(ahead) = data.get((k + AHEAD) * row_stride..).and_then(|ahead| ahead.get(..columns)) {
            prefetch(ahead);
        }
        let mut whole = row.chunks_exact(tile);
        for (panel, values) in (&mut whole).enumerate() {
            // In groups of eight: a copy of a length unknown to the compiler would be a function call.
            let to = &mut out[panel * size + k * tile..][..tile];
            for (to, values) in to.chunks_mut(8).zip(values.chunks(8)) {
                match (<&mut [f32; 8]>::try_from(&mut *to), <&[f32; 8]>::try_from(values)) {
                    (Ok(to), Ok(values)) => *to = *values,
                    _ => to.copy_from_slice(values),
                }
            }
        }
        let rest = whole.remainder();
        if !rest.is_empty() {
            let to = &mut out[(panels - 1) * size + k * tile..][..tile];
            to[..rest.len()].copy_from_slice(rest);
            to[rest.len()..].fill(0.0);
        }
    }
}

/// Writes the transpose of a row-major matrix to `out`, whose rows are `stride` apart; the gaps become zero.
pub(in crate::ops) fn transpose(out: &mut [f32], stride: usize, matrix: View) {
    let (row_stride, _) = matrix.strides();
    transpose_rows(out, stride, matrix.data(), row_stride, matrix.rows());
    out.chunks_exact_mut(stride).for_each(|out| out[matrix.rows()..].fill(0.0));
}

/// Rows transposed together.
const EIGHT: usize = 8;

/// `out[k][j] = data[j][k]` for `n` rows of data, `stride` apart; the rows of out are `tile` apart.
fn transpose_rows(out: &mut [f32], tile: usize, data: &[f32], stride: usize, n: usize) {
    let size = out.len() / tile;
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new().filter(|_| n >= EIGHT) {
        for j in (0..n).step_by(EIGHT) {
            // The last group may overlap the one before.
            let j = j.min(n - EIGHT);
            let rows: [&[f32]; EIGHT] = std::array::from_fn(|i| &data[(j + i) * stride..][..size]);
            // Rows of the next panel, or whatever follows.
            let ahead = std::array::from_fn(|i| data.get((j + n + i) * stride..).unwrap_or_default());
            with!(v3 => eight_rows(v3, &mut out[j..], tile, rows, ahead));
        }
        done = n;
    }
    for j in done..n {
        for (out, value) in out[j..].iter_mut().step_by(tile).zip(&data[j * stride..][..size]) {
            *out = *value;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn load(row: &[f32], k: usize) -> std::arch::x86_64::__m256 {
    let values: [f32; 8] = row[k..k + 8].try_into().unwrap_or_default();
    pulp::cast(values)
}

/// Writes eight rows of data to eight columns of `out`, whose rows are `tile` apart; `ahead` is prefetched for the next
/// call.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn eight_rows(v3: pulp::x86::V3, out: &mut [f32], tile: usize, rows: [&[f32]; 8], ahead: [&[f32]; 8]) {
    use pulp::f32x8;
    let avx = v3.avx;
    let size = rows[0].len();
    // All of one length, so that the loads below need no bounds checks.
    let rows = rows.map(|row| &row[..size]);
    for k in (0..size / 8 * 8).step_by(8) {
        if k % 16 == 0 {
            for row in ahead {
                prefetch(row.get(k..k + 1).unwrap_or_default());
            }
        }
        // Not with `map`, which is not always inlined, and then not compiled for AVX2.
        let r = [
            load(rows[0], k),
            load(rows[1], k),
            load(rows[2], k),
            load(rows[3], k),
            load(rows[4], k),
            load(rows[5], k),
            load(rows[6], k),
            load(rows[7], k),
        ];
        // Interleaves pairs of rows, then groups of four, then the halves of the vectors.
        let (a0, a1) = (avx._mm256_unpacklo_ps(r[0], r[1]), avx._mm256_unpackhi_ps(r[0], r[1]));
        let (a2, a3) = (avx._mm256_unpacklo_ps(r[2], r[3]), avx._mm256_unpackhi_ps(r[2], r[3]));
        let (a4, a5) = (avx._mm256_unpacklo_ps(r[4], r[5]), avx._mm256_unpackhi_ps(r[4], r[5]));
        let (a6, a7) = (avx._mm256_unpacklo_ps(r[6], r[7]), avx._mm256_unpackhi_ps(r[6], r[7]));
        let (b0, b1) = (avx._mm256_shuffle_ps::<0x44>(a0, a2), avx._mm256_shuffle_ps::<0xEE>(a0, a2));
        let (b2, b3) = (avx._mm256_shuffle_ps::<0x44>(a1, a3), avx._mm256_shuffle_ps::<0xEE>(a1, a3));
        let (b4, b5) = (avx._mm256_shuffle_ps::<0x44>(a4, a6), avx._mm256_shuffle_ps::<0xEE>(a4, a6));
        let (b6, b7) = (avx._mm256_shuffle_ps::<0x44>(a5, a7), avx._mm256_shuffle_ps::<0xEE>(a5, a7));
        let columns = [
            avx._mm256_permute2f128_ps::<0x20>(b0, b4),
            avx._mm256_permute2f128_ps::<0x20>(b1, b5),
            avx._mm256_permute2f128_ps::<0x20>(b2, b6),
            avx._mm256_permute2f128_ps::<0x20>(b3, b7),
            avx._mm256_permute2f128_ps::<0x31>(b0, b4),
            avx._mm256_permute2f128_ps::<0x31>(b1, b5),
            avx._mm256_permute2f128_ps::<0x31>(b2, b6),
            avx._mm256_permute2f128_ps::<0x31>(b3, b7),
        ];
        for (i, column) in columns.into_iter().enumerate() {
            let f32x8(c0, c1, c2, c3, c4, c5, c6, c7) = pulp::cast(column);
            out[(k + i) * tile..][..8].copy_from_slice(&[c0, c1, c2, c3, c4, c5, c6, c7]);
        }
    }
    for k in size / 8 * 8..size {
        for (i, row) in rows.iter().enumerate() {
            out[k * tile + i] = row[k];
        }
    }
}
