//! What is to be said of how an answer was generated, besides what it says.

use hive_runtime::answer::Answer;

use crate::error::{CommandResult, Failure};
use crate::numbers::grouped;
use crate::screen::Screen;

/// Says what the reader of the answer should know.
///
/// # Errors
/// When there is no answer.
pub(super) fn report(screen: Screen, answer: &Answer) -> CommandResult {
    tracing::info!(tokens = answer.tokens, prompt = answer.prompt_tokens, seconds = answer.seconds, "answered");
    if answer.refused {
        return Err(Failure::unacceptable("No answer was found that the expert allows")
            .hint("ask in other words; `--unconstrained` shows what the model would say")
            .into());
    }
    if let Some(why) = &answer.unconstrained {
        screen.note(&format!("warning: the answer is not constrained: {why}"));
    }
    if !answer.complete {
        let tokens = grouped(answer.tokens);
        screen.note(&format!("warning: the answer was cut after {tokens} tokens; `--max-new-tokens` allows more"));
    }
    Ok(())
}
