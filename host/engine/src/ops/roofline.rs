//! The compute ceiling of the roofline model (Williams, Waterman, Patterson 2009): multiply-adds in registers, with which
//! measured speeds are compared.

use pulp::{Simd, WithSimd};

use super::simd::arch;

/// Independent sums in flight: more than any machine's multiply-add units times their latency.
const SUMS: usize = 12;

/// Runs `rounds` of multiply-adds on the calling thread, in registers, with the widest vectors, and returns the number of
/// floating-point operations: two for each lane of a multiply-add.
pub fn multiply_adds(rounds: u64) -> u64 {
    struct Spin(u64);
    impl WithSimd for Spin {
        type Output = u64;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> u64 {
            let mut sums = [simd.splat_f32s(0.0); SUMS];
            // Converges to 1, so that no sum ever leaves the range of normal numbers.
            let (factor, term) = (simd.splat_f32s(0.999), simd.splat_f32s(0.001));
            for _ in 0..self.0 {
                for sum in &mut sums {
                    *sum = simd.mul_add_f32s(*sum, factor, term);
                }
            }
            for sum in sums {
                std::hint::black_box(simd.reduce_sum_f32s(sum));
            }
            self.0 * (2 * SUMS * S::F32_LANES) as u64
        }
    }
    arch().dispatch(Spin(rounds))
}
