//! Generation: from prompt tokens to text, by greedy decoding.

use hive_engine::generate::{Generated, Sampling, StopReason, generate};

use super::model::AdaptedModel;
use super::tokenise::Tokeniser;
use crate::RuntimeError;

/// A completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text, without surrounding white space.
    pub text: String,
    /// Tokens in the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated.
    pub tokens: usize,
    /// Whether the model generated an end token.
    pub complete: bool,
    /// Wall time.
    pub seconds: f64,
    /// Of these, the seconds until the first token.
    pub first_seconds: f64,
}

/// Generates the answer to a tokenised prompt. `keep_going` sees the answer's tokens so far and returns whether to
/// continue.
///
/// # Errors
/// [`RuntimeError::NoRoom`], or an error of the tokenizer or the model.
pub fn answer_to(
    model: AdaptedModel<'_>,
    tokeniser: &Tokeniser,
    prompt: &[u32],
    max_new_tokens: usize,
    mut keep_going: impl FnMut(&[u32]) -> bool,
) -> Result<Answer, RuntimeError> {
    if !model.has_room(prompt.len(), max_new_tokens) {
        let (prompt, longest) = (prompt.len(), model.0.base.config.max_position_embeddings);
        return Err(RuntimeError::NoRoom { prompt, max_new_tokens, longest });
    }
    let begin = std::time::Instant::now();
    let mut first = None;
    let mut so_far = Vec::new();
    let Generated { ids, reason } =
        generate(model.0, prompt, max_new_tokens, &tokeniser.eos, Sampling::Greedy, |id| {
            first.get_or_insert_with(|| begin.elapsed());
            so_far.push(id);
            keep_going(&so_far)
        })?;
    Ok(Answer {
        first_seconds: first.unwrap_or_else(|| begin.elapsed()).as_secs_f64(),
        text: tokeniser.tokenizer.decode(&ids)?.trim().to_owned(),
        prompt_tokens: prompt.len(),
        tokens: ids.len(),
        complete: reason == StopReason::StopToken,
        seconds: begin.elapsed().as_secs_f64(),
    })
}
