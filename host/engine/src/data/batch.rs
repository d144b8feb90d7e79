//! A micro-batch: records concatenated without padding.

use crate::error::{EngineError, Result};
use crate::ops::dropout::key;
use crate::ops::rope::Segment;

/// One tokenised record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Tokens, prompt and completion.
    pub ids: Vec<u32>,
    /// For each token, whether predicting it counts towards the loss. The first token never does: nothing precedes it.
    pub loss: Vec<bool>,
    /// The record's key for the dropout generator, the same in every batch.
    pub key: u64,
}

impl Example {
    /// A record whose first `prompt_len` tokens carry no loss.
    pub fn new(ids: Vec<u32>, prompt_len: usize, key: u64) -> Self {
        let loss = (0..ids.len()).map(|t| t > 0 && t >= prompt_len).collect();
        Self { ids, loss, key }
    }

    /// Tokens that carry loss.
    pub fn loss_tokens(&self) -> usize {
        self.loss.iter().filter(|l| **l).count()
    }
}

/// Records of one forward pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Tokens of all records.
    pub ids: Vec<u32>,
    /// Where each record is in `ids`.
    pub segments: Vec<Segment>,
    /// Indices of tokens whose successor carries loss.
    pub loss_rows: Vec<usize>,
    /// Those successors, one per loss row.
    pub targets: Vec<u32>,
    /// Dropout keys, one per token.
    pub token_keys: Vec<u64>,
}

impl Batch {
    /// Concatenates `examples`.
    ///
    /// # Errors
    /// When a record is empty or has a token that is not below `vocab`.
    pub fn new<'e>(examples: impl IntoIterator<Item = &'e Example>, vocab: usize) -> Result<Self> {
        let mut batch = Self::default();
        for (n, example) in examples.into_iter().enumerate() {
            let start = batch.ids.len();
            let len = example.ids.len();
            if len == 0 {
                return Err(EngineError::unsupported(format!("Record {n} of the batch has no tokens")));
            }
            if let Some(id) = example.ids.iter().find(|id| **id as usize >= vocab) {
                return Err(EngineError::unsupported(format!(
                    "Record {n} of the batch has the token id {id}, the base model's vocabulary ends at {}",
                    vocab - 1
                )));
            }
            batch.segments.push(Segment { start, len });
            batch.ids.extend_from_slice(&example.ids);
            for t in 0..len {
                batch.token_keys.push(key(&[example.key, t as u64]));
                if t > 0 && example.loss[t] {
                    batch.loss_rows.push(start + t - 1);
                    batch.targets.push(example.ids[t]);
                }
            }
        }
        Ok(batch)
    }

    /// Total number of tokens.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Number of tokens of its longest record.
    pub fn longest(&self) -> usize {
        self.segments.iter().map(|segment| segment.len).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_falls_on_the_completion_and_is_shifted() {
        let example = Example::new(vec![5, 6, 7, 8], 2, 0);
        let batch = Batch::new([&example, &Example::new(vec![9, 1], 0, 1)], 10).unwrap();
        assert_eq!(batch.loss_rows, [1, 2, 4]);
        assert_eq!(batch.targets, [7, 8, 1]);
        assert_eq!(example.loss_tokens(), 2);
        assert_eq!(batch.segments[1], Segment { start: 4, len: 2 });
    }

    #[test]
    fn ids_beyond_the_vocabulary_are_refused() {
        let error = Batch::new([&Example::new(vec![5, 10], 0, 0)], 10).unwrap_err();
        assert!(error.to_string().contains("token id 10"), "{error}");
    }
}
