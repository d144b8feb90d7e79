//! DoRA with dropout as PEFT computes it (`peft.tuners.lora.dora.DoraLinearLayer`): the base product that m/n scales takes
//! the dropped input as well.
//!
//! With d = drop(x), z = d·Aᵀ and c = m/n:
//!
//! ```text
//! y = x·Wᵀ + bias + (c − 1) ⊙ d·Wᵀ + c ⊙ s·z·Bᵀ
//!   = c ⊙ (d·Wᵀ + s·z·Bᵀ) + (x − d)·Wᵀ + bias
//! ```
//!
//! and backward, for g = ∂L/∂y and h = c ⊙ g:
//!
//! ```text
//! u = s·h·B    dx = g·W + drop'((h − g)·W + u·A)    dB = s·hᵀ·z    dA = uᵀ·d
//! dm_j = Σ_t g_tj·c_j·(d·Wᵀ + s·z·Bᵀ)_tj / m_j
//! ```
//!
//! At dropout 0, d = x and these are the formulas of [`super`]. The backward pass
//! computes d·Wᵀ again: this mode is for comparisons with PEFT, and keeping another [tokens, out] per layer would cost
//! more.

use super::kernels::{magnitude_backward, scale_and_shift, weight_gradient};
use super::operands::{Branch, BranchGradient, Linear, Magnitude, Scratch};
use crate::ops::dropout::Mask;
use crate::ops::matmul::{nn, nt, tn};
use crate::ops::matrix::Write;

/// y [tokens, out] and z [tokens, rank] from x [tokens, in]; `dropped` is a scratch buffer.
pub(super) fn forward(
    y: &mut [f32],
    z: &mut Vec<f32>,
    dropped: &mut Vec<f32>,
    x: &[f32],
    linear: Linear,
    (branch, magnitude): (Branch, Magnitude),
    mask: Mask,
) {
    let (out, input, rank) = (linear.out, linear.input, branch.rank);
    let tokens = x.len() / input;
    dropped.resize(x.len(), 0.0);
    mask.apply(dropped, x, input);
    z.resize(tokens * rank, 0.0);
    nt(z, dropped, branch.a, (tokens, rank, input), 1.0, Write::Replace);
    scaled_part(y, z, dropped, linear, branch, magnitude);
    dropped.iter_mut().zip(x).for_each(|(d, x)| *d = x - *d);
    nt(y, dropped, linear.weight, (tokens, out, input), 1.0, Write::Add);
    scale_and_shift(y, out, None, linear.bias);
}

/// c ⊙ (d·Wᵀ + s·z·Bᵀ) into `y` [tokens, out].
fn scaled_part(y: &mut [f32], z: &[f32], d: &[f32], linear: Linear, branch: Branch, magnitude: Magnitude) {
    let (out, input, rank) = (linear.out, linear.input, branch.rank);
    let tokens = d.len() / input;
    nt(y, d, linear.weight, (tokens, out, input), 1.0, Write::Replace);
    nt(y, z, branch.b, (tokens, out, rank), branch.scaling, Write::Add);
    scale_and_shift(y, out, Some(magnitude.ratio), None);
}

/// Writes or adds the gradient of x (if `dx` is given), and adds those of the branch. `g` [tokens, out] is ∂L/∂y on entry
/// and is overwritten. x, z and the mask must be those of [`forward`].
pub(super) fn backward(
    mut dx: Option<(&mut [f32], Write)>,
    g: &mut [f32],
    (x, z): (&[f32], &[f32]),
    linear: Linear,
    (branch, magnitude, gradient): (Branch, Magnitude, BranchGradient),
    mask: Mask,
    scratch: &mut Scratch,
) {
    let (out, input, rank, s) = (linear.out, linear.input, branch.rank, branch.scaling);
    let tokens = x.len() / input;
    scratch.dropped.resize(x.len(), 0.0);
    mask.apply(&mut scratch.dropped, x, input);
    if let Some((dx, write)) = &mut dx {
        if *write == Write::Replace {
            dx.fill(0.0);
        }
        // −g·W is a part of both terms of dx: subtracted from the first, kept for the second.
        scratch.masked.resize(x.len(), 0.0);
        nn(&mut scratch.masked, g, linear.weight, (tokens, input, out), -1.0, Write::Replace);
        dx.iter_mut().zip(&scratch.masked).for_each(|(dx, negative)| *dx -= negative);
    }
    if let Some(dm) = gradient.m {
        scratch.scaled.resize(g.len(), 0.0);
        scaled_part(&mut scratch.scaled, z, &scratch.dropped, linear, branch, magnitude);
        magnitude_backward(dm, g, &scratch.scaled, None, magnitude, out, &mut scratch.partial);
    } else {
        scale_and_shift(g, out, Some(magnitude.ratio), None);
    }
    // From here on g is h = c ⊙ g.
    weight_gradient(gradient.b, g, z, (out, rank, tokens), s, &mut scratch.transposed);
    scratch.u.resize(tokens * rank, 0.0);
    nn(&mut scratch.u, g, branch.b, (tokens, rank, out), s, Write::Replace);
    tn(gradient.a, &scratch.u, &scratch.dropped, (rank, input, tokens), 1.0, Write::Add);
    let Some((dx, _)) = dx else { return };
    nn(&mut scratch.masked, g, linear.weight, (tokens, input, out), 1.0, Write::Add);
    nn(&mut scratch.masked, &scratch.u, branch.a, (tokens, input, rank), 1.0, Write::Add);
    mask.add(dx, &scratch.masked, input);
}
