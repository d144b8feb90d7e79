//! Answers that follow a grammar, and that their expert still finds possible while they grow.
//!
//! - `answers`: which rules the answer to a prompt follows.
//! - `environment`: a base model's tokens as llguidance wants them; made once for a base model.
//! - `following`: a grammar, with the way back to earlier tokens.
//! - `text`: one answer under its constraint, as the engine's decoding loop asks it.
//! - `ending`: the search for a short ending where the token limit is near.

mod answers;
mod ending;
mod environment;
mod following;
mod text;

pub use answers::{AnswerRules, Constraining};
pub use environment::Grammars;
pub use text::{ConstrainedText, PrefixCheck};

#[cfg(test)]
mod tests;
