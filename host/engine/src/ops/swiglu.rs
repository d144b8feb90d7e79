//! The gated activation of the feed-forward layer: act = silu(gate) ⊙ up (arXiv 2002.05202).

use rayon::prelude::*;

use super::simd::dispatch::wide;
use super::simd::loops::exp;

/// Elements per parallel task.
const BLOCK: usize = 1 << 14;

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `act = gate · sigmoid(gate) · up`, all of one length.
pub fn forward(act: &mut [f32], gate: &[f32], up: &[f32]) {
    assert!(act.len() == gate.len() && gate.len() == up.len());
    act.par_chunks_mut(BLOCK).zip(gate.par_chunks(BLOCK)).zip(up.par_chunks(BLOCK)).for_each(|((act, gate), up)| {
        wide!({
            for ((act, &gate), &up) in act.iter_mut().zip(gate).zip(up) {
                *act = gate * sigmoid(gate) * up;
            }
        });
    });
}

/// `dup = d · silu(gate)` and `dgate = d · up · σ·(1 + gate·(1 − σ))`, where `d` is the gradient
/// of act. `dgate` holds `d` on entry and the gate's gradient on return.
pub fn backward(dgate: &mut [f32], dup: &mut [f32], gate: &[f32], up: &[f32]) {
    assert!(dgate.len() == dup.len() && dup.len() == gate.len() && gate.len() == up.len());
    dgate
        .par_chunks_mut(BLOCK)
        .zip(dup.par_chunks_mut(BLOCK))
        .zip(gate.par_chunks(BLOCK))
        .zip(up.par_chunks(BLOCK))
        .for_each(|(((dgate, dup), gate), up)| {
            wide!({
                for (((dgate, dup), &gate), &up) in dgate.iter_mut().zip(dup).zip(gate).zip(up) {
                    let (d, s) = (*dgate, sigmoid(gate));
                    *dup = d * gate * s;
                    *dgate = d * up * s * (1.0 + gate * (1.0 - s));
                }
            });
        });
}
