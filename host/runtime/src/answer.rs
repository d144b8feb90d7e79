//! Asking a model: prompt in, text out, greedily.

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
    /// Tokens read.
    pub prompt_tokens: usize,
    /// Tokens written.
    pub tokens: usize,
    /// Whether it ended by itself.
    pub complete: bool,
    /// Wall time.
    pub seconds: f64,
    /// Of these, until the first token stood.
    pub first_seconds: f64,
}

/// Whether the base has room for a prompt of so many tokens and an answer of at most so many.
pub fn has_room(config: &ModelConfig, prompt: usize, max_new_tokens: usize) -> bool {
    prompt.saturating_add(max_new_tokens) <= config.max_position_embeddings
}

/// Answers a prompt's tokens.
///
/// # Errors
/// [`RuntimeError::NoRoom`], or what the tokenizer or the model says.
pub fn answer_to(
    model: Model,
    tokeniser: &Tokeniser,
    prompt: &[u32],
    max_new_tokens: usize,
    mut go_on: impl FnMut() -> bool,
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
        go_on()
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
