//! Nucleus sampling (arXiv 1904.09751). Hand-written because the library that has it compiles a hundred models with it.

use crate::ops::dropout::key;

/// Draws tokens from the smallest set of the most likely ones whose probabilities sum to `top_p`.
#[derive(Debug, Clone)]
pub(super) struct Nucleus {
    temperature: f64,
    top_p: f64,
    seed: u64,
    drawn: u64,
}

impl Nucleus {
    /// `temperature` above 0, `top_p` in (0, 1]. The same seed gives the same draws.
    pub(super) fn new(temperature: f64, top_p: f64, seed: u64) -> Self {
        Self { temperature, top_p, seed, drawn: 0 }
    }

    /// A token; the logits are finite.
    pub(super) fn draw(&mut self, logits: &[f32]) -> u32 {
        self.drawn += 1;
        // 53 bits, as many as a double has: uniform in [0, 1).
        let random = (key(&[self.seed, self.drawn]) >> 11) as f64 / (1u64 << 53) as f64;
        chosen(logits, self.temperature, self.top_p, random)
    }
}

fn chosen(logits: &[f32], temperature: f64, top_p: f64, random: f64) -> u32 {
    let greatest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let weight = |logit: &f32| ((f64::from(*logit) - greatest) / temperature).exp();
    let mut weights: Vec<(u32, f64)> = (0..).zip(logits.iter().map(weight)).collect();
    let whole: f64 = weights.iter().map(|(_, weight)| weight).sum();
    // Of equal ones, the first.
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut sum = 0.0;
    let kept = weights.iter().position(|(_, weight)| {
        sum += weight;
        sum >= top_p * whole
    });
    weights.truncate(kept.map_or(weights.len(), |last| last + 1));
    let mut left = random * weights.iter().map(|(_, weight)| weight).sum::<f64>();
    for (token, weight) in &weights {
        left -= weight;
        if left < 0.0 {
            return *token;
        }
    }
    weights.last().map_or(0, |(token, _)| *token)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities 0.5, 0.25, 0.125, 0.125 for the tokens 2, 0, 1, 3.
    const LOGITS: [f32; 4] =
        [2.0 * std::f32::consts::LN_2, std::f32::consts::LN_2, 3.0 * std::f32::consts::LN_2, std::f32::consts::LN_2];

    #[test]
    fn only_the_most_likely_tokens_are_drawn_each_in_its_share() {
        let all = |top_p, temperature| {
            let mut nucleus = Nucleus::new(temperature, top_p, 7);
            let mut counts = [0; 4];
            for _ in 0..8_000 {
                counts[nucleus.draw(&LOGITS) as usize] += 1;
            }
            counts
        };
        let near = |count: i32, share: f64| (f64::from(count) / 8_000.0 - share).abs() < 0.02;
        let [a, b, c, d] = all(1.0, 1.0);
        assert!(near(a, 0.25) && near(b, 0.125) && near(c, 0.5) && near(d, 0.125), "{:?}", [a, b, c, d]);
        let [a, b, c, d] = all(0.7, 1.0);
        assert!(near(a, 1.0 / 3.0) && near(c, 2.0 / 3.0) && b == 0 && d == 0, "{:?}", [a, b, c, d]);
        assert_eq!(all(0.5, 1.0), [0, 0, 8_000, 0]);
        let [_, _, c, _] = all(1.0, 0.25);
        assert!(near(c, 16.0 * 16.0 / (16.0 * 16.0 + 16.0 + 2.0)), "a low temperature sharpens: {c}");
    }

    #[test]
    fn a_seed_gives_its_draws() {
        let draws = |seed| {
            let mut nucleus = Nucleus::new(1.0, 1.0, seed);
            (0..20).map(|_| nucleus.draw(&LOGITS)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        assert_eq!(chosen(&LOGITS, 1.0, 1.0, 0.0), 2);
        assert_eq!(chosen(&LOGITS, 1.0, 1.0, 1.0 - f64::EPSILON), 3);
    }
}
