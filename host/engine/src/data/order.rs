//! The order of training records: a seeded shuffle per epoch, a function of (seed, epoch, position) alone.
//!
//! The generator is fixed here, not a crate's: resuming and replaying a run depend on the order staying the same.

use std::ops::Range;

use crate::ops::dropout::key;

/// A permutation of `0..n` that depends on seed and epoch (Fisher-Yates).
pub fn shuffled(n: usize, seed: u64, epoch: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        // The modulo bias is below n/2⁶⁴.
        let j = (key(&[seed, epoch, i as u64]) % (i as u64 + 1)) as usize;
        order.swap(i, j);
    }
    order
}

/// The order of records over a whole run, with epochs following each other without a gap. Position n is the n-th record
/// of the run, from 0.
#[derive(Debug, Clone)]
pub struct Order {
    records: usize,
    seed: u64,
    epoch: Option<(u64, Vec<u32>)>,
}

impl Order {
    /// The order of `records` records.
    pub fn new(records: usize, seed: u64) -> Self {
        Self { records, seed, epoch: None }
    }

    /// Indices of the records at these positions.
    pub fn at(&mut self, positions: Range<u64>) -> Vec<usize> {
        positions.map(|position| self.record(position)).collect()
    }

    fn record(&mut self, position: u64) -> usize {
        let epoch = position / self.records as u64;
        if self.epoch.as_ref().is_none_or(|(e, _)| *e != epoch) {
            self.epoch = Some((epoch, shuffled(self.records, self.seed, epoch)));
        }
        let within = (position % self.records as u64) as usize;
        self.epoch.as_ref().map_or(0, |(_, order)| order[within] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_epoch_visits_every_record_once_in_another_order() {
        let mut order = Order::new(10, 1);
        let visited: Vec<usize> = (0..5).flat_map(|s| order.at(4 * s..4 * s + 4)).collect();
        for epoch in visited.chunks(10) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(visited[..10], visited[10..]);
    }

    #[test]
    fn a_position_has_the_same_record_wherever_one_begins() {
        let all = Order::new(10, 1).at(0..35);
        assert_eq!(Order::new(10, 1).at(12..35), all[12..]);
    }
}
