//! Linear layers for the decode steps of generation, which compute a few tokens each. They are bound by reading the
//! weight, which is read once for up to [`TOKENS_PER_READ`] tokens.
//!
//! A token's result does not depend on the other tokens of the step, to the last bit: speculative decoding gives the same
//! values as one token at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::dora::{Branch, Linear};
use super::quantised::{BLOCK, Input, Portable, Quantised, Unpack};
use super::simd::dispatch::{wide, with};
use super::simd::loops::{dot, tree_sum};

/// Tokens computed per read of the weight.
pub const TOKENS_PER_READ: usize = 4;

/// Rows of the weight per parallel task: about 10 µs.
const ROWS: usize = 32;

/// Partial sums in [`branch_of_row`].
const LANES: usize = 4;

/// A frozen weight [out, in].
#[derive(Debug, Clone, Copy)]
pub enum Weight<'a> {
    /// In f32.
    Float(&'a [f32]),
    /// In the quantised form of its file.
    Quantised(&'a Quantised),
}

impl<'a> Weight<'a> {
    /// The quantised form where there is one, else f32.
    pub fn new(float: &'a [f32], stored: Option<&'a Quantised>) -> Self {
        stored.map_or(Self::Float(float), Self::Quantised)
    }
}

/// One linear layer: its sizes, its weight and its adapter.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    /// Sizes and bias; its weight is not used.
    pub linear: Linear<'a>,
    /// The weight.
    pub weight: Weight<'a>,
    /// The adapter, without dropout.
    pub branch: Option<Branch<'a>>,
}

/// Scratch buffers of [`forward`], kept by the caller for reuse.
#[derive(Debug, Default)]
pub struct Scratch {
    sums: Vec<f32>,
    z: Vec<f32>,
}

/// `y = c ⊙ (x·Wᵀ + s·x·Aᵀ·Bᵀ) + bias` of several layers that share the input x [tokens, in]; `ys` has one destination
/// [tokens, out] per layer.
pub fn forward(layers: &[Layer], ys: &mut [&mut [f32]], x: &[f32], scratch: &mut Scratch) {
    let Some(first) = layers.first() else { return };
    let input = first.linear.input;
    let tokens = x.len() / input;
    assert!(layers.iter().all(|l| l.linear.input == input) && layers.len() == ys.len());
    let Scratch { sums, z } = scratch;
    sums.clear();
    sums.extend(x.chunks(BLOCK).map(|x| x.iter().sum::<f32>()));
    // x·Aᵀ of every layer and token, concatenated.
    z.clear();
    for layer in layers {
        let Some(branch) = layer.branch else { continue };
        let first = z.len();
        z.resize(first + branch.rank * tokens, 0.0);
        for (z, x) in z[first..].chunks_exact_mut(branch.rank).zip(x.chunks_exact(input)) {
            wide!({
                for (z, a) in z.iter_mut().zip(branch.a.chunks_exact(input)) {
                    *z = dot(x, a);
                }
            });
        }
    }
    let mut tasks = Vec::new();
    let mut z = &z[..];
    for (layer, y) in layers.iter().zip(ys) {
        let out = layer.linear.out;
        assert_eq!(y.len(), tokens * out);
        let own = layer.branch.map_or(0, |b| b.rank * tokens);
        let (own, rest) = z.split_at(own);
        z = rest;
        let y = Columns { y: y.as_mut_ptr(), stride: out };
        for first in (0..out).step_by(ROWS) {
            tasks.push((layer, y, own, first..(first + ROWS).min(out)));
        }
    }
    let sums = &sums[..];
    tasks.into_par_iter().for_each(|(layer, y, z, rows)| {
        let job = Job { layer, y, x, sums, z };
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            return with!(v3 => job.rows(v3, rows));
        }
        wide!(job.rows(Portable, rows));
    });
}

/// A layer and its tokens, shared by its tasks.
struct Job<'a> {
    layer: &'a Layer<'a>,
    y: Columns,
    x: &'a [f32],
    /// Sums of the blocks of x.
    sums: &'a [f32],
    /// x·Aᵀ of every token.
    z: &'a [f32],
}

impl Job<'_> {
    #[inline(always)]
    fn rows(&self, unpack: impl Unpack, rows: Range<usize>) {
        let tokens = self.x.len() / self.layer.linear.input;
        for row in rows {
            let mut t = 0;
            while t < tokens {
                t += match tokens - t {
                    1 => self.some_tokens::<1>(unpack, row, t),
                    2 => self.some_tokens::<2>(unpack, row, t),
                    3 => self.some_tokens::<3>(unpack, row, t),
                    _ => self.some_tokens::<TOKENS_PER_READ>(unpack, row, t),
                };
            }
        }
    }

    /// One row of the weight with `T` tokens from `t` on; returns `T`.
    #[inline(always)]
    fn some_tokens<const T: usize>(&self, unpack: impl Unpack, row: usize, t: usize) -> usize {
        let Self { layer, y, x, sums, z } = self;
        let Linear { input, bias, .. } = layer.linear;
        let x: [&[f32]; T] = std::array::from_fn(
            #[inline(always)]
            |i| &x[(t + i) * input..][..input],
        );
        let base = match layer.weight {
            Weight::Float(weight) => {
                let weight = &weight[row * input..][..input];
                let mut base = [0.0; T];
                for (base, x) in base.iter_mut().zip(x) {
                    *base = dot(x, weight);
                }
                base
            }
            Weight::Quantised(weight) => {
                let blocks = input / BLOCK;
                let input = std::array::from_fn(
                    #[inline(always)]
                    |i| Input { x: x[i], sums: &sums[(t + i) * blocks..][..blocks] },
                );
                weight.dots::<_, T>(unpack, row, input)
            }
        };
        for (i, base) in base.into_iter().enumerate() {
            let mut value = base;
            if let Some(branch) = layer.branch {
                let z = &z[(t + i) * branch.rank..][..branch.rank];
                value += branch.scaling * branch_of_row(&branch.b[row * branch.rank..][..branch.rank], z);
                if let Some(magnitude) = branch.magnitude {
                    value *= magnitude.ratio[row];
                }
            }
            y.set(t + i, row, value + bias.map_or(0.0, |bias| bias[row]));
        }
        T
    }
}

/// One row of B times z: too short for [`dot`]'s sixteen partial sums.
#[inline(always)]
fn branch_of_row(b: &[f32], z: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (b_chunks, z_chunks) = (b.chunks_exact(LANES), z.chunks_exact(LANES));
    let tail: f32 = b_chunks.remainder().iter().zip(z_chunks.remainder()).map(|(b, z)| b * z).sum();
    for (b, z) in b_chunks.zip(z_chunks) {
        for l in 0..LANES {
            sums[l] += b[l] * z[l];
        }
    }
    tree_sum(sums) + tail
}

/// The destination y of tasks that each own some rows of W, and so columns of y.
#[derive(Clone, Copy)]
struct Columns {
    y: *mut f32,
    stride: usize,
}
// SAFETY: tasks write disjoint columns of one exclusive slice each (see `forward`).
unsafe impl Send for Columns {}
// SAFETY: as above.
unsafe impl Sync for Columns {}

impl Columns {
    #[inline(always)]
    fn set(&self, t: usize, row: usize, value: f32) {
        // SAFETY: t and row are below the tokens and rows that y was checked to hold, and the row
        // belongs to the calling task alone.
        unsafe { *self.y.add(t * self.stride + row) = value }
    }
}
