//! Moving averages of curves, so that their course can be seen beside the noise of single steps.

/// A half-life for a curve of this many steps: a tenth of them, at least 1 and at most 100.
pub fn half_life(steps: u64) -> u64 {
    (steps / 10).clamp(1, 100)
}

/// The exponential moving average of (step, value): a value counts half as much after `half_life` steps. It is the
/// weighted mean of the values so far, so the first values do not pull it to zero (the bias correction of D. P. Kingma,
/// J. Ba, Adam, 2015, §3).
pub fn smoothed(points: &[(f64, f64)], half_life: u64) -> Vec<(f64, f64)> {
    let (mut sum, mut weight, mut before) = (0.0, 0.0, None);
    points
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|&(step, value)| {
            let passed = before.map_or(0.0, |before: f64| step - before);
            let decay = 0.5f64.powf(passed / half_life.max(1) as f64);
            (sum, weight) = (sum * decay + value, weight * decay + 1.0);
            before = Some(step);
            (step, sum / weight)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_half_after_the_half_life() {
        assert_eq!(smoothed(&[(1.0, 4.0), (3.0, 1.0)], 2), [(1.0, 4.0), (3.0, 2.0)]);
        let constant: Vec<(f64, f64)> = (1..50).map(|i| (f64::from(i), 3.0)).collect();
        assert!(smoothed(&constant, 5).iter().all(|p| (p.1 - 3.0).abs() < 1e-12), "no bias at the beginning");
        // Steps that were skipped, or whose loss was not finite, pass as well.
        assert_eq!(smoothed(&[(1.0, 4.0), (2.0, f64::NAN), (3.0, 1.0)], 2).last(), Some(&(3.0, 2.0)));
        assert_eq!(smoothed(&[], 2), []);
    }

    #[test]
    fn the_half_life_grows_with_the_run() {
        assert_eq!([0, 24, 60, 400, 90_000].map(half_life), [1, 2, 6, 40, 100]);
    }
}
