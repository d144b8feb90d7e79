//! The best N checkpoints of a run by one metric of the evaluations, and the number of evaluations since the best.

use serde::{Deserialize, Serialize};

/// A step and the metric of its evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranked {
    /// Optimizer steps made.
    pub step: u64,
    /// The metric.
    pub value: f64,
}

/// The best steps of a run, the best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// At most as many as are kept; of equal ones the earlier comes first.
    pub ranked: Vec<Ranked>,
    /// Evaluations since the best.
    pub evaluations_since: u64,
}

impl Best {
    /// Ranks an evaluation; the best `keep` are kept. Returns its place from 0, or `None` when it is not among them. NaN
    /// never is.
    pub fn offer(&mut self, step: u64, value: f64, keep: usize, greater_is_better: bool) -> Option<usize> {
        let better = |a: f64, b: f64| if greater_is_better { a > b } else { a < b };
        self.evaluations_since += 1;
        if value.is_nan() {
            return None;
        }
        let place = self.ranked.iter().position(|r| better(value, r.value)).unwrap_or(self.ranked.len());
        if place >= keep {
            return None;
        }
        self.ranked.insert(place, Ranked { step, value });
        self.ranked.truncate(keep);
        if place == 0 {
            self.evaluations_since = 0;
        }
        Some(place)
    }

    /// The best evaluation.
    pub fn first(&self) -> Option<Ranked> {
        self.ranked.first().copied()
    }

    /// The steps, the best first.
    pub fn steps(&self) -> impl Iterator<Item = u64> {
        self.ranked.iter().map(|r| r.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_order_in_either_direction() {
        for greater in [false, true] {
            let sign = if greater { -1.0 } else { 1.0 };
            let mut best = Best::default();
            for (step, value) in [(1, 5.0), (2, 1.0), (3, 4.0), (4, 3.0), (5, 6.0), (6, 2.0), (7, 1.0)] {
                best.offer(step, sign * value, 4, greater);
            }
            assert_eq!(best.steps().collect::<Vec<_>>(), [2, 7, 6, 4], "equal values: the earlier first");
            assert_eq!(best.evaluations_since, 5);
        }
    }

    #[test]
    fn what_is_no_number_is_never_kept() {
        let mut best = Best::default();
        assert_eq!(best.offer(1, f64::NAN, 4, false), None);
        assert_eq!(best.offer(2, 1.0, 4, false), Some(0));
        assert_eq!(best.offer(3, 1.0, 1, false), None);
        assert_eq!(best.first(), Some(Ranked { step: 2, value: 1.0 }));
    }
}
