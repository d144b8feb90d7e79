//! One answer under its constraint, as the engine's decoding loop asks it.

use std::sync::Arc;

use hive_engine::EngineError;
use hive_engine::generate::{Constraint, TextVerdict};
use llguidance::Matcher;

use super::ending;
use super::following::Following;

/// Says of a text, and whether that is all of it, from which byte on it is impossible; `None` if it is not.
pub type PrefixCheck<'c> = Box<dyn FnMut(&str, bool) -> Result<Option<usize>, EngineError> + 'c>;

/// An answer that grows.
pub struct ConstrainedText<'c> {
    grammar: Option<Following>,
    check: Option<PrefixCheck<'c>>,
    /// What each token adds.
    bytes: Arc<Vec<Vec<u8>>>,
    /// The tokens that are text, as bits.
    texts: Arc<Vec<u32>>,
    stop: Vec<u32>,
    text: Vec<u8>,
    /// Where each token ends in `text`.
    ends: Vec<usize>,
    allowed: Vec<u32>,
}

impl<'c> ConstrainedText<'c> {
    pub(super) fn new(
        grammar: Option<Matcher>,
        check: Option<PrefixCheck<'c>>,
        bytes: Arc<Vec<Vec<u8>>>,
        texts: Arc<Vec<u32>>,
        stop: Vec<u32>,
    ) -> Self {
        let grammar = grammar.map(Following::new);
        Self { grammar, check, bytes, texts, stop, text: Vec::new(), ends: Vec::new(), allowed: Vec::new() }
    }

    /// What each token adds to a text.
    pub(super) fn bytes_of(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// The tokens that may come next; whether the grammar lets the text end here.
    pub(super) fn next(&mut self) -> Result<(&[u32], bool), EngineError> {
        let Some(grammar) = &mut self.grammar else {
            self.allowed.clone_from(&self.texts);
            return Ok((&self.allowed, true));
        };
        let (mask, ends) = grammar.next()?;
        self.allowed.clear();
        if let Some(mask) = mask {
            self.allowed.extend(mask.as_slice().iter().zip(self.texts.iter()).map(|(allowed, text)| allowed & text));
        }
        Ok((&self.allowed, ends))
    }

    /// Whether the text is still possible with another token.
    pub(super) fn is_possible_with(&mut self, token: u32) -> Result<bool, EngineError> {
        let Some(check) = &mut self.check else { return Ok(true) };
        let before = self.text.len();
        self.text.extend_from_slice(self.bytes.get(token as usize).map_or(&[][..], Vec::as_slice));
        let found = impossible_from(check, &self.text, false);
        self.text.truncate(before);
        Ok(found?.is_none())
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Constraint for ConstrainedText<'_> {
    fn allowed(&mut self) -> Result<&[u32], EngineError> {
        let (_, ends) = self.next()?;
        if ends {
            for stop in &self.stop {
                let word = *stop as usize / 32;
                if self.allowed.len() <= word {
                    self.allowed.resize(word + 1, 0);
                }
                self.allowed[word] |= 1 << (stop % 32);
            }
        }
        Ok(&self.allowed)
    }

    fn forced(&mut self) -> Vec<u32> {
        let forced = self.grammar.as_mut().map(Following::forced).unwrap_or_default();
        // Control tokens are the loop's affair.
        let texts = forced.into_iter().take_while(|token| !self.bytes_of(*token).is_empty());
        texts.collect()
    }

    fn push(&mut self, token: u32) -> Result<(), EngineError> {
        if let Some(grammar) = &mut self.grammar {
            grammar.push(token)?;
        }
        let bytes = self.bytes.get(token as usize).map_or(&[][..], Vec::as_slice);
        self.text.extend_from_slice(bytes);
        self.ends.push(self.text.len());
        Ok(())
    }

    fn pop(&mut self, n: usize) -> Result<(), EngineError> {
        if let Some(grammar) = &mut self.grammar {
            grammar.pop(n)?;
        }
        self.ends.truncate(self.ends.len().saturating_sub(n));
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
        Ok(())
    }

    fn verdict(&mut self, ended: bool) -> Result<TextVerdict, EngineError> {
        let Some(check) = &mut self.check else { return Ok(TextVerdict::Possible) };
        Ok(match impossible_from(check, &self.text, ended)? {
            None => TextVerdict::Possible,
            Some(at) => TextVerdict::Impossible { kept: self.ends.partition_point(|end| *end <= at) },
        })
    }

    fn ending(&mut self, most: usize) -> Result<Option<Vec<u32>>, EngineError> {
        ending::search(self, most)
    }
}

/// Where a text becomes impossible.
fn impossible_from(check: &mut PrefixCheck<'_>, text: &[u8], ended: bool) -> Result<Option<usize>, EngineError> {
    match std::str::from_utf8(text) {
        Ok(text) => check(text, ended),
        Err(error) if ended => Ok(Some(error.valid_up_to())),
        // A character that is not complete yet is not looked at.
        Err(error) => check(std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default(), false),
    }
}
