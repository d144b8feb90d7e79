//! Generation: from prompt tokens to text, by greedy decoding.

use std::time::Instant;

use hive_engine::generate::{Generated, Limits, Sampling, StopReason, generate, generate_within};
use hive_sdk::Record;

use super::constraint::Constraining;
use super::model::AdaptedModel;
use super::tokenise::Tokeniser;
use crate::RuntimeError;

/// A completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text, without surrounding white space; empty if it was refused.
    pub text: String,
    /// Tokens in the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated.
    pub tokens: usize,
    /// Whether it is a whole answer: the model generated an end token, or a constraint ended it in time.
    pub complete: bool,
    /// Whether no answer was found that the constraint accepts.
    pub refused: bool,
    /// Whether it follows a constraint.
    pub constrained: bool,
    /// Why it was generated without the constraint that the expert asks for.
    pub unconstrained: Option<String>,
    /// Wall time.
    pub seconds: f64,
    /// Of these, the seconds until the first token.
    pub first_seconds: f64,
}

/// A prompt as its expert and as its base model see it.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its tokens.
    pub ids: &'a [u32],
}

/// Generates the answer to a prompt. `keep_going` sees the answer's tokens so far, of which a constraint may replace some,
/// and returns whether to continue.
///
/// # Errors
/// [`RuntimeError::NoRoom`], or an error of the tokenizer, the model or the expert.
pub fn answer_to(
    model: AdaptedModel<'_>,
    tokeniser: &Tokeniser,
    prompt: Prompt<'_>,
    max_new_tokens: usize,
    constraining: &Constraining<'_>,
    mut keep_going: impl FnMut(&[u32]) -> bool,
) -> Result<Answer, RuntimeError> {
    let ids = prompt.ids;
    if !model.has_room(ids.len(), max_new_tokens) {
        let (prompt, longest) = (ids.len(), model.0.base.config.max_position_embeddings);
        return Err(RuntimeError::NoRoom { prompt, max_new_tokens, longest });
    }
    let begin = Instant::now();
    let mut first = None;
    let limits = Limits { max_new_tokens, stop: &tokeniser.eos, sampling: Sampling::Greedy };
    let rules = constraining.rules(prompt.record)?;
    let (constraint, unconstrained) = match constraining.text(prompt.record, &rules) {
        Ok(constraint) => (constraint, None),
        Err(why) => (None, Some(why.to_string())),
    };
    let constrained = constraint.is_some();
    let mut so_far = Vec::new();
    let Generated { ids: answer, reason } = match constraint {
        Some(mut constraint) => generate_within(model.0, ids, &limits, &mut constraint, |text| {
            first.get_or_insert_with(|| begin.elapsed());
            keep_going(text)
        })?,
        None => generate(model.0, ids, &limits, |id| {
            first.get_or_insert_with(|| begin.elapsed());
            so_far.push(id);
            keep_going(&so_far)
        })?,
    };
    let refused = reason == StopReason::Refused;
    Ok(Answer {
        first_seconds: first.unwrap_or_else(|| begin.elapsed()).as_secs_f64(),
        text: if refused { String::new() } else { tokeniser.tokenizer.decode(&answer)?.trim().to_owned() },
        prompt_tokens: ids.len(),
        tokens: answer.len(),
        complete: reason == StopReason::StopToken,
        refused,
        constrained,
        unconstrained,
        seconds: begin.elapsed().as_secs_f64(),
    })
}
