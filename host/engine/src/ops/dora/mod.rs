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
//! With dropout as PEFT computes it ([`Mask::reaches_base`]), `peft_dropout` has the formulas instead.
//!
//! c multiplies activations, not a copy of W: the copy would take as much memory as the base, while c·activation costs
//! 1/in of the product. W stays as loaded.

mod kernels;
mod merge;
mod operands;
mod peft_dropout;

use rayon::prelude::*;

pub use merge::{MERGE_BLOCK, merge, ratios, row_norms};
pub use operands::{Branch, BranchGradient, Linear, Magnitude, Scratch};

use super::dropout::Mask;
use super::matmul::{multiply, multiply_terms, nn, nt, tn};
use super::matrix::{Term, Threads, View, Write};
use kernels::{magnitude_backward, scale_and_shift, weight_gradient};

/// Rows per parallel task of the masked gradient of x.
const BLOCK: usize = 64;

/// y [tokens, out] from x [tokens, in]. With a branch, `z` [tokens, rank] receives what the backward pass needs; `dropped`
/// is a scratch buffer for drop(x).
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
        peft_dropout::forward(y, z, dropped, x, linear, (branch, magnitude), mask);
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
            // Both products and the factor c in one pass over y.
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

/// Writes or adds the gradient of x (if `dx` is given), and adds those of the branch. `g` [tokens, out] is ∂L/∂y on entry
/// and is overwritten. y, x, z and the mask must be those of [`forward`].
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
        peft_dropout::backward(dx, g, (x, z), linear, (branch, magnitude, gradient), mask, scratch);
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
                // While u·A is still in the cache.
                mask.for_tokens(block * BLOCK, n).add(dx, masked, input);
            });
        }
    }
}
