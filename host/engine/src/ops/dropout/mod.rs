//! Dropout masks from a counter-based generator: a mask is a function of (seed, step, record, layer, module, position,
//! feature). It is never stored, and depends neither on threads nor on how records are batched.
//!
//! The generator is fixed here, not a crate's: resumed and replayed runs must draw the same masks.

mod row;

use rayon::prelude::*;

use super::simd::dispatch::{wide, with};
use row::Row;

/// Mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hashes words into one key; their order matters.
pub fn key(words: &[u64]) -> u64 {
    words.iter().fold(0x6869_7665, |state, &word| mix(state ^ mix(word)))
}

/// The mask of one adapter's input in one forward pass.
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a> {
    /// Key of (seed, step, layer, module).
    pub key: u64,
    /// One key per token, of (record, position).
    pub token_keys: &'a [u64],
    /// Probability of dropping, in [0, 1).
    pub probability: f64,
    /// Whether the base product that DoRA scales takes the dropped input too, as in PEFT.
    pub reaches_base: bool,
}

impl Mask<'_> {
    /// The probability of dropping in units of 1/65536, and the factor of the kept elements.
    fn threshold_and_scale(&self) -> (u16, f32) {
        // There are 16 random bits per element. The probability is rounded to them, and the scale is that of the rounded
        // probability, so that the mean is preserved exactly.
        let threshold = (self.probability * 65536.0).round().clamp(0.0, 65535.0);
        (threshold as u16, (1.0 / (1.0 - threshold / 65536.0)) as f32)
    }

    /// The mask of `n` tokens from `first` on.
    pub fn for_tokens(self, first: usize, n: usize) -> Self {
        Self { token_keys: &self.token_keys[first..first + n], ..self }
    }

    /// `out = drop(x)`, both [tokens, width].
    pub fn apply(&self, out: &mut [f32], x: &[f32], width: usize) {
        self.mask_rows::<false>(out, x, width);
    }

    /// `out += drop(x)`, both [tokens, width]: the backward pass of [`Mask::apply`].
    pub fn add(&self, out: &mut [f32], x: &[f32], width: usize) {
        self.mask_rows::<true>(out, x, width);
    }

    fn mask_rows<const ADD: bool>(&self, out: &mut [f32], x: &[f32], width: usize) {
        assert!(out.len() == x.len() && x.len() == self.token_keys.len() * width);
        let (threshold, scale) = self.threshold_and_scale();
        let tokens = out.par_chunks_mut(width).zip(x.par_chunks(width)).zip(self.token_keys).with_min_len(16);
        tokens.for_each(|((out, x), token)| {
            let row = Row { key: mix(self.key ^ token), threshold, scale };
            #[cfg(target_arch = "x86_64")]
            if let Some(v3) = pulp::x86::V3::try_new() {
                return with!(v3 => row.apply_v3::<ADD>(v3, out, x));
            }
            wide!(row.apply::<ADD>(out, x));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    fn dropped(probability: f64, seed: u64, tokens: &[u64]) -> Vec<f32> {
        let width = 577;
        let x = vec![1.0; tokens.len() * width];
        let mut out = vec![9.0; x.len()];
        Mask { key: seed, token_keys: tokens, probability, reaches_base: false }.apply(&mut out, &x, width);
        out
    }

    #[test]
    fn drops_the_asked_share_and_keeps_the_mean() {
        let tokens: Vec<u64> = (0..400).map(|t| key(&[7, t])).collect();
        for p in [0.05, 0.1, 0.5] {
            let out = dropped(p, 3, &tokens);
            let zeros = out.iter().filter(|v| **v == 0.0).count() as f64 / out.len() as f64;
            assert!((zeros - p).abs() < 0.004, "{zeros} of {p}");
            let mean = out.iter().map(|v| f64::from(*v)).sum::<f64>() / out.len() as f64;
            assert!((mean - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn elements_are_dropped_independently() {
        // Pairs at every small distance, along a row and across rows whose keys differ in one bit.
        let tokens: Vec<u64> = (0..600).collect();
        let out = dropped(0.5, 3, &tokens);
        let zero = |t: usize, i: usize| f64::from(u8::from(out[t * 577 + i] == 0.0)) - 0.5;
        check_all([1, 2, 7, 8, 9, 16, 32, 64], |distance| {
            let along: f64 = (0..600)
                .flat_map(|t| (0..500).map(move |i| (t, i)))
                .map(|(t, i)| zero(t, i) * zero(t, i + distance))
                .sum();
            let across: f64 = (0..500)
                .flat_map(|t| (0..577).map(move |i| (t, i)))
                .map(|(t, i)| zero(t, i) * zero(t + distance, i))
                .sum();
            // Each sum has a standard deviation of a quarter of the root of its terms: about 137.
            assert!(along.abs() < 5.0 * 137.0 && across.abs() < 5.0 * 137.0, "{distance}: {along} {across}");
        });
    }

    #[test]
    fn a_token_keeps_its_mask_wherever_it_stands() {
        let all = dropped(0.3, 5, &[11, 12, 13]);
        assert_eq!(all[577..1154], dropped(0.3, 5, &[12])[..]);
        assert_ne!(all[..577], all[577..1154]);
        assert_ne!(all, dropped(0.3, 6, &[11, 12, 13]));
    }

    #[test]
    fn forward_and_backward_see_the_same_mask() {
        let (tokens, width) = ([1, 2], 9);
        let mask = Mask { key: 4, token_keys: &tokens, probability: 0.5, reaches_base: false };
        let ones = vec![1.0; 18];
        let (mut forward, mut backward) = (vec![0.0; 18], vec![2.0; 18]);
        mask.apply(&mut forward, &ones, width);
        mask.add(&mut backward, &ones, width);
        assert!(forward.iter().zip(&backward).all(|(f, b)| f + 2.0 == *b));
    }
}
