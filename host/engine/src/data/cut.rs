//! Records into micro-batches: what one forward pass takes. The cut decides memory and speed and
//! never the result, since the gradient of a step is a sum over its records.

use std::cmp::Reverse;

use hive_recipe::TrainingSpec;

/// How records are cut into micro-batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Most tokens in one micro-batch; a longer record stands alone.
    pub tokens: usize,
    /// Most records in one micro-batch.
    pub records: usize,
    /// Fill each micro-batch with whatever still fits, so that there are fewer of them. Otherwise
    /// records of a size come together.
    pub packing: bool,
}

impl Cut {
    /// Micro-batches of at most `tokens` tokens, records of a size together.
    pub fn by_tokens(tokens: usize) -> Self {
        Self { tokens, records: usize::MAX, packing: false }
    }

    /// As the recipe has it.
    pub fn of(recipe: &TrainingSpec) -> Self {
        let records = recipe.micro_batch_records.unwrap_or(usize::MAX);
        Self { tokens: recipe.micro_batch_tokens, records, packing: recipe.packing }
    }

    /// The micro-batches of records of these lengths, each a list of indices. Every record is in
    /// exactly one. The cut depends on the lengths alone.
    pub fn micro_batches(self, lengths: &[usize]) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&i| Reverse(lengths[i]));
        let mut cuts: Vec<Cutting> = Vec::new();
        for i in order {
            let fits = |cut: &Cutting| lengths[i] <= cut.room && cut.records.len() < self.records;
            let place = if self.packing {
                // Best fit: the one that it fills most, the earliest of equals.
                let fitting = cuts.iter_mut().filter(|cut| fits(cut));
                fitting.min_by_key(|cut| cut.room)
            } else {
                cuts.last_mut().filter(|cut| fits(cut))
            };
            match place {
                Some(cut) => {
                    cut.room -= lengths[i];
                    cut.records.push(i);
                }
                None => cuts.push(Cutting { room: self.tokens.saturating_sub(lengths[i]), records: vec![i] }),
            }
        }
        cuts.into_iter().map(|cut| cut.records).collect()
    }
}

struct Cutting {
    room: usize,
    records: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 10] = [30, 700, 20, 100, 90, 1000, 1, 100, 150, 60];

    fn check(cut: Cut) -> usize {
        let cuts = cut.micro_batches(&LENGTHS);
        let mut seen: Vec<usize> = cuts.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..LENGTHS.len()).collect::<Vec<_>>());
        for records in &cuts {
            assert!(records.len() <= cut.records);
            assert!(records.len() == 1 || records.iter().map(|&i| LENGTHS[i]).sum::<usize>() <= cut.tokens);
        }
        cuts.len()
    }

    #[test]
    fn every_record_is_in_exactly_one_micro_batch() {
        let loose = check(Cut { tokens: 200, records: usize::MAX, packing: false });
        let packed = check(Cut { tokens: 200, records: usize::MAX, packing: true });
        assert!(packed < loose, "packed {packed}, by length {loose}");
        assert_eq!(check(Cut { tokens: 10_000, records: 1, packing: true }), LENGTHS.len());
        assert_eq!(check(Cut { tokens: 10_000, records: 2, packing: false }), LENGTHS.len() / 2);
        assert_eq!(check(Cut::by_tokens(1)), LENGTHS.len());
    }

    #[test]
    fn packing_fills_what_is_left_open() {
        let cuts = Cut { tokens: 10, records: usize::MAX, packing: true }.micro_batches(&[7, 6, 4, 3]);
        assert_eq!(cuts, [vec![0, 3], vec![1, 2]]);
    }
}
