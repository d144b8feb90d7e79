//! The decoding loop.

use super::candidates::Chooser;
use crate::error::Result;
use crate::network::inference::Session;
use crate::network::pass::Model;
use crate::ops::decode_linear::TOKENS_PER_READ;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// The most likely one.
    Greedy,
    /// Nucleus sampling: at random from the most likely tokens whose probabilities sum to `top_p`.
    Random {
        /// Above 0; 1 leaves the probabilities unchanged.
        temperature: f64,
        /// In (0, 1].
        top_p: f64,
        /// The same seed gives the same text.
        seed: u64,
    },
}

/// Why generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A stop token was generated.
    StopToken,
    /// The token limit was reached.
    Length,
    /// `on_token` returned false, or the model was stopped.
    Cancelled,
    /// No text was found that the constraint accepts.
    Refused,
}

/// How a text is generated, and where it ends.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Maximum number of tokens.
    pub max_new_tokens: usize,
    /// Tokens that end it.
    pub stop: &'a [u32],
    /// How its tokens are chosen.
    pub sampling: Sampling,
}

impl Limits<'_> {
    /// Maximum number of tokens that are guessed ahead: none where a random choice would refute the guess.
    pub(super) fn guessed(&self) -> usize {
        match self.sampling {
            Sampling::Greedy => GUESSED,
            Sampling::Random { .. } => 0,
        }
    }
}

/// A generated text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Generated tokens, without the stop token.
    pub ids: Vec<u32>,
    /// Why generation ended.
    pub reason: StopReason,
}

/// Continues `prompt` within `limits`.
///
/// Greedy decoding is speculative (prompt lookup decoding): where the text repeats itself, the next tokens are guessed
/// from the repetition, computed in one step, and accepted as long as they are the tokens that greedy decoding chooses.
/// The text is the same as without guesses.
///
/// `on_token` is called with every token; generation ends when it returns false.
///
/// # Errors
/// When the prompt is empty or has ids beyond the vocabulary, or the logits are not finite.
pub fn generate(
    model: Model,
    prompt: &[u32],
    limits: &Limits<'_>,
    on_token: impl FnMut(u32) -> bool,
) -> Result<Generated> {
    let Limits { max_new_tokens, stop, sampling } = *limits;
    let mut session = Session::new(model, prompt.len().saturating_add(max_new_tokens));
    let mut text = Text { ids: prompt.to_vec(), prompt: prompt.len(), max_new_tokens, stop, on_token };
    let mut logits = session.feed(prompt)?;
    if model.stopped() {
        return Ok(text.generated(StopReason::Cancelled));
    }
    if max_new_tokens == 0 {
        return Ok(text.generated(StopReason::Length));
    }
    let mut chooser = Chooser::new(sampling);
    let mut next = chooser.choose(logits)?;
    loop {
        if let Some(reason) = text.push(next) {
            return Ok(text.generated(reason));
        }
        let room = max_new_tokens - (text.ids.len() - text.prompt);
        let guess = guess(&text.ids, limits.guessed().min(room - 1)).to_vec();
        let read = session.len();
        logits = session.feed_each(&[&[next], &guess[..]].concat())?;
        if model.stopped() {
            return Ok(text.generated(StopReason::Cancelled));
        }
        let vocab = logits.len() / (guess.len() + 1);
        let mut kept = 0;
        loop {
            next = chooser.choose(&logits[kept * vocab..][..vocab])?;
            if guess.get(kept) != Some(&next) {
                break;
            }
            if let Some(reason) = text.push(next) {
                return Ok(text.generated(reason));
            }
            kept += 1;
        }
        session.truncate(read + 1 + kept);
    }
}

/// Maximum number of guessed tokens per step: with the token before them, as many as one read of the weights serves.
pub(super) const GUESSED: usize = TOKENS_PER_READ - 1;

/// Guesses the next tokens, at most `max_tokens`: those that followed the last earlier occurrence of the text's last three
/// tokens, or of its last two. Names from a schema are repeated often.
pub(super) fn guess(text: &[u32], max_tokens: usize) -> &[u32] {
    for n in [3, 2] {
        let Some(last) = text.len().checked_sub(n) else { continue };
        let before = text[..text.len() - 1].windows(n).rposition(|window| *window == text[last..]);
        if let Some(start) = before {
            let follows = &text[start + n..];
            return &follows[..follows.len().min(max_tokens)];
        }
    }
    &[]
}

/// The prompt and the tokens generated after it.
struct Text<'a, F> {
    /// Prompt and generated tokens.
    ids: Vec<u32>,
    prompt: usize,
    max_new_tokens: usize,
    stop: &'a [u32],
    on_token: F,
}

impl<F: FnMut(u32) -> bool> Text<'_, F> {
    /// Appends a token; returns why generation ends, if it does.
    fn push(&mut self, token: u32) -> Option<StopReason> {
        if self.stop.contains(&token) {
            return Some(StopReason::StopToken);
        }
        self.ids.push(token);
        if !(self.on_token)(token) {
            return Some(StopReason::Cancelled);
        }
        (self.ids.len() - self.prompt == self.max_new_tokens).then_some(StopReason::Length)
    }

    fn generated(mut self, reason: StopReason) -> Generated {
        Generated { ids: self.ids.split_off(self.prompt), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn guesses_follow_the_last_time_that_the_end_stood_there() {
        let text = [1, 2, 3, 4, 5, 9, 1, 2, 3, 7, 8, 6, 1, 2, 3];
        assert_eq!(guess(&text, 3), [7, 8, 6]);
        assert_eq!(guess(&text, 1), [7]);
        assert_eq!(guess(&text[..8], 3), [3, 4, 5], "two tokens, where three have no match");
        assert_eq!(guess(&[5, 5, 5, 5], 3), [5], "a repetition may overlap itself");
        assert!(guess(&[1, 2, 3], 3).is_empty() && guess(&[1], 3).is_empty() && guess(&[], 3).is_empty());
    }
}
