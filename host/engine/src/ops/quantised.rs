//! Weights as a GGUF file stores them, for generation: a token then reads a quarter or an eighth of
//! what f32 weights would take, and memory is what bounds it. The layers are in
//! [`super::few_tokens`].
//!
//! The weights' values are exactly those that dequantising gives; inputs and sums stay f32. So a
//! product differs from the f32 one by the order of its sum alone.

/// Values per block.
pub const BLOCK: usize = 32;

/// Blocks whose scales are widened at a time.
const SCALES: usize = 16;

/// Lanes of a partial sum.
const LANES: usize = 8;

/// How a block's 32 values are stored.
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
    /// Bytes of a block's quants.
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

/// A quantised weight [out, in]; scales and quants apart, so that both are read in vectors.
#[derive(Debug, Clone)]
pub struct Quantised {
    kind: Kind,
    input: usize,
    /// d of every block, f16.
    scales: Vec<u16>,
    /// m of every block, f16; empty where there is none.
    offsets: Vec<u16>,
    quants: Vec<u8>,
}

impl Quantised {
    /// Takes rows of `input` values from `blocks`, as they lie in a file.
    ///
    /// # Panics
    /// When `input` is not a multiple of [`BLOCK`] or `blocks` not one of its rows: a bug of the
    /// caller.
    pub fn new(kind: Kind, input: usize, blocks: &[u8]) -> Self {
        let size = kind.block_bytes();
        assert!(input.is_multiple_of(BLOCK) && blocks.len().is_multiple_of(input / BLOCK * size));
        let count = blocks.len() / size;
        let mut this = Self {
            kind,
            input,
            scales: Vec::with_capacity(count),
            offsets: Vec::with_capacity(if kind == Kind::Q4Offset { count } else { 0 }),
            quants: Vec::with_capacity(count * kind.quant_bytes()),
        };
        for block in blocks.chunks_exact(size) {
            let (head, quants) = block.split_at(size - kind.quant_bytes());
            this.scales.push(u16::from_le_bytes([head[0], head[1]]));
            if kind == Kind::Q4Offset {
                this.offsets.push(u16::from_le_bytes([head[2], head[3]]));
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

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        2 * (self.scales.len() + self.offsets.len()) + self.quants.len()
    }

    /// The products of one row of W with `T` tokens' inputs. A token's result is the same bit for
    /// bit whatever tokens are beside it.
    #[inline(always)]
    pub(super) fn dots<const T: usize>(&self, row: usize, x: [Input; T]) -> [f32; T] {
        match self.kind {
            Kind::Q8 => self.dots_q8(row, x),
            Kind::Q4 => self.dots_q4::<T, false>(row, x),
            Kind::Q4Offset => self.dots_q4::<T, true>(row, x),
        }
    }

    #[inline(always)]
    fn dots_q8<const T: usize>(&self, row: usize, x: [Input; T]) -> [f32; T] {
        let blocks = self.input / BLOCK;
        let quants = &self.quants[row * self.input..][..self.input];
        let scales = &self.scales[row * blocks..][..blocks];
        let mut totals = [[0.0f32; LANES]; T];
        for (part, scales) in scales.chunks(SCALES).enumerate() {
            for (b, scale) in widened(scales).into_iter().enumerate().take(scales.len()) {
                let at = (part * SCALES + b) * BLOCK;
                let mut values = [0.0f32; BLOCK];
                for (value, q) in values.iter_mut().zip(&quants[at..at + BLOCK]) {
                    *value = f32::from(*q as i8);
                }
                add_block(&mut totals, &values, &x, at, scale);
            }
        }
        totals.map(|total| total.iter().sum())
    }

    #[inline(always)]
    fn dots_q4<const T: usize, const OFFSET: bool>(&self, row: usize, x: [Input; T]) -> [f32; T] {
        const HALF: usize = BLOCK / 2;
        let blocks = self.input / BLOCK;
        let quants = &self.quants[row * blocks * HALF..][..blocks * HALF];
        let scales = &self.scales[row * blocks..][..blocks];
        let mut totals = [[0.0f32; LANES]; T];
        let mut rests = [0.0f32; T];
        for (part, scales) in scales.chunks(SCALES).enumerate() {
            let first = part * SCALES;
            let widened_scales = widened(scales);
            let offsets = if OFFSET {
                widened(&self.offsets[row * blocks + first..][..scales.len()])
            } else {
                widened_scales.map(|scale| -8.0 * scale)
            };
            for b in 0..scales.len() {
                let at = (first + b) * HALF;
                // The low halves of the bytes are a block's first 16 values, the high ones its last.
                let mut values = [0.0f32; BLOCK];
                let (low, high) = values.split_at_mut(HALF);
                for ((low, high), q) in low.iter_mut().zip(high).zip(&quants[at..at + HALF]) {
                    *low = f32::from(q & 15);
                    *high = f32::from(q >> 4);
                }
                add_block(&mut totals, &values, &x, (first + b) * BLOCK, widened_scales[b]);
                for (rest, x) in rests.iter_mut().zip(&x) {
                    *rest = offsets[b].mul_add(x.sums[first + b], *rest);
                }
            }
        }
        let mut out = rests;
        for (out, total) in out.iter_mut().zip(totals) {
            *out += total.iter().sum::<f32>();
        }
        out
    }
}

/// One token's input of a linear layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    /// `[in]`
    pub(super) x: &'a [f32],
    /// The sum of every block of x: what multiplies the block's offset.
    pub(super) sums: &'a [f32],
}

/// Adds scale · Σ values·x over one block, lane by lane.
#[inline(always)]
fn add_block<const T: usize>(
    totals: &mut [[f32; LANES]; T],
    values: &[f32; BLOCK],
    x: &[Input; T],
    at: usize,
    scale: f32,
) {
    for (total, x) in totals.iter_mut().zip(x) {
        let x = &x.x[at..at + BLOCK];
        let mut sum = [0.0f32; LANES];
        for (values, x) in values.chunks_exact(LANES).zip(x.chunks_exact(LANES)) {
            for l in 0..LANES {
                sum[l] = values[l].mul_add(x[l], sum[l]);
            }
        }
        for l in 0..LANES {
            total[l] = sum[l].mul_add(scale, total[l]);
        }
    }
}

/// f16 to f32, exactly, infinities and NaNs aside: those would be a damaged file.
#[inline(always)]
fn widened(halves: &[u16]) -> [f32; SCALES] {
    /// 2^112: from f16's exponent bias of 15 to f32's of 127.
    const REBIAS: f32 = 5.192_296_9e33;
    let mut all = [0u16; SCALES];
    all[..halves.len()].copy_from_slice(halves);
    all.map(|half| {
        let (sign, rest) = (u32::from(half & 0x8000) << 16, u32::from(half & 0x7fff) << 13);
        // The bits are a subnormal f32 or a small normal one; scaling it up is exact.
        let value = f32::from_bits(rest) * REBIAS;
        f32::from_bits(value.to_bits() | sign)
    })
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
    fn halves_become_the_same_numbers() {
        // 1, -2, 65504 (largest), 2^-14 (smallest normal), 2^-24 (smallest of all), -0
        let halves = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000];
        let want = [1.0, -2.0, 65504.0, 2f32.powi(-14), 2f32.powi(-24), -0.0];
        assert_eq!(widened(&halves)[..6], want);
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
            assert_eq!((ours.out(), ours.input(), ours.bytes()), (out, input, blocks.len()));
            let sums: Vec<f32> = x.chunks_exact(BLOCK).map(|x| x.iter().sum()).collect();
            let token = |t: usize| Input { x: &x[t * input..][..input], sums: &sums[t * (input / BLOCK)..] };
            for row in 0..out {
                let together = ours.dots(row, [token(0), token(1), token(2)]);
                for (t, got) in together.into_iter().enumerate() {
                    let row = &values[row * input..][..input];
                    let want: f64 = row.iter().zip(token(t).x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
                    assert!((f64::from(got) - want).abs() < 2e-5, "{kind:?} {t}: {got}, {want}");
                }
                let apart: [f32; 3] = std::array::from_fn(|t| ours.dots(row, [token(t)])[0]);
                assert_eq!(apart, together, "{kind:?}: a token's neighbours change it");
            }
        }
    }
}
