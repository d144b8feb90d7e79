//! Which record comes when: a seeded shuffle per epoch, a function of (seed, epoch, position)
//! and of nothing else.

use crate::ops::dropout::key;

/// A permutation of `0..n`, the same for the same seed and epoch (Fisher and Yates).
pub fn shuffled(n: usize, seed: u64, epoch: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        // The bias of the remainder is below n/2⁶⁴.
        let j = (key(&[seed, epoch, i as u64]) % (i as u64 + 1)) as usize;
        order.swap(i, j);
    }
    order
}

/// The records of one optimizer step: `batch` of them, epochs running on without a gap.
#[derive(Debug, Clone)]
pub struct Order {
    records: usize,
    seed: u64,
    batch: usize,
    epoch: Option<(u64, Vec<u32>)>,
}

impl Order {
    /// The order of `records` records in steps of `batch`.
    pub fn new(records: usize, seed: u64, batch: usize) -> Self {
        Self { records, seed, batch, epoch: None }
    }

    /// The records of step `step` (from 0), out of `total` records over the whole run: the last
    /// step may hold fewer.
    pub fn step(&mut self, step: u64, total: u64) -> Vec<usize> {
        let first = step * self.batch as u64;
        let end = (first + self.batch as u64).min(total);
        (first..end).map(|position| self.record(position)).collect()
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
        let mut order = Order::new(10, 1, 4);
        let visited: Vec<usize> = (0..5).flat_map(|s| order.step(s, 20)).collect();
        for epoch in visited.chunks(10) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(visited[..10], visited[10..]);
    }

    #[test]
    fn the_last_step_holds_what_is_left() {
        let mut order = Order::new(10, 1, 4);
        assert_eq!(order.step(3, 15).len(), 3);
        assert_eq!(Order::new(10, 1, 4).step(2, 15), order.step(2, 15));
    }
}
