//! AdamW (arXiv 1711.05101) over one flat parameter buffer, and clipping by global norm.

use std::ops::Range;

use rayon::prelude::*;

use crate::ops::simd::dispatch::wide;

/// Values per parallel task, and per partial sum of the norm.
const BLOCK: usize = 1 << 14;

/// Optimizer state: both moments and the number of updates.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// First moments, one per parameter.
    pub first: Vec<f32>,
    /// Second moments.
    pub second: Vec<f32>,
    /// Number of updates made.
    pub updates: u64,
}

/// Hyperparameters of one update.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

impl AdamW {
    /// The state before the first update of `n` parameters.
    pub fn new(n: usize) -> Self {
        Self { first: vec![0.0; n], second: vec![0.0; n], updates: 0 }
    }

    /// Updates `params` with `gradients`; the parameters in `no_decay` (sorted, disjoint ranges)
    /// do not decay.
    pub fn update(&mut self, params: &mut [f32], gradients: &[f32], numbers: Update, no_decay: &[Range<usize>]) {
        self.updates += 1;
        let Update { learning_rate, beta1, beta2, epsilon, weight_decay } = numbers;
        let t = self.updates as f64;
        let step_size = (learning_rate / (1.0 - beta1.powf(t))) as f32;
        let root_correction = (1.0 / (1.0 - beta2.powf(t)).sqrt()) as f32;
        if weight_decay > 0.0 {
            decay(params, (1.0 - learning_rate * weight_decay) as f32, no_decay);
        }
        let (b1, b2, epsilon) = (beta1 as f32, beta2 as f32, epsilon as f32);
        let (c1, c2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
        params
            .par_chunks_mut(BLOCK)
            .zip(gradients.par_chunks(BLOCK))
            .zip(self.first.par_chunks_mut(BLOCK))
            .zip(self.second.par_chunks_mut(BLOCK))
            .for_each(|(((p, g), m), v)| {
                wide!({
                    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                        *m = b1 * *m + c1 * g;
                        *v = b2 * *v + c2 * g * g;
                        *p -= step_size * *m / (v.sqrt() * root_correction + epsilon);
                    }
                });
            });
    }
}

fn decay(params: &mut [f32], factor: f32, no_decay: &[Range<usize>]) {
    let mut start = 0;
    for range in no_decay.iter().cloned().chain(std::iter::once(params.len()..params.len())) {
        params[start..range.start].iter_mut().for_each(|p| *p *= factor);
        start = range.end;
    }
}

/// The global L2 norm, summed in a fixed order.
pub fn norm(gradients: &[f32]) -> f64 {
    let sums: Vec<f64> =
        gradients.par_chunks(BLOCK).map(|g| g.iter().map(|g| f64::from(*g) * f64::from(*g)).sum()).collect();
    sums.iter().sum::<f64>().sqrt()
}

/// Scales `gradients`, whose norm is `norm`, down to `max_norm`, as PyTorch's `clip_grad_norm_` does. 0 turns it off.
pub fn clip(gradients: &mut [f32], norm: f64, max_norm: f64) {
    let factor = max_norm / (norm + 1e-6);
    if max_norm > 0.0 && factor < 1.0 {
        let factor = factor as f32;
        gradients.iter_mut().for_each(|g| *g *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_update_moves_every_parameter_by_the_learning_rate() {
        let mut params = vec![1.0, -2.0, 3.0];
        let numbers = Update { learning_rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
        AdamW::new(3).update(&mut params, &[0.5, -0.001, 0.0], numbers, &[]);
        assert!((params[0] - 0.9).abs() < 1e-6 && (params[1] + 1.9).abs() < 1e-4 && params[2] == 3.0, "{params:?}");
    }

    #[test]
    fn decay_leaves_the_named_ranges_alone() {
        let mut params = vec![1.0; 6];
        let numbers = Update { learning_rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.5 };
        AdamW::new(6).update(&mut params, &[0.0; 6], numbers, &[1..2, 4..6]);
        assert_eq!(params, [0.95, 1.0, 0.95, 0.95, 1.0, 1.0]);
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut g = vec![3.0, 4.0];
        assert_eq!(norm(&g), 5.0);
        clip(&mut g, 5.0, 1.0);
        assert!((norm(&g) - 1.0).abs() < 1e-5 && (g[0] / g[1] - 0.75).abs() < 1e-6);
        clip(&mut g, 1.0, 0.0);
        assert!((norm(&g) - 1.0).abs() < 1e-5);
    }
}
