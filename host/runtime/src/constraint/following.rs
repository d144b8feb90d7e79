//! A grammar that a text follows, token by token, and that goes back to earlier tokens.
//!
//! llguidance 1.9.1 can take tokens back itself, but then sometimes allows other tokens than before: after
//! `{"name":` and a line break it allowed a colon (found by comparing with a fresh matcher). So a state is kept of every
//! few tokens, and going back starts from there.

use hive_engine::EngineError;
use llguidance::Matcher;
use llguidance::toktrie::SimpleVob;

/// Tokens between two kept states.
const KEPT_EVERY: usize = 8;

/// The grammar, after some tokens.
pub(super) struct Following {
    matcher: Matcher,
    ids: Vec<u32>,
    /// States after 0, 8, 16, … tokens.
    kept: Vec<Matcher>,
}

impl Following {
    /// The grammar before the first token.
    pub(super) fn new(matcher: Matcher) -> Self {
        let kept = vec![matcher.clone()];
        Self { matcher, ids: Vec::new(), kept }
    }

    /// The tokens that may come next, as bits; `None` if none may. Whether the text may end.
    ///
    /// # Errors
    /// When the grammar is too complex at this place.
    pub(super) fn next(&mut self) -> Result<(Option<SimpleVob>, bool), EngineError> {
        if self.matcher.is_stopped() && !self.matcher.is_error() {
            return Ok((None, true));
        }
        let mask = self.matcher.compute_mask().map_err(refused)?;
        Ok((Some(mask), self.matcher.is_accepting().map_err(refused)?))
    }

    /// Tokens that must come next.
    pub(super) fn forced(&mut self) -> Vec<u32> {
        self.matcher.compute_ff_tokens()
    }

    /// Appends a token.
    ///
    /// # Errors
    /// When it is not allowed.
    pub(super) fn push(&mut self, token: u32) -> Result<(), EngineError> {
        self.matcher.consume_token(token).map_err(refused)?;
        self.ids.push(token);
        if self.ids.len() == KEPT_EVERY * self.kept.len() {
            self.kept.push(self.matcher.clone());
        }
        Ok(())
    }

    /// Takes back the last `n` tokens.
    ///
    /// # Errors
    /// None that pushing them did not have.
    pub(super) fn pop(&mut self, n: usize) -> Result<(), EngineError> {
        if n == 0 {
            return Ok(());
        }
        self.ids.truncate(self.ids.len().saturating_sub(n));
        self.kept.truncate(self.ids.len() / KEPT_EVERY + 1);
        let from = KEPT_EVERY * (self.kept.len() - 1);
        if let Some(kept) = self.kept.last() {
            self.matcher = kept.clone();
        }
        self.matcher.consume_tokens(&self.ids[from..]).map_err(refused)
    }
}

fn refused(error: impl std::fmt::Display) -> EngineError {
    EngineError::unsupported(format!("The grammar of the answer cannot be followed: {error}"))
}
