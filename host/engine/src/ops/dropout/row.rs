//! The mask of one row, in plain Rust and with AVX2, with the same result.
//!
//! The random words are a 32-bit hash of their position, keyed by the row: the multiply-xorshift function "lowbias32" of
//! Chris Wellons' hash prospector (github.com/skeeto/hash-prospector), which vectorises where 64-bit multiplications do
//! not. The key is added before each of its two rounds. Each word decides two elements.

/// Elements per group of random words.
const GROUP: usize = 2 * WORDS;

/// Random words per group.
const WORDS: usize = 8;

/// The hash's multipliers.
const FACTORS: [u32; 2] = [0x7feb_352d, 0x846c_a68b];

/// One row of a mask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Key of the row.
    pub(super) key: u64,
    /// An element is dropped where its 16 random bits are below this.
    pub(super) threshold: u16,
    /// The factor of kept elements.
    pub(super) scale: f32,
}

impl Row {
    /// `out = drop(x)`, or with `ADD` `out += drop(x)`.
    #[inline(always)]
    pub(super) fn apply<const ADD: bool>(self, out: &mut [f32], x: &[f32]) {
        self.rest::<ADD>(out, x, 0);
    }

    /// The same with AVX2 by hand: the compiler would branch on every comparison and extract the factors one by one.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn apply_v3<const ADD: bool>(self, v3: pulp::x86::V3, out: &mut [f32], x: &[f32]) {
        let avx = v3.avx;
        let (whole, rest) = out.as_chunks_mut::<GROUP>();
        let (whole_x, rest_x) = x.as_chunks::<GROUP>();
        for (group, (out, x)) in whole.iter_mut().zip(whole_x).enumerate() {
            let keep = self.keep_v3(v3, group as u32);
            let x: [std::arch::x86_64::__m256; 2] = pulp::cast(*x);
            let mut kept = [avx._mm256_mul_ps(x[0], keep[0]), avx._mm256_mul_ps(x[1], keep[1])];
            if ADD {
                let before: [std::arch::x86_64::__m256; 2] = pulp::cast(*out);
                kept = [avx._mm256_add_ps(before[0], kept[0]), avx._mm256_add_ps(before[1], kept[1])];
            }
            *out = pulp::cast(kept);
        }
        self.rest::<ADD>(rest, rest_x, whole.len());
    }

    /// The elements from group `first` on.
    #[inline(always)]
    fn rest<const ADD: bool>(self, out: &mut [f32], x: &[f32], first: usize) {
        for (group, (out, x)) in out.chunks_mut(GROUP).zip(x.chunks(GROUP)).enumerate() {
            for ((out, x), keep) in out.iter_mut().zip(x).zip(self.keep((first + group) as u32)) {
                *out = if ADD { *out + x * keep } else { x * keep };
            }
        }
    }

    /// Factors of the group's 16 elements: `scale` or 0.
    #[inline(always)]
    fn keep(self, group: u32) -> [f32; GROUP] {
        let (first, second) = (self.key as u32, (self.key >> 32) as u32);
        let threshold = u32::from(self.threshold);
        let mut keep = [0.0; GROUP];
        for l in 0..WORDS {
            let mut word = (group * WORDS as u32 + l as u32).wrapping_add(first);
            word ^= word >> 16;
            word = word.wrapping_mul(FACTORS[0]);
            word ^= word >> 15;
            word = word.wrapping_add(second);
            word = word.wrapping_mul(FACTORS[1]);
            word ^= word >> 16;
            keep[l] = if word & 0xffff >= threshold { self.scale } else { 0.0 };
            keep[WORDS + l] = if word >> 16 >= threshold { self.scale } else { 0.0 };
        }
        keep
    }

    /// The same with AVX2.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn keep_v3(self, v3: pulp::x86::V3, group: u32) -> [std::arch::x86_64::__m256; 2] {
        // No closures: one that is not inlined is not compiled for AVX2.
        let (avx, avx2) = (v3.avx, v3.avx2);
        let lanes: [i32; WORDS] = [0, 1, 2, 3, 4, 5, 6, 7];
        let start = (group * WORDS as u32).wrapping_add(self.key as u32);
        let mut word = avx2._mm256_add_epi32(avx._mm256_set1_epi32(start as i32), pulp::cast(lanes));
        word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<16>(word));
        word = avx2._mm256_mullo_epi32(word, avx._mm256_set1_epi32(FACTORS[0] as i32));
        word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<15>(word));
        word = avx2._mm256_add_epi32(word, avx._mm256_set1_epi32((self.key >> 32) as i32));
        word = avx2._mm256_mullo_epi32(word, avx._mm256_set1_epi32(FACTORS[1] as i32));
        word = avx2._mm256_xor_si256(word, avx2._mm256_srli_epi32::<16>(word));
        let threshold = avx._mm256_set1_epi32(i32::from(self.threshold));
        let scale = avx._mm256_castps_si256(avx._mm256_set1_ps(self.scale));
        let low = avx2._mm256_and_si256(word, avx._mm256_set1_epi32(0xffff));
        let high = avx2._mm256_srli_epi32::<16>(word);
        let low = avx2._mm256_andnot_si256(avx2._mm256_cmpgt_epi32(threshold, low), scale);
        let high = avx2._mm256_andnot_si256(avx2._mm256_cmpgt_epi32(threshold, high), scale);
        [avx._mm256_castsi256_ps(low), avx._mm256_castsi256_ps(high)]
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::ops::dropout::mix;

    #[test]
    fn vectors_make_the_same_rows() {
        let Some(v3) = pulp::x86::V3::try_new() else { return };
        for width in [1, 16, 40, 577] {
            let x: Vec<f32> = (0..width).map(|i| i as f32 - 7.5).collect();
            for (key, threshold) in [(0, 0), (u64::MAX, 6554), (mix(5), 32768), (mix(6), 65535)] {
                let row = Row { key, threshold, scale: 1.25 };
                let (mut plain, mut vectors) = (vec![9.0; width], vec![9.0; width]);
                row.apply::<false>(&mut plain, &x);
                row.apply_v3::<false>(v3, &mut vectors, &x);
                assert_eq!(plain, vectors);
                row.apply::<true>(&mut plain, &x);
                row.apply_v3::<true>(v3, &mut vectors, &x);
                assert_eq!(plain, vectors);
                let kept = plain.iter().zip(&x).all(|(p, x)| *p == 0.0 || *p == 2.5 * x);
                assert!(kept, "{plain:?}");
            }
        }
    }

    #[test]
    fn far_groups_are_the_same_too() {
        let Some(v3) = pulp::x86::V3::try_new() else { return };
        let row = Row { key: mix(6), threshold: 6554, scale: 1.25 };
        for group in [0, 7, 95, u32::MAX / 8] {
            assert_eq!(row.keep(group), pulp::cast::<_, [f32; GROUP]>(row.keep_v3(v3, group)));
        }
    }
}
