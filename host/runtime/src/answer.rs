//! Generation: from prompt tokens to text, by greedy decoding.

use hive_engine::generate::{Generated, Sampling, StopReason, generate};
use hive_engine::network::pass::Model;
use hive_engine::weights::config::ModelConfig;

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

/// Whether the base model's context fits a prompt of `prompt` tokens and an answer of up to
/// `max_new_tokens`.
pub fn has_room(config: &ModelConfig, prompt: usize, max_new_tokens: usize) -> bool {
    prompt.saturating_add(max_new_tokens) <= config.max_position_embeddings
}

/// Generates the answer to a tokenised prompt.
///
/// # Errors
/// [`RuntimeError::NoRoom`], or an error of the tokenizer or the model.
pub fn answer_to(
    model: Model,
    tokeniser: &Tokeniser,
    prompt: &[u32],
    max_new_tokens: usize,
    mut keep_going: impl FnMut() -> bool,
) -> Result<Answer, RuntimeError> {
    let config = &model.base.config;
    if !has_room(config, prompt.len(), max_new_tokens) {
        let (prompt, longest) = (prompt.len(), config.max_position_embeddings);
        return Err(RuntimeError::NoRoom { prompt, max_new_tokens, longest });
    }
    let begin = std::time::Instant::now();
    let mut first = None;
    let Generated { ids, reason } = generate(model, prompt, max_new_tokens, &tokeniser.eos, Sampling::Greedy, |_| {
        first.get_or_insert_with(|| begin.elapsed());
        keep_going()
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
