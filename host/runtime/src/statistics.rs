//! The two metrics of graded answers, each with its confidence interval, and a test whether one
//! candidate is better than another on the same prompts. *Right answers* is the fraction of answers
//! with the full score, *partial credit* the mean of all scores: the first says how often an answer
//! can be used, the second how close the others come. They are never mixed: a mean of partial
//! scores is not a fraction of correct answers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Quantile of the normal distribution for 95 % confidence intervals.
const Z: f64 = 1.959_963_984_540_054;

/// Bootstrap samples: one less than a multiple of 40, so that the ends of a 95 % interval are order
/// statistics (A. C. Davison, D. V. Hinkley, Bootstrap Methods and their Application, 1997, §5.2).
const RESAMPLES: usize = 1_999;

/// Seed of the bootstrap: the same scores always have the same interval.
const SEED: u64 = 0x6869_7665;

/// The minimum score of a correct answer.
pub const RIGHT: f64 = 1.0;

/// Shown when there are no answers.
const NOTHING: &str = "–";

/// A rate with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The rate, 0 to 1.
    pub value: f64,
    /// Sample size.
    pub of: usize,
    /// Lower end of the 95 % confidence interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Rate {
    /// The rate of `true` values, with Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc.
    /// 22, 1927), which is accurate for any rate and sample size.
    pub fn of(passed: impl IntoIterator<Item = bool>) -> Self {
        let (mut count, mut total) = (0usize, 0usize);
        for passed in passed {
            count += usize::from(passed);
            total += 1;
        }
        if total == 0 {
            return Self { value: 0.0, of: total, low: 0.0, high: 1.0 };
        }
        let n = total as f64;
        let p = count as f64 / n;
        let denominator = 1.0 + Z * Z / n;
        let middle = (p + Z * Z / (2.0 * n)) / denominator;
        let half = Z / denominator * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
        // At rates 0 and 1 one end is exact, and rounding must not move it.
        let low = if count == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if count == total { 1.0 } else { (middle + half).min(1.0) };
        Self { value: p, of: total, low, high }
    }

    /// Number that passed.
    pub fn count(&self) -> usize {
        (self.value * self.of as f64).round() as usize
    }

    /// The rate alone: `42.0 %`.
    pub fn share(&self) -> String {
        if self.of == 0 { NOTHING.to_owned() } else { format!("{:.1} %", 100.0 * self.value) }
    }

    /// The interval alone, in percent: `[35.1, 49.2]`.
    pub fn range(&self) -> String {
        format!("[{:.1}, {:.1}]", 100.0 * self.low, 100.0 * self.high)
    }
}

/// For display: `42.0 % [35.1, 49.2]`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of == 0 { f.write_str(NOTHING) } else { write!(f, "{} {}", self.share(), self.range()) }
    }
}

/// A mean with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Sample size.
    pub of: usize,
    /// Lower end of the 95 % confidence interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Mean {
    /// The mean of values, with the percentile bootstrap interval (B. Efron, Ann. Statist. 7,
    /// 1979). It does not depend on the order of the values. If all values are equal the interval
    /// has no width, as the sample shows no variance.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        values.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (values.first().copied(), values.last().copied()) else {
            return Self { value: 0.0, of: count, low: 0.0, high: 1.0 };
        };
        let n = count as f64;
        let value = values.iter().sum::<f64>() / n;
        if least == most {
            return Self { value: least, of: count, low: least, high: least };
        }
        let mut draw = Draw(SEED);
        let mut means: Vec<f64> =
            (0..RESAMPLES).map(|_| (0..count).map(|_| values[draw.below(count)]).sum::<f64>() / n).collect();
        means.sort_by(f64::total_cmp);
        let tail = (RESAMPLES + 1) / 40;
        Self { value, of: count, low: means[tail - 1], high: means[RESAMPLES - tail] }
    }

    /// The mean alone: `0.345`.
    pub fn credit(&self) -> String {
        if self.of == 0 { NOTHING.to_owned() } else { format!("{:.3}", self.value) }
    }

    /// The interval alone: `[0.210, 0.480]`.
    pub fn range(&self) -> String {
        format!("[{:.3}, {:.3}]", self.low, self.high)
    }
}

/// For display: `0.345 [0.210, 0.480]`.
impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of == 0 { f.write_str(NOTHING) } else { write!(f, "{} {}", self.credit(), self.range()) }
    }
}

/// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014): small, and the same on any machine.
struct Draw(u64);

impl Draw {
    /// A whole number from 0 to `n` - 1; `n` is far below 2^32, so the bias is negligible.
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (z ^ (z >> 31)) >> 32;
        ((high * n as u64) >> 32) as usize
    }
}

/// Metrics of graded answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Fraction of answers with the full score.
    pub right_answers: Rate,
    /// The mean score.
    pub partial_credit: Mean,
}

impl Figures {
    /// Computed from scores from 0 to 1.
    pub fn of(scores: impl IntoIterator<Item = f64>) -> Self {
        let scores: Vec<f64> = scores.into_iter().collect();
        Self { right_answers: Rate::of(scores.iter().map(|s| *s >= RIGHT)), partial_credit: Mean::of(scores) }
    }
}

impl Default for Figures {
    fn default() -> Self {
        Self::of([])
    }
}

/// Two candidates on the same prompts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The first candidate.
    pub first: String,
    /// The second candidate.
    pub second: String,
    /// Prompts that only the first answers correctly.
    pub only_first_right: usize,
    /// Prompts that only the second answers correctly.
    pub only_second_right: usize,
    /// Probability of a split at least as uneven if both are equally good: McNemar's exact test,
    /// two-sided.
    pub p: f64,
    /// The second's partial credit minus the first's, per prompt.
    pub credit_gain: Mean,
}

impl Pair {
    /// Compares two candidates' scores, prompt by prompt.
    pub fn of((first, a): (&str, &[f64]), (second, b): (&str, &[f64])) -> Self {
        let right = |score: &f64| *score >= RIGHT;
        let only_first_right = a.iter().zip(b).filter(|(a, b)| right(a) && !right(b)).count();
        let only_second_right = a.iter().zip(b).filter(|(a, b)| right(b) && !right(a)).count();
        Self {
            first: first.to_owned(),
            second: second.to_owned(),
            only_first_right,
            only_second_right,
            p: two_sided(only_first_right, only_second_right),
            credit_gain: Mean::of(a.iter().zip(b).map(|(a, b)| b - a)),
        }
    }
}

/// Probability that a fair coin gives a split at least as uneven.
fn two_sided(a: usize, b: usize) -> f64 {
    let n = a + b;
    // Each term of the binomial distribution from the previous one, in logarithms.
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
        let rate = |passed: usize, total: usize| Rate::of((0..total).map(|i| i < passed));
        let close = |got: Rate, low: f64, high: f64| (got.low - low).abs() < 5e-4 && (got.high - high).abs() < 5e-4;
        assert!(close(rate(81, 263), 0.2553, 0.3662), "{:?}", rate(81, 263));
        assert!(close(rate(15, 148), 0.0624, 0.1605), "{:?}", rate(15, 148));
        assert!(close(rate(0, 20), 0.0, 0.1611), "{:?}", rate(0, 20));
        assert!(close(rate(1, 29), 0.0061, 0.1718), "{:?}", rate(1, 29));
        assert_eq!((rate(0, 20).low, rate(20, 20).high, rate(7, 20).count()), (0.0, 1.0, 7));
        assert_eq!(Rate::of([]), Rate { value: 0.0, of: 0, low: 0.0, high: 1.0 });
    }

    #[test]
    fn right_answers_and_partial_credit_are_two_figures() {
        // Four of twelve are correct; the mean of all is twice that.
        let scores = [1.0, 1.0, 1.0, 1.0, 0.6, 0.6, 0.6, 0.5, 0.5, 0.4, 0.5, 0.4];
        let figures = Figures::of(scores);
        assert_eq!((figures.right_answers.count(), figures.right_answers.of), (4, 12));
        assert!((figures.right_answers.value - 4.0 / 12.0).abs() < 1e-12);
        assert!((figures.partial_credit.value - 0.675).abs() < 1e-12);
        let Rate { low, high, .. } = figures.right_answers;
        assert!((low - 0.138).abs() < 1e-3 && (high - 0.609).abs() < 1e-3, "Wilson of 4 in 12: {low} {high}");
        assert_eq!(figures.right_answers.to_string(), "33.3 % [13.8, 60.9]");
        assert!(figures.partial_credit.to_string().starts_with("0.675 [0.5"), "{}", figures.partial_credit);
        assert_eq!(Figures::default().right_answers.to_string(), "–");
        // Nearly correct is not correct.
        assert_eq!(Figures::of([0.9, 0.999]).right_answers.count(), 0);
    }

    #[test]
    fn the_bootstrap_is_repeatable_and_near_the_normal_interval() {
        let scores: Vec<f64> = (0..400).map(|i| f64::from(i % 5) / 4.0).collect();
        let mean = Mean::of(scores.clone());
        // The standard deviation of 0, ¼ … 1 is √⅛.
        let half = Z * (0.125_f64 / 400.0).sqrt();
        assert!((mean.low - (0.5 - half)).abs() < 4e-3 && (mean.high - (0.5 + half)).abs() < 4e-3, "{mean:?}");
        let mut turned = scores;
        turned.rotate_left(123);
        assert_eq!(Mean::of(turned), mean, "the order of prompts does not matter");
        assert_eq!(Mean::of([0.3; 7]), Mean { value: 0.3, of: 7, low: 0.3, high: 0.3 });
        assert_eq!(Mean::of([]), Mean { value: 0.0, of: 0, low: 0.0, high: 1.0 });
        let few = Mean::of([0.0, 1.0]);
        assert_eq!((few.value, few.low, few.high), (0.5, 0.0, 1.0));
        let skewed = Mean::of([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert!(skewed.low == 0.0 && skewed.high > 0.15 && skewed.high <= 0.4, "{skewed:?}");
    }

    #[test]
    fn pairs_are_tested_exactly() {
        assert_eq!(two_sided(0, 0), 1.0);
        assert_eq!(two_sided(3, 3), 1.0);
        // 2 × (1 + 10) ÷ 1024.
        assert!((two_sided(1, 9) - 0.021_484_375).abs() < 1e-12);
        assert!((two_sided(0, 5) - 0.0625).abs() < 1e-12);
        assert!(two_sided(400, 600) < 1e-9);
        // More partial credit for wrong answers does not count as correct answers.
        let pair = Pair::of(("a", &[1.0, 0.0, 1.0, 0.5]), ("b", &[0.0, 0.0, 0.5, 0.75]));
        assert_eq!((pair.only_first_right, pair.only_second_right, pair.p), (2, 0, 0.5));
        assert!((pair.credit_gain.value - (-1.0 - 0.5 + 0.25) / 4.0).abs() < 1e-12);
    }
}
