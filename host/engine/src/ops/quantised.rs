//! Quantised weights in memory as a GGUF file stores them, for generation, which is bound by memory bandwidth: a token reads
//! a quarter or an eighth of the bytes of f32 weights. The layers are in [`super::decode_linear`].
//!
//! The values are exactly those that dequantising gives, and inputs and sums stay f32: a product differs from the f32 one
//! only by the order of its sum.

use half::f16;
use rayon::prelude::*;

use super::simd::dispatch::wide;
use super::simd::loops::{dot, tree_sum};

/// Values per block.
pub const BLOCK: usize = 32;

/// Lanes of a partial sum.
const LANES: usize = 8;

/// The format of a block of 32 values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// d·q, q a signed byte (ggml's Q8_0).
    Q8,
    /// d·(q − 8), q four bits (Q4_0).
    Q4,
    /// d·q + m, q four bits (Q4_1).
    Q4Offset,
}

impl Kind {
    /// Bytes of the quants of a block.
    fn quant_bytes(self) -> usize {
        match self {
            Self::Q8 => BLOCK,
            Self::Q4 | Self::Q4Offset => BLOCK / 2,
        }
    }

    /// Bytes of a whole block in a file.
    pub fn block_bytes(self) -> usize {
        self.quant_bytes() + if self == Self::Q4Offset { 4 } else { 2 }
    }
}

/// A quantised weight [out, in]. Scales and quants are stored separately, so that both are read with vectors.
#[derive(Debug, Clone)]
pub struct Quantised {
    kind: Kind,
    input: usize,
    /// Scale d of every block.
    scales: Vec<f32>,
    /// Offset of every block; empty for Q8, which has none.
    offsets: Vec<f32>,
    quants: Vec<u8>,
}

impl Quantised {
    /// Reads rows of `input` values from `blocks`, in the layout of a file.
    ///
    /// # Panics
    /// When `input` is not a multiple of [`BLOCK`], or `blocks` does not consist of whole rows: a bug of the caller.
    pub fn new(kind: Kind, input: usize, blocks: &[u8]) -> Self {
        let size = kind.block_bytes();
        assert!(input.is_multiple_of(BLOCK) && blocks.len().is_multiple_of(input / BLOCK * size));
        let count = blocks.len() / size;
        let mut this = Self {
            kind,
            input,
            scales: Vec::with_capacity(count),
            offsets: Vec::with_capacity(if kind == Kind::Q8 { 0 } else { count }),
            quants: Vec::with_capacity(count * kind.quant_bytes()),
        };
        for block in blocks.chunks_exact(size) {
            let (head, quants) = block.split_at(size - kind.quant_bytes());
            let scale = f16::from_le_bytes([head[0], head[1]]).to_f32();
            this.scales.push(scale);
            match kind {
                Kind::Q8 => {}
                Kind::Q4 => this.offsets.push(-8.0 * scale),
                Kind::Q4Offset => this.offsets.push(f16::from_le_bytes([head[2], head[3]]).to_f32()),
            }
            this.quants.extend_from_slice(quants);
        }
        this
    }

    /// Output features.
    pub fn out(&self) -> usize {
        self.scales.len() / (self.input / BLOCK)
    }

    /// Input features.
    pub fn input(&self) -> usize {
        self.input
    }

    /// The values from row `row` on, as many whole rows as `out` holds, on every core. They are the same as those that
    /// `weights/gguf` reads: d·q and −8·d are exact in f32.
    pub fn values_into(&self, row: usize, out: &mut [f32]) {
        const CHUNK: usize = 256;
        let first = row * (self.input / BLOCK);
        let chunks = out.par_chunks_mut(CHUNK * BLOCK).enumerate();
        chunks.for_each(|(chunk, out)| wide!(self.blocks_into(first + chunk * CHUNK, out)));
    }

    #[inline(always)]
    fn blocks_into(&self, first: usize, out: &mut [f32]) {
        let size = self.kind.quant_bytes();
        for (i, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
            let block = first + i;
            let (d, quants) = (self.scales[block], &self.quants[block * size..][..size]);
            if self.kind == Kind::Q8 {
                for (out, q) in out.iter_mut().zip(quants) {
                    *out = f32::from(*q as i8) * d;
                }
                continue;
            }
            let offset = self.offsets[block];
            let (low, high) = out.split_at_mut(BLOCK / 2);
            for ((low, high), q) in low.iter_mut().zip(high).zip(quants) {
                *low = f32::from(q & 15) * d + offset;
                *high = f32::from(q >> 4) * d + offset;
            }
        }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        4 * (self.scales.len() + self.offsets.len()) + self.quants.len()
    }

    /// The products of one row of W with the inputs of `T` tokens. A token's result does not depend on the other tokens, to
    /// the last bit.
    #[inline(always)]
    pub(super) fn dots<U: Unpack, const T: usize>(&self, unpack: U, row: usize, x: [Input; T]) -> [f32; T] {
        match self.kind {
            Kind::Q8 => {
                let quants = self.quants.as_chunks::<BLOCK>().0;
                self.sums(
                    unpack,
                    row,
                    x,
                    quants,
                    #[inline(always)]
                    |quants| unpack.bytes(quants),
                )
            }
            Kind::Q4 | Kind::Q4Offset => {
                let quants = self.quants.as_chunks::<{ BLOCK / 2 }>().0;
                self.sums(
                    unpack,
                    row,
                    x,
                    quants,
                    #[inline(always)]
                    |quants| unpack.halves(quants),
                )
            }
        }
    }

    #[inline(always)]
    fn sums<U: Unpack, Q, const T: usize>(
        &self,
        unpack: U,
        row: usize,
        x: [Input; T],
        quants: &[Q],
        values: impl Fn(&Q) -> [[f32; LANES]; 4],
    ) -> [f32; T] {
        let blocks = self.input / BLOCK;
        let quants = &quants[row * blocks..][..blocks];
        let scales = &self.scales[row * blocks..][..blocks];
        let mut inputs: [&[[f32; BLOCK]]; T] = [&[]; T];
        for (input, x) in inputs.iter_mut().zip(&x) {
            *input = &x.x.as_chunks::<BLOCK>().0[..blocks];
        }
        let mut totals = [[0.0f32; LANES]; T];
        for b in 0..blocks {
            let values = values(&quants[b]);
            for t in 0..T {
                unpack.add_block(&mut totals[t], &values, &inputs[t][b], scales[b]);
            }
        }
        let mut sums = [0.0; T];
        for t in 0..T {
            sums[t] = tree_sum(totals[t]);
            if self.kind != Kind::Q8 {
                sums[t] += dot(&self.offsets[row * blocks..][..blocks], &x[t].sums[..blocks]);
            }
        }
        sums
    }
}

/// Unpacking of blocks, with the vectors of an instruction set or in plain Rust.
pub(super) trait Unpack: Copy {
    /// Unpacks 32 signed bytes.
    fn bytes(self, quants: &[u8; BLOCK]) -> [[f32; LANES]; 4];

    /// Unpacks 32 values of four bits: the low halves of the bytes are the first 16, the high halves the last 16.
    fn halves(self, quants: &[u8; BLOCK / 2]) -> [[f32; LANES]; 4];

    /// Adds scale · Σ values·x over one block, lane by lane.
    fn add_block(self, total: &mut [f32; LANES], values: &[[f32; LANES]; 4], x: &[f32; BLOCK], scale: f32);
}

/// Plain Rust.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Unpack for Portable {
    #[inline(always)]
    fn bytes(self, quants: &[u8; BLOCK]) -> [[f32; LANES]; 4] {
        let mut values = [[0.0; LANES]; 4];
        for (values, quants) in values.iter_mut().zip(quants.chunks_exact(LANES)) {
            for l in 0..LANES {
                values[l] = f32::from(quants[l] as i8);
            }
        }
        values
    }

    #[inline(always)]
    fn halves(self, quants: &[u8; BLOCK / 2]) -> [[f32; LANES]; 4] {
        let mut values = [[0.0; LANES]; 4];
        for (group, quants) in quants.chunks_exact(LANES).enumerate() {
            for l in 0..LANES {
                values[group][l] = f32::from(quants[l] & 15);
                values[group + 2][l] = f32::from(quants[l] >> 4);
            }
        }
        values
    }

    #[inline(always)]
    fn add_block(self, total: &mut [f32; LANES], values: &[[f32; LANES]; 4], x: &[f32; BLOCK], scale: f32) {
        let mut sum = [0.0f32; LANES];
        for (values, x) in values.iter().zip(x.chunks_exact(LANES)) {
            for l in 0..LANES {
                sum[l] = values[l].mul_add(x[l], sum[l]);
            }
        }
        for l in 0..LANES {
            total[l] = sum[l].mul_add(scale, total[l]);
        }
    }
}

/// AVX2 by hand: the compiler would unpack the bytes one by one.
#[cfg(target_arch = "x86_64")]
impl Unpack for pulp::x86::V3 {
    #[inline(always)]
    fn bytes(self, quants: &[u8; BLOCK]) -> [[f32; LANES]; 4] {
        let [low, high]: [[u8; BLOCK / 2]; 2] = pulp::cast(*quants);
        let (a, b) = eight_and_eight(self, pulp::cast(low), true);
        let (c, d) = eight_and_eight(self, pulp::cast(high), true);
        [a, b, c, d]
    }

    #[inline(always)]
    fn halves(self, quants: &[u8; BLOCK / 2]) -> [[f32; LANES]; 4] {
        let both = pulp::cast(*quants);
        let fifteen = self.sse2._mm_set1_epi8(15);
        let low = self.sse2._mm_and_si128(both, fifteen);
        let high = self.sse2._mm_and_si128(self.sse2._mm_srli_epi16::<4>(both), fifteen);
        let (a, b) = eight_and_eight(self, low, false);
        let (c, d) = eight_and_eight(self, high, false);
        [a, b, c, d]
    }

    #[inline(always)]
    fn add_block(self, total: &mut [f32; LANES], values: &[[f32; LANES]; 4], x: &[f32; BLOCK], scale: f32) {
        let x: [[f32; LANES]; 4] = pulp::cast(*x);
        let mut sum = self.avx._mm256_mul_ps(pulp::cast(values[0]), pulp::cast(x[0]));
        sum = self.fma._mm256_fmadd_ps(pulp::cast(values[1]), pulp::cast(x[1]), sum);
        sum = self.fma._mm256_fmadd_ps(pulp::cast(values[2]), pulp::cast(x[2]), sum);
        sum = self.fma._mm256_fmadd_ps(pulp::cast(values[3]), pulp::cast(x[3]), sum);
        let scale = self.avx._mm256_set1_ps(scale);
        *total = pulp::cast(self.fma._mm256_fmadd_ps(sum, scale, pulp::cast(*total)));
    }
}

/// Sixteen bytes as numbers.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn eight_and_eight(v3: pulp::x86::V3, bytes: std::arch::x86_64::__m128i, signed: bool) -> ([f32; LANES], [f32; LANES]) {
    let upper = v3.sse2._mm_unpackhi_epi64(bytes, bytes);
    let (low, high) = if signed {
        (v3.avx2._mm256_cvtepi8_epi32(bytes), v3.avx2._mm256_cvtepi8_epi32(upper))
    } else {
        (v3.avx2._mm256_cvtepu8_epi32(bytes), v3.avx2._mm256_cvtepu8_epi32(upper))
    };
    (pulp::cast(v3.avx._mm256_cvtepi32_ps(low)), pulp::cast(v3.avx._mm256_cvtepi32_ps(high)))
}

/// One token's input of a linear layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    /// `[in]`
    pub(super) x: &'a [f32],
    /// The sum of every block of x: what multiplies the block's offset.
    pub(super) sums: &'a [f32],
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use candle_core::quantized::{GgmlDType, QStorage, QTensor};
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::ops::dropout::mix;

    fn noise(n: usize) -> Vec<f32> {
        (0..n as u64).map(|i| (mix(i) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    #[test]
    fn products_are_those_of_the_dequantised_weight() {
        let (out, input, tokens) = (37, 576, 3);
        let weight = noise(out * input);
        let x = noise(tokens * input);
        for (kind, dtype) in
            [(Kind::Q8, GgmlDType::Q8_0), (Kind::Q4, GgmlDType::Q4_0), (Kind::Q4Offset, GgmlDType::Q4_1)]
        {
            // candle quantises and dequantises; it is the oracle for both.
            let tensor = Tensor::from_slice(&weight, (out, input), &Device::Cpu).unwrap();
            let quantised = QTensor::quantize(&tensor, dtype).unwrap();
            let blocks = quantised.data().unwrap();
            let storage = QStorage::from_data(Cow::Borrowed(&blocks[..]), &Device::Cpu, dtype).unwrap();
            let values = QTensor::new(storage, (out, input)).unwrap().dequantize(&Device::Cpu).unwrap();
            let values: Vec<f32> = values.flatten_all().unwrap().to_vec1().unwrap();
            let ours = Quantised::new(kind, input, &blocks);
            assert_eq!((ours.out(), ours.input()), (out, input));
            let mut dequantised = vec![0.0; out * input];
            ours.values_into(0, &mut dequantised);
            assert!(dequantised == values, "{kind:?}: other values");
            let mut row = vec![0.0; input];
            ours.values_into(5, &mut row);
            assert!(row == values[5 * input..][..input], "{kind:?}: another row");
            assert!(ours.bytes() < out * input * 4 / 3, "{kind:?}: {} bytes", ours.bytes());
            let sums: Vec<f32> = x.chunks_exact(BLOCK).map(|x| x.iter().sum()).collect();
            let token = |t: usize| Input { x: &x[t * input..][..input], sums: &sums[t * (input / BLOCK)..] };
            for row in 0..out {
                let together = ours.dots(Portable, row, [token(0), token(1), token(2)]);
                for (t, got) in together.into_iter().enumerate() {
                    let row = &values[row * input..][..input];
                    let want: f64 = row.iter().zip(token(t).x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
                    assert!((f64::from(got) - want).abs() < 2e-5, "{kind:?} {t}: {got}, {want}");
                }
                let apart: [f32; 3] = std::array::from_fn(|t| ours.dots(Portable, row, [token(t)])[0]);
                assert_eq!(apart, together, "{kind:?}: a token's neighbours change it");
                #[cfg(target_arch = "x86_64")]
                if let Some(v3) = pulp::x86::V3::try_new() {
                    let vectors = ours.dots(v3, row, [token(0), token(1), token(2)]);
                    assert!(
                        vectors.iter().zip(&together).all(|(v, p)| (v - p).abs() < 2e-5),
                        "{vectors:?} {together:?}"
                    );
                    let apart: [f32; 3] = std::array::from_fn(|t| ours.dots(v3, row, [token(t)])[0]);
                    assert_eq!(apart, vectors, "{kind:?}: a token's neighbours change it");
                }
            }
        }
    }
}
