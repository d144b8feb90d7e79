//! What decides which tokens may come next: a grammar, or whoever knows the text. The engine knows neither texts nor
//! grammars; it takes the allowed tokens, and goes back where a text turns out to lead nowhere.

use crate::error::Result;

/// Restricts a text while it is generated. It keeps the tokens that were pushed and not popped; positions count them.
pub trait Constraint {
    /// The tokens that may come next, as bits: token `t` is bit `t % 32` of word `t / 32`. Stop tokens are among them where
    /// the text may end. Words that are missing at the end are 0.
    ///
    /// # Errors
    /// When it cannot be told.
    fn allowed(&mut self) -> Result<&[u32]>;

    /// Tokens that must come next, in their order; as many as are known without looking far.
    fn forced(&mut self) -> Vec<u32>;

    /// Appends an allowed token that is no stop token.
    ///
    /// # Errors
    /// When it is not allowed.
    fn push(&mut self, token: u32) -> Result<()>;

    /// Takes back the last `n` tokens.
    ///
    /// # Errors
    /// When there are fewer.
    fn pop(&mut self, n: usize) -> Result<()>;

    /// Whether the text so far can still become one that is accepted; with `ended`, whether it is one. Asked often, so that
    /// a text that leads nowhere is left early, but not after each token: the answer is about the whole text.
    ///
    /// # Errors
    /// When it cannot be told.
    fn verdict(&mut self, ended: bool) -> Result<TextVerdict>;

    /// A short ending, of at most `most` tokens, with which the text is accepted; `None` if none was found. Asked when the
    /// token limit is near.
    ///
    /// # Errors
    /// When none can be looked for.
    fn ending(&mut self, most: usize) -> Result<Option<Vec<u32>>>;
}

/// Whether a text may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextVerdict {
    /// It may.
    Possible,
    /// It leads nowhere, and would if only its first `kept` tokens stayed as they are and the next one did too.
    Impossible {
        /// Number of tokens that may stay.
        kept: usize,
    },
}
