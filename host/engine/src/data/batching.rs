//! Splits records into micro-batches, one per forward pass. The split decides memory and speed but not the result: the
//! gradient of a step is a sum over its records.

use std::cmp::Reverse;

use hive_recipe::TrainingSpec;

/// The rules by which records are split into micro-batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// Maximum tokens per micro-batch; a longer record gets one of its own.
    pub tokens: usize,
    /// Maximum records per micro-batch.
    pub records: usize,
    /// Fill each micro-batch with any record that still fits, which gives fewer of them. Without it, records of similar
    /// length are batched together.
    pub packing: bool,
}

impl Batching {
    /// Micro-batches of at most `tokens` tokens, without packing.
    pub fn by_tokens(tokens: usize) -> Self {
        Self { tokens, records: usize::MAX, packing: false }
    }

    /// The batching that a recipe asks for.
    pub fn from_recipe(recipe: &TrainingSpec) -> Self {
        let records = recipe.micro_batch_records.unwrap_or(usize::MAX);
        Self { tokens: recipe.micro_batch_tokens, records, packing: recipe.packing }
    }

    /// Splits records of these lengths into micro-batches, each a list of indices. Every record is in exactly one. The
    /// result depends on the lengths alone.
    pub fn micro_batches(self, lengths: &[usize]) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&i| Reverse(lengths[i]));
        let mut batches: Vec<OpenBatch> = Vec::new();
        for i in order {
            let fits = |batch: &OpenBatch| lengths[i] <= batch.room && batch.records.len() < self.records;
            let place = if self.packing {
                // Best fit: the batch with the least room left, the earliest of equals.
                let fitting = batches.iter_mut().filter(|batch| fits(batch));
                fitting.min_by_key(|batch| batch.room)
            } else {
                batches.last_mut().filter(|batch| fits(batch))
            };
            match place {
                Some(batch) => {
                    batch.room -= lengths[i];
                    batch.records.push(i);
                }
                None => batches.push(OpenBatch { room: self.tokens.saturating_sub(lengths[i]), records: vec![i] }),
            }
        }
        batches.into_iter().map(|batch| batch.records).collect()
    }
}

/// A micro-batch to which records may still be added.
struct OpenBatch {
    /// Tokens that still fit.
    room: usize,
    records: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 10] = [30, 700, 20, 100, 90, 1000, 1, 100, 150, 60];

    fn check(batching: Batching) -> usize {
        let batches = batching.micro_batches(&LENGTHS);
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..LENGTHS.len()).collect::<Vec<_>>());
        for records in &batches {
            assert!(records.len() <= batching.records);
            assert!(records.len() == 1 || records.iter().map(|&i| LENGTHS[i]).sum::<usize>() <= batching.tokens);
        }
        batches.len()
    }

    #[test]
    fn every_record_is_in_exactly_one_micro_batch() {
        let loose = check(Batching { tokens: 200, records: usize::MAX, packing: false });
        let packed = check(Batching { tokens: 200, records: usize::MAX, packing: true });
        assert!(packed < loose, "packed {packed}, by length {loose}");
        assert_eq!(check(Batching { tokens: 10_000, records: 1, packing: true }), LENGTHS.len());
        assert_eq!(check(Batching { tokens: 10_000, records: 2, packing: false }), LENGTHS.len() / 2);
        assert_eq!(check(Batching::by_tokens(1)), LENGTHS.len());
    }

    #[test]
    fn packing_fills_what_is_left_open() {
        let batches = Batching { tokens: 10, records: usize::MAX, packing: true }.micro_batches(&[7, 6, 4, 3]);
        assert_eq!(batches, [vec![0, 3], vec![1, 2]]);
    }
}
