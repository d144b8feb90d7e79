//! Decoding under a constraint: tokens that are not allowed are not chosen, those that are forced are taken without
//! computing them, and a text that leads nowhere is left at the last place where another token was possible.

use super::candidates::Chooser;
use super::constraint::{Constraint, TextVerdict};
use super::decode::{GUESSED, Generated, Limits, StopReason, guess};
use crate::error::Result;
use crate::network::inference::{MAX_DECODE_TOKENS, Session};
use crate::network::pass::Model;

/// Texts that may turn out to lead nowhere before generation gives up.
const DEAD_ENDS: usize = 250;

/// Continues `prompt` as [`super::generate`] does, with a text that `constraint` accepts. `on_text` sees all tokens
/// generated so far whenever there are others; later ones may replace some of them.
///
/// # Errors
/// As [`super::generate`], and those of the constraint.
pub fn generate_within(
    model: Model,
    prompt: &[u32],
    limits: &Limits<'_>,
    constraint: &mut dyn Constraint,
    mut on_text: impl FnMut(&[u32]) -> bool,
) -> Result<Generated> {
    let mut session = Session::new(model, prompt.len().saturating_add(limits.max_new_tokens));
    let mut text =
        Text { constraint, stop: limits.stop, ids: Vec::new(), untried: Vec::new(), dead_ends: 0, ended_from: None };
    let mut chooser = Chooser::new(limits.sampling);
    let mut logits = session.feed(prompt)?;
    // Generated tokens that the session has read, and the place for whose token the first row of `logits` is.
    let (mut read, mut first) = (Vec::<u32>::new(), 0);
    let mut masked = Vec::new();
    let vocab = model.base.config.vocab_size;
    loop {
        if model.stopped() {
            return Ok(text.generated(StopReason::Cancelled));
        }
        // All places for whose token there are logits: more than one where a guess was right.
        while text.ids.len() >= first && text.ids.len() <= read.len() && read.starts_with(&text.ids) {
            if text.ids.len() >= limits.max_new_tokens {
                return Ok(text.generated(StopReason::Length));
            }
            if let Some(reason) = text.end_in_time(limits.max_new_tokens)? {
                return Ok(text.generated(reason));
            }
            let row = &logits[(text.ids.len() - first) * vocab..][..vocab];
            let candidates = chooser.candidates(row, text.constraint.allowed()?, &mut masked)?;
            let ended = text.take(candidates)?;
            if let Some(reason) = ended {
                return Ok(text.generated(reason));
            }
            text.force(limits.max_new_tokens)?;
            if !on_text(&text.ids) {
                return Ok(text.generated(StopReason::Cancelled));
            }
        }
        if text.ids.len() >= limits.max_new_tokens {
            return Ok(text.generated(StopReason::Length));
        }
        let same = read.iter().zip(&text.ids).take_while(|(a, b)| a == b).count();
        read.truncate(same);
        session.truncate(prompt.len() + same);
        let mut new = text.ids[same..].to_vec();
        read.extend(&new);
        // A long forced text is read like a prompt, but for its last token.
        if new.len() > MAX_DECODE_TOKENS {
            session.feed(&new[..new.len() - 1])?;
            new = new.split_off(new.len() - 1);
        }
        let guessed = limits.guessed().min(GUESSED.saturating_sub(new.len() - 1));
        let room = limits.max_new_tokens - text.ids.len();
        let guessed = guess(&[prompt, &text.ids].concat(), guessed.min(room.saturating_sub(1))).to_vec();
        read.extend(&guessed);
        first = text.ids.len();
        let rows = session.feed_each(&[&new[..], &guessed].concat())?;
        logits = &rows[(new.len() - 1) * vocab..];
    }
}

/// The generated tokens, and what may still be tried in their places.
struct Text<'a> {
    constraint: &'a mut dyn Constraint,
    stop: &'a [u32],
    ids: Vec<u32>,
    /// For each token the others that were not tried in its place, the next one last; none for forced tokens.
    untried: Vec<Vec<u32>>,
    dead_ends: usize,
    /// Number of tokens before the limit from which on an ending is looked for again.
    ended_from: Option<usize>,
}

impl Text<'_> {
    /// Takes the last candidate that leads on, and where there is none goes back to earlier places; returns why generation
    /// ends, if it does.
    fn take(&mut self, mut candidates: Vec<u32>) -> Result<Option<StopReason>> {
        loop {
            while let Some(token) = candidates.pop() {
                let place = self.ids.len();
                let ended = self.stop.contains(&token);
                if !ended {
                    self.push(token, std::mem::take(&mut candidates))?;
                }
                let TextVerdict::Impossible { kept } = self.constraint.verdict(ended)? else {
                    return Ok(ended.then_some(StopReason::StopToken));
                };
                self.dead_ends += 1;
                if self.dead_ends >= DEAD_ENDS {
                    return Ok(Some(StopReason::Refused));
                }
                if !ended || kept < place {
                    candidates = self.back_to(kept.min(place))?;
                }
            }
            // Nothing leads on from here: the token before was wrong.
            let Some(before) = self.ids.len().checked_sub(1) else { return Ok(Some(StopReason::Refused)) };
            candidates = self.back_to(before)?;
        }
    }

    /// Takes tokens that nothing can stand in the place of.
    fn force(&mut self, max_new_tokens: usize) -> Result<()> {
        let room = max_new_tokens.saturating_sub(self.ids.len());
        for token in self.constraint.forced().into_iter().take(room) {
            if self.stop.contains(&token) {
                break;
            }
            self.push(token, Vec::new())?;
        }
        Ok(())
    }

    /// Where the limit is near: a short ending, if there is one.
    fn end_in_time(&mut self, max_new_tokens: usize) -> Result<Option<StopReason>> {
        let room = max_new_tokens - self.ids.len();
        if room > self.ended_from.unwrap_or((max_new_tokens / 8).clamp(4, 32)) {
            return Ok(None);
        }
        // Looked for again half-way to the limit: the text may have become easier to end.
        self.ended_from = Some(room / 2);
        let Some(ending) = self.constraint.ending(room)? else { return Ok(None) };
        for token in ending {
            self.push(token, Vec::new())?;
        }
        Ok(Some(StopReason::StopToken))
    }

    fn push(&mut self, token: u32, untried: Vec<u32>) -> Result<()> {
        self.constraint.push(token)?;
        self.ids.push(token);
        self.untried.push(untried);
        Ok(())
    }

    /// Takes back all tokens from place `kept` on; returns what was not tried in that place.
    fn back_to(&mut self, kept: usize) -> Result<Vec<u32>> {
        self.constraint.pop(self.ids.len() - kept)?;
        self.ids.truncate(kept);
        let untried = self.untried.get_mut(kept).map(std::mem::take);
        self.untried.truncate(kept);
        Ok(untried.unwrap_or_default())
    }

    fn generated(self, reason: StopReason) -> Generated {
        Generated { ids: self.ids, reason }
    }
}
