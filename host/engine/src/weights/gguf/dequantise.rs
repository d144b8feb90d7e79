//! Values of quantised blocks, with ggml's formulas (`dequantize_row_*` in
//! <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>) in its order of operations, so that every value is the
//! same to the last bit.

use half::f16;

use super::TensorType;
use crate::ops::simd::dispatch::wide;

/// Writes the values of whole blocks to `out`, which has room for exactly those.
pub(crate) fn dequantise(kind: TensorType, blocks: &[u8], out: &mut [f32]) {
    debug_assert_eq!(blocks.len() / kind.block_bytes() * kind.block_values(), out.len());
    wide!(match kind {
        TensorType::Float(float) => float.decode_into(blocks, out),
        TensorType::Q4_0 => each(blocks, out, q4_0),
        TensorType::Q4_1 => each(blocks, out, q4_1),
        TensorType::Q5_0 => each(blocks, out, q5_0),
        TensorType::Q5_1 => each(blocks, out, q5_1),
        TensorType::Q8_0 => each(blocks, out, q8_0),
        TensorType::Q2K => each(blocks, out, q2_k),
        TensorType::Q3K => each(blocks, out, q3_k),
        TensorType::Q4K => each(blocks, out, q4_k),
        TensorType::Q5K => each(blocks, out, q5_k),
        TensorType::Q6K => each(blocks, out, q6_k),
    });
}

#[inline(always)]
fn each<const BYTES: usize, const VALUES: usize>(
    blocks: &[u8],
    out: &mut [f32],
    values: impl Fn(&[u8; BYTES], &mut [f32; VALUES]),
) {
    for (block, out) in blocks.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
        values(block, out);
    }
}

/// The half-precision number at `at`.
#[inline(always)]
fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// d, 16 bytes of two values each: d·(q − 8).
#[inline(always)]
fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let d = half_at(block, 0);
    let (low, high) = out.split_at_mut(16);
    for ((q, low), high) in block[2..].iter().zip(low).zip(high) {
        *low = (f32::from(q & 15) - 8.0) * d;
        *high = (f32::from(q >> 4) - 8.0) * d;
    }
}

/// d, m, 16 bytes: d·q + m.
#[inline(always)]
fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    let (low, high) = out.split_at_mut(16);
    for ((q, low), high) in block[4..].iter().zip(low).zip(high) {
        *low = f32::from(q & 15) * d + m;
        *high = f32::from(q >> 4) * d + m;
    }
}

/// The fifth bits of 32 values, as 0 or 16.
#[inline(always)]
fn fifth_bits(bytes: &[u8]) -> [u8; 32] {
    std::array::from_fn(|i| (bytes[i / 8] >> (i % 8) & 1) << 4)
}

/// d, 4 bytes of fifth bits, 16 bytes: d·(q − 16).
#[inline(always)]
fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let (d, fifth) = (half_at(block, 0), fifth_bits(&block[2..6]));
    for j in 0..16 {
        let q = block[6 + j];
        out[j] = (f32::from(q & 15 | fifth[j]) - 16.0) * d;
        out[j + 16] = (f32::from(q >> 4 | fifth[j + 16]) - 16.0) * d;
    }
}

/// d, m, 4 bytes of fifth bits, 16 bytes: d·q + m.
#[inline(always)]
fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (d, m, fifth) = (half_at(block, 0), half_at(block, 2), fifth_bits(&block[4..8]));
    for j in 0..16 {
        let q = block[8 + j];
        out[j] = f32::from(q & 15 | fifth[j]) * d + m;
        out[j + 16] = f32::from(q >> 4 | fifth[j + 16]) * d + m;
    }
}

/// d, 32 signed bytes: d·q.
#[inline(always)]
fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let d = half_at(block, 0);
    for (q, out) in block[2..].iter().zip(out) {
        *out = f32::from(*q as i8) * d;
    }
}

/// 16 scales, 64 bytes of four values each, d, m. A scale is of 16 values, its low half of d, its high half of m:
/// (d·scale)·q − m·offset.
#[inline(always)]
fn q2_k(block: &[u8; 84], out: &mut [f32; 256]) {
    let (scales, quants) = (&block[..16], &block[16..80]);
    let (d, m) = (half_at(block, 80), half_at(block, 82));
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let (d, m) = (d * f32::from(scales[group] & 15), m * f32::from(scales[group] >> 4));
        let (quants, shift) = quants_of_group(quants, group);
        for (q, out) in quants.iter().zip(out) {
            *out = d * f32::from(q >> shift & 3) - m;
        }
    }
}

/// 32 bytes of third bits, 64 bytes of four values each, 12 bytes with 16 scales of six bits, d. A third bit that is not
/// set takes 4 away: d·(scale − 32)·q.
#[inline(always)]
fn q3_k(block: &[u8; 110], out: &mut [f32; 256]) {
    let (thirds, quants, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let d = half_at(block, 108);
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        // The low four bits of scale i are in byte i % 8, the high two in byte 8 + i % 4.
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        let d = d * (f32::from(low | high << 4) - 32.0);
        let (quants, shift) = quants_of_group(quants, group);
        let thirds = &thirds[group % 2 * 16..][..16];
        let bit = group / 2;
        for ((q, third), out) in quants.iter().zip(thirds).zip(out) {
            let taken = if third >> bit & 1 == 0 { 4.0 } else { 0.0 };
            *out = d * (f32::from(q >> shift & 3) - taken);
        }
    }
}

/// The bytes and the shift of group `group` of 16 values of two bits: 32 bytes hold 128 values, first the lowest bits of all
/// of them.
#[inline(always)]
fn quants_of_group(quants: &[u8], group: usize) -> (&[u8], usize) {
    (&quants[group / 8 * 32 + group % 2 * 16..][..16], group % 8 / 2 * 2)
}

/// d, m, 12 bytes with 8 scales and 8 offsets of six bits, 128 bytes: (d·scale)·q − m·offset.
#[inline(always)]
fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, offset) = scale_and_offset(&block[4..16], group);
        let (d, m) = (d * scale, m * offset);
        let quants = &block[16 + group / 2 * 32..][..32];
        let shift = group % 2 * 4;
        for (q, out) in quants.iter().zip(out) {
            *out = d * f32::from(q >> shift & 15) - m;
        }
    }
}

/// d, m, 12 bytes with 8 scales and 8 offsets of six bits, 32 bytes of fifth bits, 128 bytes: (d·scale)·q − m·offset.
#[inline(always)]
fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, offset) = scale_and_offset(&block[4..16], group);
        let (d, m) = (d * scale, m * offset);
        let (fifths, quants) = (&block[16..48], &block[48 + group / 2 * 32..][..32]);
        let shift = group % 2 * 4;
        for ((q, fifth), out) in quants.iter().zip(fifths).zip(out) {
            *out = d * f32::from(q >> shift & 15 | (fifth >> group & 1) << 4) - m;
        }
    }
}

/// Scale and offset `group` of 8 each, packed into 12 bytes: those of the first four groups are the low six bits of bytes 0
/// to 7; those of the others are the halves of bytes 8 to 11, with the high bits of the first eight bytes.
#[inline(always)]
fn scale_and_offset(packed: &[u8], group: usize) -> (f32, f32) {
    let (scale, offset) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        let both = packed[group + 4];
        (both & 15 | packed[group - 4] >> 6 << 4, both >> 4 | packed[group] >> 6 << 4)
    };
    (f32::from(scale), f32::from(offset))
}

/// 128 bytes of low halves, 64 bytes of fifth and sixth bits, 16 signed scales, d: d·scale·(q − 32).
#[inline(always)]
fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let d = half_at(block, 208);
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let d = d * f32::from(block[192 + group] as i8);
        // Of 128 values, 64 bytes hold the low halves and 32 bytes the high bits.
        let (half, within) = (group / 8, group % 8);
        let lows = &block[half * 64 + within % 4 * 16..][..16];
        let highs = &block[128 + half * 32 + within % 2 * 16..][..16];
        let (low_shift, high_shift) = (within / 4 * 4, within / 2 * 2);
        for ((low, high), out) in lows.iter().zip(highs).zip(out) {
            *out = d * (f32::from(low >> low_shift & 15 | (high >> high_shift & 3) << 4) - 32.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use candle_core::Device;
    use candle_core::quantized::{GgmlDType, QStorage, QTensor};
    use hive_tests::check_all;

    use super::*;
    use crate::ops::dropout::mix;

    /// Every pattern of bits in blocks of random bytes, against candle, which reads ggml's formats as well.
    #[test]
    fn random_blocks_have_candles_values() {
        let cases = [
            (TensorType::Q4_0, GgmlDType::Q4_0),
            (TensorType::Q4_1, GgmlDType::Q4_1),
            (TensorType::Q5_0, GgmlDType::Q5_0),
            (TensorType::Q5_1, GgmlDType::Q5_1),
            (TensorType::Q8_0, GgmlDType::Q8_0),
            (TensorType::Q2K, GgmlDType::Q2K),
            (TensorType::Q3K, GgmlDType::Q3K),
            (TensorType::Q4K, GgmlDType::Q4K),
            (TensorType::Q5K, GgmlDType::Q5K),
            (TensorType::Q6K, GgmlDType::Q6K),
        ];
        check_all(cases, |(kind, theirs)| {
            assert_eq!((kind.block_bytes(), kind.block_values()), (theirs.type_size(), theirs.block_size()));
            let count = 300;
            // Words, so that the blocks have the alignment that candle requires.
            let words: Vec<u64> = (0..count * kind.block_bytes() as u64 / 8 + 1).map(mix).collect();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let blocks = &bytes[..count as usize * kind.block_bytes()];
            let mut got = vec![0.0; count as usize * kind.block_values()];
            dequantise(kind, blocks, &mut got);
            let storage = QStorage::from_data(Cow::Borrowed(blocks), &Device::Cpu, theirs).unwrap();
            let expected = QTensor::new(storage, got.len()).unwrap().dequantize(&Device::Cpu).unwrap();
            let expected: Vec<f32> = expected.to_vec1().unwrap();
            for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
                // A scale of random bits may be NaN, whose own bits nobody fixes.
                let same = got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan();
                assert!(same, "value {i}: {got}, expected {expected}");
            }
        });
    }
}
