//! Shares with intervals, and whether one candidate is better than another on the same prompts.

use serde::Serialize;

/// The normal distribution's quantile for intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// The mean, 0 to 1.
    pub value: f64,
    /// Of how many.
    pub of: usize,
    /// Lower end of the interval of 95 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Rate {
    /// Of values from 0 to 1: Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927),
    /// exact enough at any share and any number. Values between 0 and 1 spread less than zeros and
    /// ones of the same mean, so for those the interval is too wide rather than too narrow.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut sum, mut of) = (0.0, 0usize);
        for value in values {
            sum += value;
            of += 1;
        }
        if of == 0 {
            return Self { value: 0.0, of, low: 0.0, high: 1.0 };
        }
        let n = of as f64;
        let p = sum / n;
        let denominator = 1.0 + Z * Z / n;
        let middle = (p + Z * Z / (2.0 * n)) / denominator;
        let half = Z / denominator * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
        Self { value: p, of, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
    }
}

/// Two candidates on the same prompts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
    /// Prompts on which the first scores higher.
    pub first_better: usize,
    /// Prompts on which the second does.
    pub second_better: usize,
    /// How likely so uneven a split is if both are equally good: McNemar's test in its exact form,
    /// two-sided. For scores between 0 and 1 it is the sign test.
    pub p: f64,
}

impl Pair {
    /// Of two candidates' scores, prompt by prompt.
    pub fn of((first, a): (&str, &[f64]), (second, b): (&str, &[f64])) -> Self {
        let first_better = a.iter().zip(b).filter(|(a, b)| a > b).count();
        let second_better = a.iter().zip(b).filter(|(a, b)| a < b).count();
        Self {
            first: first.to_owned(),
            second: second.to_owned(),
            first_better,
            second_better,
            p: two_sided(first_better, second_better),
        }
    }
}

/// How likely it is that a fair coin falls at least so unevenly.
fn two_sided(a: usize, b: usize) -> f64 {
    let n = a + b;
    // The term of the binomial distribution, from one to the next, in logarithms.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=a.min(b) {
        tail += term.exp();
        term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_wilsons() {
        // Published values: 0 of 10, 5 of 10, 81 of 263 (Newcombe, Stat. Med. 17, 1998, table I).
        let rate = |passed: usize, of: usize| Rate::of((0..of).map(|i| if i < passed { 1.0 } else { 0.0 }));
        let close = |got: Rate, low: f64, high: f64| (got.low - low).abs() < 5e-4 && (got.high - high).abs() < 5e-4;
        assert!(close(rate(81, 263), 0.2553, 0.3662), "{:?}", rate(81, 263));
        assert!(close(rate(15, 148), 0.0624, 0.1605), "{:?}", rate(15, 148));
        assert!(close(rate(0, 20), 0.0, 0.1611), "{:?}", rate(0, 20));
        assert!(close(rate(1, 29), 0.0061, 0.1718), "{:?}", rate(1, 29));
        assert_eq!(Rate::of([]), Rate { value: 0.0, of: 0, low: 0.0, high: 1.0 });
    }

    #[test]
    fn pairs_are_tested_exactly() {
        assert_eq!(two_sided(0, 0), 1.0);
        assert_eq!(two_sided(3, 3), 1.0);
        // 2 × (1 + 10) ÷ 1024.
        assert!((two_sided(1, 9) - 0.021_484_375).abs() < 1e-12);
        assert!((two_sided(0, 5) - 0.0625).abs() < 1e-12);
        assert!(two_sided(400, 600) < 1e-9);
        let pair = Pair::of(("a", &[1.0, 0.0, 1.0, 0.5]), ("b", &[0.0, 0.0, 0.5, 1.0]));
        assert_eq!((pair.first_better, pair.second_better, pair.p), (2, 1, 1.0));
    }
}
