//! Little-endian floats of a file as f32 and back: F32, F16 and BF16. Bytes of a mapped file may sit
//! at any address, so nothing here reinterprets memory. Quantised blocks are `gguf.rs`'s business.

use rayon::prelude::*;

/// Elements that one task converts: large enough to hide its cost, small enough to stay in cache.
const CHUNK: usize = 32 * 1024;

/// How a plain float is stored.
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
            Self::F16 => 65504.0,
            Self::Bf16 => f32::from_bits(0x7f7f_0000),
        }
    }

    /// Converts as many elements as `out` holds; `bytes` holds exactly those.
    pub(super) fn decode_into(self, bytes: &[u8], out: &mut [f32]) {
        debug_assert_eq!(bytes.len(), out.len() * self.size());
        match self {
            Self::F32 => {
                for (value, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
                    *value = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                }
            }
            Self::F16 => {
                for (value, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                    *value = f16_to_f32(u16::from_le_bytes([b[0], b[1]]));
                }
            }
            Self::Bf16 => {
                for (value, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                    *value = f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16);
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

    /// Stores `values` into `bytes`, which hold exactly those, on every core. Each value becomes the
    /// nearest one that this kind has; of two that are equally near, the one with an even last bit.
    /// Gives the place of the first value that is no finite number once stored.
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
                for (value, b) in values.iter().zip(bytes.chunks_exact_mut(2)) {
                    let half = f32_to_f16(*value);
                    b.copy_from_slice(&half.to_le_bytes());
                    finite &= half & F16_INFINITY != F16_INFINITY;
                }
            }
            Self::Bf16 => {
                for (value, b) in values.iter().zip(bytes.chunks_exact_mut(2)) {
                    let upper = f32_to_bf16(*value);
                    b.copy_from_slice(&upper.to_le_bytes());
                    finite &= upper & BF16_INFINITY != BF16_INFINITY;
                }
            }
        }
        if finite { None } else { values.iter().position(|value| !self.holds(*value)) }
    }

    /// Whether `value` is a finite number once stored.
    fn holds(self, value: f32) -> bool {
        match self {
            Self::F32 => value.is_finite(),
            Self::F16 => f32_to_f16(value) & F16_INFINITY != F16_INFINITY,
            Self::Bf16 => f32_to_bf16(value) & BF16_INFINITY != BF16_INFINITY,
        }
    }
}

impl std::fmt::Display for FloatKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// All bits of the exponent of a half: infinities and NaN have them.
const F16_INFINITY: u16 = 0x7c00;
/// Those of a bfloat.
const BF16_INFINITY: u16 = 0x7f80;

/// The nearest half; infinity for what is too large and for NaN, which no caller writes. Both ways
/// are computed and one is taken, so that the loop vectorises.
fn f32_to_f16(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) & 0x8000;
    let magnitude = value.to_bits() & 0x7fff_ffff;
    // Below 2^-14 a half counts in steps of 2^-24. Those are the steps of a float at 0.5: adding 0.5
    // rounds to them, and the bits above those of 0.5 are the count.
    let small = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    // Above, 13 bits are dropped, with a carry into the exponent where that rounds up; the exponent
    // counts from 15 rather than from 127.
    let odd = (magnitude >> 13) & 1;
    let normal = ((magnitude + 0x0fff + odd) >> 13).wrapping_sub((127 - 15) << 10);
    let half = if magnitude < (127 - 14) << 23 { small } else { normal.min(F16_INFINITY.into()) };
    (sign | half) as u16
}

/// The nearest bfloat, likewise.
fn f32_to_bf16(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) & 0x8000;
    let magnitude = value.to_bits() & 0x7fff_ffff;
    let odd = (magnitude >> 16) & 1;
    let upper = (magnitude + 0x7fff + odd) >> 16;
    (sign | upper.min(BF16_INFINITY.into())) as u16
}

/// One half-precision number, exactly. Without a branch, so that the loop above vectorises: the
/// exponent is moved by a multiplication with 2^112, which brings subnormals along; infinities and
/// NaN get their exponent back afterwards.
fn f16_to_f32(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let magnitude = u32::from(half & 0x7fff);
    let scaled = (f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23)).to_bits();
    let special = if magnitude >= 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(scaled | special | sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::{GgmlDType, ggml_file};
    use candle_core::{Device, Result};

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

    /// Every value that a kind has comes back; what lies between two goes to the nearer, and from
    /// the middle to the even one.
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
            for endless in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
                assert_eq!(stored(endless) & infinity, infinity, "{kind} {endless}");
            }
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
