//! Little-endian floats of a file as f32: F32, F16 and BF16. Bytes of a mapped file may sit at any
//! address, so nothing here reinterprets memory. Quantised blocks are `gguf.rs`'s business.

use rayon::prelude::*;

/// Elements that one task converts: large enough to hide its cost, small enough to stay in cache.
const CHUNK: usize = 32 * 1024;

/// How a plain float is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FloatKind {
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754 half, 2 bytes.
    F16,
    /// The upper half of an f32, 2 bytes.
    Bf16,
}

impl FloatKind {
    /// Bytes of one element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
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
        let size = self.size();
        let mut out = vec![0f32; bytes.len() / size];
        out.par_chunks_mut(CHUNK)
            .zip(bytes.par_chunks(CHUNK * size))
            .for_each(|(out, bytes)| self.decode_into(bytes, out));
        out
    }
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

    #[test]
    fn f32_at_an_odd_address() {
        let mut bytes = vec![0u8];
        for value in [1.5f32, -0.0, f32::MIN_POSITIVE] {
            bytes.extend(value.to_le_bytes());
        }
        assert_eq!(FloatKind::F32.decode(&bytes[1..]), [1.5, -0.0, f32::MIN_POSITIVE]);
    }
}
