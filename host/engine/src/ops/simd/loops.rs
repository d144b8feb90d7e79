//! Functions for use inside vectorised loops: an exponential, dot products, sums and maxima. Each adds in an order of its
//! own, so that results do not depend on the width of the vectors.

/// e^x to within 2 units in the last place for x in [-87, 88]; 0 below, +∞ above, NaN for NaN.
///
/// Range reduction to |r| ≤ ln2/2 and a polynomial of degree 6 (the coefficients of Cephes'
/// `expf`, netlib.org/cephes). Unlike `f32::exp` it vectorises.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5·2²³: adding it rounds to an integer
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.5, 88.5);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.987_569_2e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 0.166_666_66;
    p = p * r + 0.5;
    let y = (p * r * r + r) + 1.0;
    // 2^n in two halves, so that n = 128 does not overflow the exponent before the product does.
    // The integer is in the last bits of `shifted`; a conversion would check its range, lane by lane.
    let integer = shifted.to_bits() as i32 - ROUND.to_bits() as i32;
    let half = integer >> 1;
    let rest = integer - half;
    let scaled = y * f32::from_bits(((half + 127) << 23) as u32) * f32::from_bits(((rest + 127) << 23) as u32);
    if x < -87.4 {
        0.0
    } else if x > 88.722_84 {
        f32::INFINITY
    } else {
        scaled
    }
}

/// The dot product, in sixteen partial sums that are combined in a fixed order.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for l in 0..LANES {
            sums[l] += x[l] * y[l];
        }
    }
    tree_sum(sums) + tail
}

/// The sum of a power of two of values, as a tree: no long chain of dependent additions.
#[inline(always)]
pub fn tree_sum<const N: usize>(mut values: [f32; N]) -> f32 {
    let mut n = N;
    while n > 1 {
        n /= 2;
        for l in 0..n {
            values[l] += values[l + n];
        }
    }
    values[0]
}

/// The largest value; -∞ for an empty slice. NaNs are ignored.
#[inline(always)]
pub fn max(values: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut best = [f32::NEG_INFINITY; LANES];
    let chunks = values.chunks_exact(LANES);
    let tail = chunks.remainder().iter().copied().fold(f32::NEG_INFINITY, |m, v| if v > m { v } else { m });
    for chunk in chunks {
        for l in 0..LANES {
            best[l] = if chunk[l] > best[l] { chunk[l] } else { best[l] };
        }
    }
    best.iter().copied().fold(tail, |m, v| if v > m { v } else { m })
}

/// Replaces every value v by e^(v - shift) and returns their sum, in f64: in f32, thousands of small values of a vocabulary
/// would be rounded away beside a large one, all in the same direction.
#[inline(always)]
pub fn exp_and_sum(values: &mut [f32], shift: f32) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0f64; LANES];
    let mut chunks = values.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for l in 0..LANES {
            chunk[l] = exp(chunk[l] - shift);
            sums[l] += f64::from(chunk[l]);
        }
    }
    let mut tail = 0.0f64;
    for v in chunks.into_remainder() {
        *v = exp(*v - shift);
        tail += f64::from(*v);
    }
    sums.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn exp_is_exact_to_a_few_ulps() {
        let mut worst = 0.0f64;
        let mut x = -87.0f32;
        while x < 88.0 {
            let (got, want) = (f64::from(exp(x)), f64::from(x).exp());
            worst = worst.max(((got - want) / want).abs());
            x += 0.000_917;
        }
        assert!(worst < 2.5e-7, "relative error {worst}");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1000.0), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(1000.0), f32::INFINITY);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_and_maxima_see_every_element() {
        check_all([0, 1, 15, 16, 17, 100, 256, 700], |n| {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let ones = vec![1.0; n];
            assert_eq!(dot(&a, &ones), a.iter().sum::<f32>());
            assert_eq!(max(&a), a.last().copied().unwrap_or(f32::NEG_INFINITY));
            let mut zeros = vec![0.5; n];
            assert_eq!(exp_and_sum(&mut zeros, 0.5), n as f64);
            assert!(zeros.iter().all(|v| *v == 1.0));
        });
    }

    #[test]
    fn small_values_are_not_lost_beside_a_large_one() {
        // A vocabulary of which one token is all but certain.
        let mut values = vec![-17.0f32; 49_152];
        values[3] = 0.0;
        let exact = 1.0 + 49_151.0 * (-17.0f64).exp();
        assert!((exp_and_sum(&mut values, 0.0) - exact).abs() < 1e-7 * exact);
    }
}
