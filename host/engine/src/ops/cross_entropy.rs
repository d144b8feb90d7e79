//! The output projection fused with the cross-entropy, over chunks of tokens: loss and gradient are computed together,
//! and the logits of a whole batch never exist at once.
//!
//! Only tokens that carry loss are passed in; prompt tokens cost nothing here.

use rayon::prelude::*;

use super::matmul::{nn, nt};
use super::matrix::Write;
use super::simd::dispatch::wide;
use super::simd::loops::{exp_and_sum, max};

/// Maximum tokens per chunk: 63 MB of logits for a vocabulary of 49,152, and as much again for the GEMM's packed copy. Each
/// chunk packs the whole output projection, a cost that many tokens must amortise.
const CHUNK: usize = 320;

/// Maximum logits per chunk, in values: 128 MiB. The limit for large vocabularies.
const CHUNK_VALUES: usize = 32 << 20;

/// Loss and accuracy over a set of targets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Loss {
    /// Sum of the targets' negative log-likelihoods, in nats.
    pub sum: f64,
    /// Number of targets.
    pub tokens: usize,
    /// Number of targets with the largest logit.
    pub correct: usize,
}

impl std::ops::AddAssign for Loss {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.tokens += other.tokens;
        self.correct += other.correct;
    }
}

impl Loss {
    /// Mean per target, in nats; NaN without targets.
    pub fn mean(&self) -> f64 {
        self.sum / self.tokens as f64
    }

    /// Share of targets with the largest logit.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.tokens as f64
    }
}

/// The output projection: `weight` [vocab, width].
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The weight.
    pub weight: &'a [f32],
    /// Width of a hidden state.
    pub width: usize,
}

/// Loss of `targets` `[n]` under `hidden` [n, width] · `head` [vocab, width]ᵀ. With `gradient`,
/// `(dhidden [n, width], scale)`, writes scale · ∂sum/∂hidden.
///
/// `logits` is a scratch buffer that the caller keeps for reuse. Between chunks, `stopped` may end the work; loss and
/// gradient are then incomplete.
pub fn forward_backward(
    hidden: &[f32],
    targets: &[u32],
    head: Head<'_>,
    logits: &mut Vec<f32>,
    mut gradient: Option<(&mut [f32], f32)>,
    stopped: &dyn Fn() -> bool,
) -> Loss {
    let Head { weight: head, width } = head;
    let vocab = head.len() / width;
    // As few chunks as possible, of equal size.
    let max_rows = CHUNK.min(CHUNK_VALUES / vocab).max(16);
    let rows = targets.len().div_ceil(targets.len().div_ceil(max_rows).max(1)).max(1);
    let mut total = Loss::default();
    for (chunk, targets) in targets.chunks(rows).enumerate() {
        if stopped() {
            break;
        }
        let n = targets.len();
        let hidden = &hidden[chunk * rows * width..][..n * width];
        if logits.len() < n * vocab {
            logits.resize(n * vocab, 0.0);
        }
        let logits = &mut logits[..n * vocab];
        nt(logits, hidden, head, (n, vocab, width), 1.0, Write::Replace);
        let scale = gradient.as_ref().map(|(_, scale)| *scale);
        let found: Vec<(f64, bool)> = logits
            .par_chunks_exact_mut(vocab)
            .zip(targets)
            .map(|(row, &target)| wide!(row_loss(row, target as usize, scale)))
            .collect();
        for (nll, correct) in found {
            total += Loss { sum: nll, tokens: 1, correct: usize::from(correct) };
        }
        if let Some((dhidden, _)) = &mut gradient {
            nn(&mut dhidden[chunk * rows * width..][..n * width], logits, head, (n, width, vocab), 1.0, Write::Replace);
        }
    }
    total
}

/// Negative log-likelihood of the target and whether it is the arg max; the row becomes
/// scale · (softmax − onehot) when a scale is given.
#[inline(always)]
fn row_loss(row: &mut [f32], target: usize, scale: Option<f32>) -> (f64, bool) {
    let (top, at_target) = (max(row), row[target]);
    // Summed without the target: where the target is almost certain, loss and gradient consist of the other terms.
    row[target] = f32::NEG_INFINITY;
    let others = exp_and_sum(row, top);
    let below_top = f64::from(at_target) - f64::from(top);
    let own = below_top.exp();
    let sum = others + own;
    if let Some(scale) = scale {
        let factor = (f64::from(scale) / sum) as f32;
        row.iter_mut().for_each(|p| *p *= factor);
        row[target] = (-f64::from(scale) * others / sum) as f32;
    }
    // A NaN anywhere in the row propagates to the sum and so to the loss.
    let nll = if below_top >= 0.0 { others.ln_1p() } else { sum.ln() - below_top };
    (nll, at_target >= top)
}
