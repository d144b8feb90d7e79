//! Random access to tokenised records, in memory or in a mapped file.

use std::borrow::Borrow;
use std::fmt::Debug;

use crate::data::Example;

/// A sequence of tokenised records.
pub trait Records: Debug + Sync {
    /// Number of records.
    fn len(&self) -> usize;

    /// Number of tokens of record `index`.
    fn tokens(&self, index: usize) -> usize;

    /// Number of tokens of record `index` that carry loss.
    fn loss_tokens(&self, index: usize) -> usize;

    /// A copy of record `index`.
    fn get(&self, index: usize) -> Example;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E: Borrow<Example> + Debug + Sync> Records for Vec<E> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn tokens(&self, index: usize) -> usize {
        Records::tokens(&self.as_slice(), index)
    }

    fn loss_tokens(&self, index: usize) -> usize {
        Records::loss_tokens(&self.as_slice(), index)
    }

    fn get(&self, index: usize) -> Example {
        Records::get(&self.as_slice(), index)
    }
}

impl<E: Borrow<Example> + Debug + Sync> Records for &[E] {
    fn len(&self) -> usize {
        <[E]>::len(self)
    }

    fn tokens(&self, index: usize) -> usize {
        self[index].borrow().ids.len()
    }

    fn loss_tokens(&self, index: usize) -> usize {
        self[index].borrow().loss_tokens()
    }

    fn get(&self, index: usize) -> Example {
        self[index].borrow().clone()
    }
}
