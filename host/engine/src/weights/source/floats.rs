//! Little-endian floats of a file as f32 and back: F32, F16 and BF16. The bytes of a mapped file may have any alignment,
//! so nothing here reinterprets memory. Quantised blocks are read by `gguf.rs`.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;

/// Elements per parallel task: large enough to hide its cost, small enough to stay in cache.
const CHUNK: usize = 32 * 1024;

/// Halves that are converted together: `half` converts slices in vectors, single values one by one.
const HALVES: usize = 512;

/// The storage type of a plain float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatKind {
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754 half, 2 bytes.
    F16,
    /// The upper half of an f32, 2 bytes.
    Bf16,
}

impl FloatKind {
    /// The name on the command line: `f32`, `f16`, `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The largest finite number.
    pub fn max(self) -> f32 {
        match self {
            Self::F32 => f32::MAX,
            Self::F16 => f16::MAX.to_f32(),
            Self::Bf16 => bf16::MAX.to_f32(),
        }
    }

    /// Converts as many elements as `out` holds; `bytes` holds exactly those.
    pub(crate) fn decode_into(self, bytes: &[u8], out: &mut [f32]) {
        debug_assert_eq!(bytes.len(), out.len() * self.size());
        match self {
            Self::F32 => {
                for (value, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
                    *value = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                }
            }
            Self::F16 => {
                let mut halves = [f16::ZERO; HALVES];
                for (out, bytes) in out.chunks_mut(HALVES).zip(bytes.chunks(2 * HALVES)) {
                    let halves = &mut halves[..out.len()];
                    for (half, b) in halves.iter_mut().zip(bytes.as_chunks::<2>().0) {
                        *half = f16::from_le_bytes(*b);
                    }
                    halves.convert_to_f32_slice(out);
                }
            }
            Self::Bf16 => {
                for (value, b) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *value = bf16::from_le_bytes(*b).to_f32();
                }
            }
        }
    }

    /// All elements of `bytes`, converted on every core.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let mut out = vec![0f32; bytes.len() / self.size()];
        self.decode_to(bytes, &mut out);
        out
    }

    /// As [`Self::decode`], into `out`, which holds exactly those.
    pub(super) fn decode_to(self, bytes: &[u8], out: &mut [f32]) {
        out.par_chunks_mut(CHUNK)
            .zip(bytes.par_chunks(CHUNK * self.size()))
            .for_each(|(out, bytes)| self.decode_into(bytes, out));
    }

    /// Stores `values` into `bytes`, which have room for exactly those, on every core. Values are rounded to the nearest,
    /// ties to even. Returns the index of the first value that is not finite once stored.
    pub(crate) fn encode(self, values: &[f32], bytes: &mut [u8]) -> Option<usize> {
        let size = self.size();
        debug_assert_eq!(bytes.len(), values.len() * size);
        let chunks = values.par_chunks(CHUNK).zip(bytes.par_chunks_mut(CHUNK * size)).enumerate();
        chunks.filter_map(|(i, (values, bytes))| Some(i * CHUNK + self.encode_chunk(values, bytes)?)).min()
    }

    fn encode_chunk(self, values: &[f32], bytes: &mut [u8]) -> Option<usize> {
        let mut finite = true;
        match self {
            Self::F32 => {
                for (value, b) in values.iter().zip(bytes.chunks_exact_mut(4)) {
                    b.copy_from_slice(&value.to_le_bytes());
                    finite &= value.is_finite();
                }
            }
            Self::F16 => {
                let mut halves = [f16::ZERO; HALVES];
                for (values, bytes) in values.chunks(HALVES).zip(bytes.chunks_mut(2 * HALVES)) {
                    let halves = &mut halves[..values.len()];
                    halves.convert_from_f32_slice(values);
                    for (half, b) in halves.iter().zip(bytes.as_chunks_mut::<2>().0) {
                        *b = half.to_le_bytes();
                        finite &= half.is_finite();
                    }
                }
            }
            Self::Bf16 => {
                for (value, b) in values.iter().zip(bytes.as_chunks_mut::<2>().0) {
                    let value = bf16::from_f32(*value);
                    *b = value.to_le_bytes();
                    finite &= value.is_finite();
                }
            }
        }
        if finite { None } else { values.iter().position(|value| !self.holds(*value)) }
    }

    /// Whether `value` is a finite number once stored.
    fn holds(self, value: f32) -> bool {
        match self {
            Self::F32 => value.is_finite(),
            Self::F16 => f16::from_f32(value).is_finite(),
            Self::Bf16 => bf16::from_f32(value).is_finite(),
        }
    }
}

impl std::fmt::Display for FloatKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::{GgmlDType, ggml_file};
    use candle_core::{Device, Result};
    use hive_tests::check_all;

    /// All bits of the exponent: infinities and NaN have them.
    const F16_INFINITY: u16 = 0x7c00;
    const BF16_INFINITY: u16 = 0x7f80;

    /// The value of a two-byte float with these numbers of exponent and fraction bits, as IEEE 754 defines it.
    fn defined(bits: u16, exponent_bits: u32, fraction_bits: u32) -> f32 {
        let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
        let (bias, largest) = ((1 << (exponent_bits - 1)) - 1, (1 << exponent_bits) - 1);
        let exponent = i32::from(bits >> fraction_bits) & largest;
        let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / f64::from(1 << fraction_bits);
        let magnitude = match exponent {
            0 => fraction * 2f64.powi(1 - bias),
            e if e == largest && fraction == 0.0 => f64::INFINITY,
            e if e == largest => f64::NAN,
            e => (1.0 + fraction) * 2f64.powi(e - bias),
        };
        (sign * magnitude) as f32
    }

    /// Every half and bfloat there is, against their definition: the same bits, or NaN.
    #[test]
    fn every_two_byte_float_has_the_value_that_its_bits_define() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for (kind, exponent, fraction) in [(FloatKind::F16, 5, 10), (FloatKind::Bf16, 8, 7)] {
            for (bits, got) in (0..=u16::MAX).zip(kind.decode(&bytes)) {
                let want = defined(bits, exponent, fraction);
                let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                assert!(same, "{kind} {bits:#06x}: got {got}, expected {want}");
            }
        }
    }

    /// Every half and bfloat there is, against candle's conversion.
    #[test]
    fn every_two_byte_float_converts_exactly() -> Result<()> {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for (kind, dtype) in [(FloatKind::F16, GgmlDType::F16), (FloatKind::Bf16, GgmlDType::BF16)] {
            let theirs = ggml_file::qtensor_from_ggml(dtype, &bytes, vec![1 << 16], &Device::Cpu)?
                .dequantize(&Device::Cpu)?
                .to_vec1::<f32>()?;
            for (half, (ours, theirs)) in kind.decode(&bytes).into_iter().zip(theirs).enumerate() {
                let same = ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan());
                assert!(same, "{kind:?} {half:#06x}: got {ours}, expected {theirs}");
            }
        }
        Ok(())
    }

    /// Every value of a kind is encoded to itself; a value between two is rounded to the nearest, ties to even.
    #[test]
    fn rounding_is_to_the_nearest_and_from_the_middle_to_even() {
        for (kind, infinity) in [(FloatKind::F16, F16_INFINITY), (FloatKind::Bf16, BF16_INFINITY)] {
            let value = |bits: u16| kind.decode(&bits.to_le_bytes())[0];
            let stored = |value: f32| {
                let mut bytes = [0; 2];
                let bad = kind.encode(&[value], &mut bytes);
                assert_eq!(bad.is_none(), u16::from_le_bytes(bytes) & infinity != infinity, "{kind} {value}");
                u16::from_le_bytes(bytes)
            };
            for bits in 0..infinity {
                assert_eq!(stored(value(bits)), bits, "{kind} {bits:#06x}");
                assert_eq!(stored(-value(bits)), bits | 0x8000, "{kind} -{bits:#06x}");
                let this = f64::from(value(bits));
                // What comes after the largest would be as far again.
                let next = match bits + 1 {
                    end if end == infinity => this + (this - f64::from(value(bits - 1))),
                    next => f64::from(value(next)),
                };
                let middle = ((this + next) / 2.0) as f32;
                assert_eq!(stored(middle), bits + bits % 2, "{kind} {bits:#06x}: the middle, {middle}");
                assert_eq!(stored(middle.next_down()), bits, "{kind} {bits:#06x}: just below {middle}");
                assert_eq!(stored(middle.next_up()), bits + 1, "{kind} {bits:#06x}: just above {middle}");
            }
            check_all([f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN], |endless| {
                assert_eq!(stored(endless) & infinity, infinity, "{kind} {endless}");
            });
        }
    }

    #[test]
    fn the_first_value_that_does_not_fit_is_found() {
        let mut values = vec![1.0f32; 3 * CHUNK];
        let mut bytes = vec![0; values.len() * 4];
        for kind in [FloatKind::F32, FloatKind::F16, FloatKind::Bf16] {
            assert_eq!(kind.encode(&values, &mut bytes[..values.len() * kind.size()]), None);
        }
        values[2 * CHUNK + 5] = f32::NAN;
        values[CHUNK + 1] = f32::MAX;
        let mut at = |kind: FloatKind| kind.encode(&values, &mut bytes[..values.len() * kind.size()]);
        assert_eq!(at(FloatKind::F32), Some(2 * CHUNK + 5));
        assert_eq!((at(FloatKind::F16), at(FloatKind::Bf16)), (Some(CHUNK + 1), Some(CHUNK + 1)));
        assert!(FloatKind::F16.holds(65519.0) && !FloatKind::F16.holds(65520.0));
        assert!(FloatKind::Bf16.holds(FloatKind::Bf16.max()));
    }

    #[test]
    fn f32_at_an_odd_address() {
        let mut bytes = vec![0u8];
        for value in [1.5f32, -0.0, f32::MIN_POSITIVE] {
            bytes.extend(value.to_le_bytes());
        }
        assert_eq!(FloatKind::F32.decode(&bytes[1..]), [1.5, -0.0, f32::MIN_POSITIVE]);
    }
}
