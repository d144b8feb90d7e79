//! A frozen linear layer with an adapter: LoRA (arXiv 2106.09685) or DoRA (arXiv 2402.09353).
//!
//! With x [tokens, in], W [out, in], A [r, in], B [out, r], s the scaling, m the magnitudes `[out]`:
//!
//! ```text
//! c = m / ‖W + s·B·A‖ (row norms, detached: DoRA paper, section 4.3); c = 1 for LoRA
//! y = c ⊙ (x·Wᵀ + s·drop(x)·Aᵀ·Bᵀ) + bias
//! ```
//!
//! and backward, for g = ∂L/∂y, z = drop(x)·Aᵀ and h = c ⊙ g:
//!
//! ```text
//! u = s·h·B    dx = h·W + drop'(u·A)    dB = s·hᵀ·z    dA = uᵀ·drop(x)
//! dm_j = Σ_t g_tj·(y − bias)_tj / m_j
//! ```
//!
//! Where the mask reaches the base ([`Mask::reaches_base`]), the rule is that of
//! `ops/dora_peft.rs`.
//!
//! c multiplies activations rather than a copy of W: the copy would cost as much memory as the
//! base, and c·activation costs one part in `in` of the product. W stays as loaded.

use rayon::prelude::*;

use super::dora_peft;
use super::dropout::Mask;
use super::matmul::{multiply, multiply_terms, nn, nt, tn};
use super::matrix::{Term, Threads, View, Write};
use super::simd::dispatch::wide;
use super::simd::loops::dot;

/// Rows per partial sum of the magnitude's gradient: fixed, so that the sum does not depend on
/// the number of threads.
const BLOCK: usize = 64;

/// Smallest row norm that is divided by; a row of zeros would otherwise give 0/0.
const SMALLEST_NORM: f32 = 1e-12;

/// A frozen linear layer.
#[derive(Debug, Clone, Copy)]
pub struct Linear<'a> {
    /// [out, in]
    pub weight: &'a [f32],
    /// `[out]`
    pub bias: Option<&'a [f32]>,
    /// Output features.
    pub out: usize,
    /// Input features.
    pub input: usize,
}

/// The adapter of one linear layer.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'a> {
    /// A [rank, in]
    pub a: &'a [f32],
    /// B [out, rank]
    pub b: &'a [f32],
    /// r
    pub rank: usize,
    /// s: alpha / rank, or alpha / √rank with rsLoRA.
    pub scaling: f32,
    /// c = m/n `[out]` and m `[out]`; none for LoRA.
    pub magnitude: Option<Magnitude<'a>>,
}

/// The magnitude part of DoRA.
#[derive(Debug, Clone, Copy)]
pub struct Magnitude<'a> {
    /// c = m / ‖W + s·B·A‖, fixed between optimizer steps.
    pub ratio: &'a [f32],
    /// m
    pub m: &'a [f32],
}

/// Where the gradients of a branch are added.
#[derive(Debug)]
pub struct BranchGradient<'a> {
    /// [rank, in]
    pub a: &'a mut [f32],
    /// [out, rank]
    pub b: &'a mut [f32],
    /// `[out]`, for DoRA
    pub m: Option<&'a mut [f32]>,
}

/// Row norms ‖W_j + s·B_j·A‖ into `norms` `[out]`; each row is summed in f64.
pub fn row_norms(norms: &mut [f32], linear: Linear, a: &[f32], b: &[f32], rank: usize, scaling: f32) {
    merged_rows(
        linear,
        a,
        b,
        rank,
        scaling,
        norms,
        #[inline(always)]
        |row, norm| {
            // f64 sums of f32 squares: the norm is then exact to f32 rounding for any width.
            let mut sum = 0.0;
            for part in row.chunks(256) {
                sum += f64::from(dot(part, part));
            }
            *norm = sum.sqrt() as f32;
        },
    );
}

/// The merged weight c ⊙ (W + s·B·A) into `out` [out, in].
pub fn merge(out: &mut [f32], linear: Linear, branch: Branch) {
    let input = linear.input;
    let rows: Vec<&mut [f32]> = out.chunks_exact_mut(input).collect();
    let mut rows: Vec<(usize, &mut [f32])> = rows.into_iter().enumerate().collect();
    merged_rows(
        linear,
        branch.a,
        branch.b,
        branch.rank,
        branch.scaling,
        &mut rows,
        #[inline(always)]
        |row, (j, out)| {
            let ratio = branch.magnitude.map_or(1.0, |m| m.ratio[*j]);
            for (out, v) in out.iter_mut().zip(row) {
                *out = ratio * v;
            }
        },
    );
}

/// Calls `f` with every row of W + s·B·A and its slot, block by block.
fn merged_rows<T: Send>(
    linear: Linear,
    a: &[f32],
    b: &[f32],
    rank: usize,
    scaling: f32,
    slots: &mut [T],
    f: impl Fn(&[f32], &mut T) + Sync,
) {
    let input = linear.input;
    assert_eq!(slots.len(), linear.out);
    slots.par_chunks_mut(BLOCK).enumerate().for_each_init(Vec::new, |rows, (block, slots)| {
        let (first, n) = (block * BLOCK, slots.len());
        rows.clear();
        rows.extend_from_slice(&linear.weight[first * input..][..n * input]);
        let b = View::new(&b[first * rank..][..n * rank], n, rank);
        multiply(rows, input, b, View::new(a, rank, input), scaling, Write::Add, Threads::One);
        wide!({
            for (row, slot) in rows.chunks_exact(input).zip(slots) {
                f(row, slot);
            }
        });
    });
}

/// c = m / n, element by element.
pub fn ratios(out: &mut [f32], m: &[f32], norms: &[f32]) {
    for ((out, m), n) in out.iter_mut().zip(m).zip(norms) {
        *out = m / n.max(SMALLEST_NORM);
    }
}

/// y [tokens, out] from x [tokens, in]. With a branch, `z` [tokens, rank] is kept for the
/// backward pass; `dropped` is scratch for drop(x).
pub fn forward(
    y: &mut [f32],
    z: &mut Vec<f32>,
    dropped: &mut Vec<f32>,
    x: &[f32],
    linear: Linear,
    branch: Option<Branch>,
    mask: Option<Mask>,
) {
    if let (Some(branch), Some(mask)) = (branch, mask)
        && let Some(magnitude) = branch.magnitude.filter(|_| mask.reaches_base)
    {
        dora_peft::forward(y, z, dropped, x, linear, (branch, magnitude), mask);
        return;
    }
    let (out, input) = (linear.out, linear.input);
    let tokens = x.len() / input;
    if let Some(branch) = branch {
        let rank = branch.rank;
        z.resize(tokens * rank, 0.0);
        let branch_input = drop_input(dropped, x, input, mask);
        nt(z, branch_input, branch.a, (tokens, rank, input), 1.0, Write::Replace);
        let ratio = branch.magnitude.map(|m| m.ratio);
        if tokens == 1 {
            nt(y, x, linear.weight, (tokens, out, input), 1.0, Write::Replace);
            nt(y, z, branch.b, (tokens, out, rank), branch.scaling, Write::Add);
            scale_and_shift(y, out, ratio, None);
        } else {
            // Both products and c in one pass over y.
            let (lhs, rhs) = (View::new(x, tokens, input), View::new(linear.weight, out, input).t());
            let base = Term { lhs, rhs, scale: 1.0 };
            let (lhs, rhs) = (View::new(z, tokens, rank), View::new(branch.b, out, rank).t());
            let terms = [base, Term { lhs, rhs, scale: branch.scaling }];
            multiply_terms(y, out, terms, Write::Replace, ratio, Threads::All);
        }
    } else {
        nt(y, x, linear.weight, (tokens, out, input), 1.0, Write::Replace);
    }
    scale_and_shift(y, out, None, linear.bias);
}

/// y = ratio ⊙ y + bias, row by row of `out` values.
pub(super) fn scale_and_shift(y: &mut [f32], out: usize, ratio: Option<&[f32]>, bias: Option<&[f32]>) {
    if ratio.is_none() && bias.is_none() {
        return;
    }
    y.par_chunks_mut(BLOCK * out).for_each(|y| {
        wide!({
            for y in y.chunks_exact_mut(out) {
                if let Some(ratio) = ratio {
                    y.iter_mut().zip(ratio).for_each(|(y, c)| *y *= c);
                }
                if let Some(bias) = bias {
                    y.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
                }
            }
        });
    });
}

fn drop_input<'a>(dropped: &'a mut Vec<f32>, x: &'a [f32], width: usize, mask: Option<Mask>) -> &'a [f32] {
    match mask {
        None => x,
        Some(mask) => {
            dropped.resize(x.len(), 0.0);
            mask.apply(dropped, x, width);
            dropped
        }
    }
}

/// Scratch of [`backward`], kept by the caller for reuse.
#[derive(Debug, Default)]
pub struct Scratch {
    /// drop(x) [tokens, in]
    pub dropped: Vec<f32>,
    pub(super) u: Vec<f32>,
    /// A gradient of B, transposed
    pub(super) transposed: Vec<f32>,
    pub(super) partial: Vec<f32>,
    /// c ⊙ (W·drop(x) + s·B·z) [tokens, out], where the mask reaches the base
    pub(super) scaled: Vec<f32>,
    /// What passes through the mask to dx [tokens, in], where the mask reaches the base
    pub(super) masked: Vec<f32>,
}

/// Writes or adds the gradient of x (when wanted), and adds those of the branch. `g` [tokens, out]
/// is ∂L/∂y on entry and is overwritten; y, x and z are those of [`forward`], and so must be the
/// mask.
pub fn backward(
    dx: Option<(&mut [f32], Write)>,
    g: &mut [f32],
    (y, x, z): (&[f32], &[f32], &[f32]),
    linear: Linear,
    branch: Option<(Branch, BranchGradient)>,
    mask: Option<Mask>,
    scratch: &mut Scratch,
) {
    let (out, input) = (linear.out, linear.input);
    let tokens = x.len() / input;
    let Some((branch, gradient)) = branch else {
        if let Some((dx, write)) = dx {
            nn(dx, g, linear.weight, (tokens, input, out), 1.0, write);
        }
        return;
    };
    if let (Some(magnitude), Some(mask)) = (branch.magnitude, mask.filter(|m| m.reaches_base)) {
        dora_peft::backward(dx, g, (x, z), linear, (branch, magnitude, gradient), mask, scratch);
        return;
    }
    let (rank, s) = (branch.rank, branch.scaling);
    if let (Some(magnitude), Some(dm)) = (branch.magnitude, gradient.m) {
        magnitude_backward(dm, g, y, linear.bias, magnitude, out, &mut scratch.partial);
    }
    // From here on g is h = c ⊙ g.
    weight_gradient(gradient.b, g, z, (out, rank, tokens), s, &mut scratch.transposed);
    scratch.u.resize(tokens * rank, 0.0);
    nn(&mut scratch.u, g, branch.b, (tokens, rank, out), s, Write::Replace);
    let branch_input = drop_input(&mut scratch.dropped, x, input, mask);
    tn(gradient.a, &scratch.u, branch_input, (rank, input, tokens), 1.0, Write::Add);
    let Some((dx, write)) = dx else { return };
    nn(dx, g, linear.weight, (tokens, input, out), 1.0, write);
    match mask {
        None => nn(dx, &scratch.u, branch.a, (tokens, input, rank), 1.0, Write::Add),
        Some(mask) => {
            let u = scratch.u.par_chunks(BLOCK * rank);
            dx.par_chunks_mut(BLOCK * input).zip(u).enumerate().for_each_init(Vec::new, |masked, (block, (dx, u))| {
                let n = u.len() / rank;
                masked.resize(n * input, 0.0);
                let a = View::new(branch.a, rank, input);
                multiply(masked, input, View::new(u, n, rank), a, 1.0, Write::Replace, Threads::One);
                // While u·A is in the cache.
                mask.of_tokens(block * BLOCK, n).add(dx, masked, input);
            });
        }
    }
}

/// dB += s·hᵀ·z for B [out, rank], by way of its transpose: with the rank as rows, the tile of a
/// product is full and h is read along its rows.
pub(super) fn weight_gradient(
    db: &mut [f32],
    h: &[f32],
    z: &[f32],
    (out, rank, tokens): (usize, usize, usize),
    s: f32,
    transposed: &mut Vec<f32>,
) {
    transposed.resize(rank * out, 0.0);
    tn(transposed, z, h, (rank, out, tokens), s, Write::Replace);
    for (j, db) in db.chunks_exact_mut(rank).enumerate() {
        for (r, db) in db.iter_mut().enumerate() {
            *db += transposed[r * out + j];
        }
    }
}

/// Adds Σ_t g·(y − bias)/m to dm and turns g into c ⊙ g, in one pass.
pub(super) fn magnitude_backward(
    dm: &mut [f32],
    g: &mut [f32],
    y: &[f32],
    bias: Option<&[f32]>,
    magnitude: Magnitude,
    out: usize,
    partial: &mut Vec<f32>,
) {
    let blocks = (g.len() / out).div_ceil(BLOCK);
    partial.clear();
    partial.resize(blocks * out, 0.0);
    let rows = g.par_chunks_mut(BLOCK * out).zip(y.par_chunks(BLOCK * out)).zip(partial.par_chunks_mut(out));
    rows.for_each(|((g, y), sum)| {
        wide!({
            for (g, y) in g.chunks_exact_mut(out).zip(y.chunks_exact(out)) {
                match bias {
                    None => sum.iter_mut().zip(&*g).zip(y).for_each(|((sum, g), y)| *sum += g * y),
                    Some(bias) => {
                        sum.iter_mut().zip(&*g).zip(y).zip(bias).for_each(|(((sum, g), y), b)| *sum += g * (y - b))
                    }
                }
                g.iter_mut().zip(magnitude.ratio).for_each(|(g, c)| *g *= c);
            }
        });
    });
    for sum in partial.chunks_exact(out) {
        for ((dm, sum), m) in dm.iter_mut().zip(sum).zip(magnitude.m) {
            // A magnitude of exactly 0 has y = bias: its sum is 0 and so is its gradient here.
            *dm += if *m == 0.0 { 0.0 } else { sum / m };
        }
    }
}
