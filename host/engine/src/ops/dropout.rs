//! Dropout masks from a counter-based generator: a mask is a function of what it belongs to
//! (seed, step, record, layer, module, position, feature), so it is never stored, does not depend
//! on threads, and does not change when a batch is cut differently.

use rayon::prelude::*;

use super::lanes::wide;

/// Mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Folds words into one key; the order matters.
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
    /// Whether DoRA's share of the base product takes the dropped input too, as PEFT has it.
    pub reaches_base: bool,
}

impl Mask<'_> {
    /// Drops with this probability in units of 1/65536, and what is kept is multiplied by this.
    fn threshold_and_scale(&self) -> (u16, f32) {
        // 16 random bits per element: the probability is rounded to them, and the scale follows
        // the rounded one, so that the mean is kept exactly.
        let threshold = (self.probability * 65536.0).round().clamp(0.0, 65535.0);
        (threshold as u16, (1.0 / (1.0 - threshold / 65536.0)) as f32)
    }

    /// `out = drop(x)`, both [tokens, width].
    pub fn apply(&self, out: &mut [f32], x: &[f32], width: usize) {
        self.each(
            out,
            x,
            width,
            #[inline(always)]
            |out, x, keep| *out = x * keep,
        );
    }

    /// `out += drop(x)`, both [tokens, width]: the backward pass of [`Mask::apply`].
    pub fn add(&self, out: &mut [f32], x: &[f32], width: usize) {
        self.each(
            out,
            x,
            width,
            #[inline(always)]
            |out, x, keep| *out += x * keep,
        );
    }

    #[inline(always)]
    fn each(&self, out: &mut [f32], x: &[f32], width: usize, f: impl Fn(&mut f32, f32, f32) + Sync) {
        assert!(out.len() == x.len() && x.len() == self.token_keys.len() * width);
        let (threshold, scale) = self.threshold_and_scale();
        let tokens = out.par_chunks_mut(width).zip(x.par_chunks(width)).zip(self.token_keys).with_min_len(16);
        tokens.for_each(|((out, x), token)| {
            let row = mix(self.key ^ token);
            #[cfg(target_arch = "x86_64")]
            if let Some(v3) = pulp::x86::V3::try_new() {
                return v3.vectorize(
                    #[inline(always)]
                    || {
                        each_group(
                            out,
                            x,
                            #[inline(always)]
                            |group| keep_v3(v3, row, group, threshold, scale),
                            &f,
                        );
                    },
                );
            }
            wide(
                #[inline(always)]
                || {
                    each_group(
                        out,
                        x,
                        #[inline(always)]
                        |group| keep(row, group, threshold, scale),
                        &f,
                    );
                },
            );
        });
    }
}

/// Calls `f` with every element of a row and what it is multiplied by.
#[inline(always)]
fn each_group(out: &mut [f32], x: &[f32], keep: impl Fn(u32) -> [f32; GROUP], f: &impl Fn(&mut f32, f32, f32)) {
    let (out, out_rest) = out.as_chunks_mut::<GROUP>();
    let (x, x_rest) = x.as_chunks::<GROUP>();
    for (group, (out, x)) in out.iter_mut().zip(x).enumerate() {
        let keep = keep(group as u32);
        for l in 0..GROUP {
            f(&mut out[l], x[l], keep[l]);
        }
    }
    if !out_rest.is_empty() {
        let keep = keep(out.len() as u32);
        out_rest.iter_mut().zip(x_rest).zip(keep).for_each(|((out, x), keep)| f(out, *x, keep));
    }
}

/// Elements that one group of random words decides about.
const GROUP: usize = 2 * WORDS;

/// Random words made at a time; each decides about two elements.
const WORDS: usize = 8;

/// What a group of 16 elements of a row is multiplied by: `scale` or 0.
///
/// The words are a 32-bit hash of their place, keyed by the row: the multiply-xorshift function
/// "lowbias32" found by Chris Wellons' search (github.com/skeeto/hash-prospector), which vectorises
/// where 64-bit multiplications do not. The key comes in before each of its two rounds.
#[inline(always)]
fn keep(row: u64, group: u32, threshold: u16, scale: f32) -> [f32; GROUP] {
    let (first, second) = (row as u32, (row >> 32) as u32);
    let threshold = u32::from(threshold);
    let mut keep = [0.0; GROUP];
    for l in 0..WORDS {
        let mut word = (group * WORDS as u32 + l as u32).wrapping_add(first);
        word ^= word >> 16;
        word = word.wrapping_mul(0x7feb_352d);
        word ^= word >> 15;
        word = word.wrapping_add(second);
        word = word.wrapping_mul(0x846c_a68b);
        word ^= word >> 16;
        keep[l] = if word & 0xffff >= threshold { scale } else { 0.0 };
        keep[WORDS + l] = if word >> 16 >= threshold { scale } else { 0.0 };
    }
    keep
}

/// The same with AVX2: left to itself, the compiler makes a branch of every comparison.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn keep_v3(v3: pulp::x86::V3, row: u64, group: u32, threshold: u16, scale: f32) -> [f32; GROUP] {
    // No closures: one that is not inlined is not compiled for these vectors either.
    let (avx, avx2) = (v3.avx, v3.avx2);
    let lanes: [i32; WORDS] = [0, 1, 2, 3, 4, 5, 6, 7];
    let start = (group * WORDS as u32).wrapping_add(row as u32);
    let mut word = avx2._mm256_add_epi32(avx._mm256_set1_epi32(start as i32), pulp::cast(lanes));
    word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<16>(word));
    word = avx2._mm256_mullo_epi32(word, avx._mm256_set1_epi32(0x7feb_352d));
    word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<15>(word));
    word = avx2._mm256_add_epi32(word, avx._mm256_set1_epi32((row >> 32) as i32));
    word = avx2._mm256_mullo_epi32(word, avx._mm256_set1_epi32(0x846c_a68b_u32 as i32));
    word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<16>(word));
    let threshold = avx._mm256_set1_epi32(i32::from(threshold));
    let scale = avx._mm256_castps_si256(avx._mm256_set1_ps(scale));
    let low = avx2._mm256_and_si256(word, avx._mm256_set1_epi32(0xffff));
    let high = avx2._mm256_srli_epi32::<16>(word);
    let low = avx2._mm256_andnot_si256(avx2._mm256_cmpgt_epi32(threshold, low), scale);
    let high = avx2._mm256_andnot_si256(avx2._mm256_cmpgt_epi32(threshold, high), scale);
    pulp::cast([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

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
    #[cfg(target_arch = "x86_64")]
    fn vectors_make_the_same_masks() {
        let Some(v3) = pulp::x86::V3::try_new() else { return };
        for (row, group) in [(0, 0), (u64::MAX, 7), (mix(5), 95), (mix(6), u32::MAX / 8)] {
            for threshold in [0, 6554, 32768, 65535] {
                assert_eq!(keep(row, group, threshold, 1.25), keep_v3(v3, row, group, threshold, 1.25));
            }
        }
    }

    #[test]
    fn elements_are_dropped_independently() {
        // Pairs at every small distance, along a row and across rows whose keys differ in one bit.
        let tokens: Vec<u64> = (0..600).collect();
        let out = dropped(0.5, 3, &tokens);
        let zero = |t: usize, i: usize| f64::from(u8::from(out[t * 577 + i] == 0.0)) - 0.5;
        for distance in [1, 2, 7, 8, 9, 16, 32, 64] {
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
        }
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
