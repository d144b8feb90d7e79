//! Rotary position embedding (arXiv 2104.09864) in the half-split form of Llama and Qwen, and the change of layout that is
//! done in the same pass.
//!
//! There are two layouts. *Token-major* is the output of linear layers: [tokens, heads · dim]. *Head-major* is the input of
//! attention: the records of a batch in order, and each record as [heads, record tokens, dim].

use rayon::prelude::*;

use super::simd::dispatch::wide;

/// Scaling of the rotary frequencies for long contexts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RopeScaling {
    /// Every frequency divided by this factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Llama 3.1's rule: low frequencies divided by `factor`, high ones kept, a ramp between.
    Llama3 {
        /// Division of the lowest frequencies.
        factor: f64,
        /// Wavelengths above `original_context / low_freq_factor` are divided.
        low_freq_factor: f64,
        /// Wavelengths below `original_context / high_freq_factor` are kept.
        high_freq_factor: f64,
        /// Context length before stretching, in tokens.
        original_context: f64,
    },
}

/// Parameters of the rotary embedding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// Width of a head.
    pub head_dim: usize,
    /// Base of the frequencies.
    pub theta: f64,
    /// Scaling of the frequencies.
    pub scaling: Option<RopeScaling>,
}

/// Minimum values per parallel task.
const TASK: usize = 1 << 13;

/// The tokens of one record in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Index of its first token.
    pub start: usize,
    /// Number of its tokens.
    pub len: usize,
}

/// Cosines and sines of every position and pair: [positions, head_dim / 2] each.
#[derive(Debug, Clone)]
pub struct Table {
    cos: Vec<f32>,
    sin: Vec<f32>,
    half: usize,
}

impl Table {
    /// The table for positions `0..positions`.
    ///
    /// Frequencies and angles are rounded to f32 where PyTorch rounds them, so that logits at far positions agree with those
    /// of transformers.
    pub fn new(rope: &Rope, positions: usize) -> Self {
        let mut table = Self { cos: Vec::new(), sin: Vec::new(), half: rope.head_dim / 2 };
        table.extend_to(rope, positions);
        table
    }

    /// Extends the table to the positions `0..positions`.
    pub fn extend_to(&mut self, rope: &Rope, positions: usize) {
        let frequencies: Vec<f32> = (0..self.half).map(|i| frequency(rope, i)).collect();
        for position in self.positions()..positions {
            for frequency in &frequencies {
                let angle = f64::from(position as f32 * frequency);
                self.cos.push(angle.cos() as f32);
                self.sin.push(angle.sin() as f32);
            }
        }
    }

    /// Number of positions in the table.
    pub fn positions(&self) -> usize {
        self.cos.len() / self.half
    }

    fn at(&self, position: usize) -> (&[f32], &[f32]) {
        let range = position * self.half..(position + 1) * self.half;
        (&self.cos[range.clone()], &self.sin[range])
    }
}

fn frequency(rope: &Rope, pair: usize) -> f32 {
    let exponent = (2 * pair) as f32 / rope.head_dim as f32;
    let plain = 1.0 / rope.theta.powf(f64::from(exponent)) as f32;
    match rope.scaling {
        None => plain,
        Some(RopeScaling::Linear { factor }) => plain / factor as f32,
        Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => {
            let plain = f64::from(plain);
            let wavelength = 2.0 * std::f64::consts::PI / plain;
            let scaled = if wavelength > original_context / low_freq_factor {
                plain / factor
            } else if wavelength < original_context / high_freq_factor {
                plain
            } else {
                let smooth = (original_context / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
                (1.0 - smooth) * plain / factor + smooth * plain
            };
            scaled as f32
        }
    }
}

/// Token-major to head-major, rotated by `table` if there is one. Positions restart at `first` in every record.
pub fn split(
    out: &mut [f32],
    x: &[f32],
    heads: usize,
    dim: usize,
    segments: &[Segment],
    table: Option<&Table>,
    first: usize,
) {
    assert_eq!(out.len(), x.len());
    let width = heads * dim;
    for segment in segments {
        let x = &x[segment.start * width..][..segment.len * width];
        let out = &mut out[segment.start * width..][..segment.len * width];
        let heads_at_once = (TASK / (segment.len * dim)).max(1);
        out.par_chunks_mut(segment.len * dim).enumerate().with_min_len(heads_at_once).for_each(|(head, out)| {
            wide!({
                for (t, out) in out.chunks_exact_mut(dim).enumerate() {
                    let x = &x[t * width + head * dim..][..dim];
                    match table {
                        Some(table) => rotate(out, x, table.at(first + t), 1.0),
                        None => out.copy_from_slice(x),
                    }
                }
            });
        });
    }
}

/// Head-major to token-major, rotated back by `table` if there is one: the inverse of [`split`] and, as rotations are
/// orthogonal, its backward pass.
pub fn join(
    out: &mut [f32],
    x: &[f32],
    heads: usize,
    dim: usize,
    segments: &[Segment],
    table: Option<&Table>,
    first: usize,
) {
    assert_eq!(out.len(), x.len());
    let width = heads * dim;
    for segment in segments {
        let x = &x[segment.start * width..][..segment.len * width];
        let out = &mut out[segment.start * width..][..segment.len * width];
        out.par_chunks_mut(8 * width).enumerate().for_each(|(block, out)| {
            wide!({
                for (t, out) in out.chunks_exact_mut(width).enumerate() {
                    let t = block * 8 + t;
                    for (head, out) in out.chunks_exact_mut(dim).enumerate() {
                        let x = &x[(head * segment.len + t) * dim..][..dim];
                        match table {
                            Some(table) => rotate(out, x, table.at(first + t), -1.0),
                            None => out.copy_from_slice(x),
                        }
                    }
                }
            });
        });
    }
}

#[inline(always)]
fn rotate(out: &mut [f32], x: &[f32], (cos, sin): (&[f32], &[f32]), direction: f32) {
    let half = cos.len();
    let (x0, x1) = x.split_at(half);
    let (out0, out1) = out.split_at_mut(half);
    for i in 0..half {
        let sin = direction * sin[i];
        out0[i] = x0[i] * cos[i] - x1[i] * sin;
        out1[i] = x1[i] * cos[i] + x0[i] * sin;
    }
}
