//! Asking a model: prompt in, text out, greedily.

use hive_engine::generate::{Generated, Sampling, StopReason, generate};
use hive_engine::model::pass::Model;
use hive_sdk::Record;

use super::ExpertError;
use super::tokenise::Tokeniser;
use crate::plugins::LoadedExpert;

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
}

/// Answers one record's prompt.
///
/// # Errors
/// What the expert, the template, the tokenizer or the model says.
pub fn answer(
    model: Model,
    tokeniser: &Tokeniser,
    expert: &LoadedExpert,
    record: &Record,
    max_new_tokens: usize,
    mut go_on: impl FnMut() -> bool,
) -> Result<Answer, ExpertError> {
    let begin = std::time::Instant::now();
    let prompt = tokeniser.prompts(expert, std::slice::from_ref(record))?.pop().unwrap_or_default();
    let Generated { ids, reason } =
        generate(model, &prompt, max_new_tokens, &tokeniser.eos, Sampling::Greedy, |_| go_on())?;
    Ok(Answer {
        text: tokeniser.tokenizer.decode(&ids)?.trim().to_owned(),
        prompt_tokens: prompt.len(),
        tokens: ids.len(),
        complete: reason == StopReason::StopToken,
        seconds: begin.elapsed().as_secs_f64(),
    })
}
