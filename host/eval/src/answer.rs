//! Answers of candidates.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The text.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the answer.
    pub tokens: usize,
    /// Whether the model ended it, rather than the token limit.
    pub complete: bool,
    /// Whether no answer was found that the constraint accepts.
    #[serde(default)]
    pub refused: bool,
    /// Why it was generated without the constraint that the expert asks for.
    #[serde(default)]
    pub unconstrained: Option<String>,
    /// Whether the prompt leaves no room for an answer in the base's context; it was then not answered.
    pub too_long: bool,
    /// Wall-clock time that it took, in seconds.
    pub seconds: f64,
    /// Time to the first token, in seconds.
    pub first_seconds: f64,
}

/// A candidate's answers to all prompts.
#[derive(Debug)]
pub(super) struct CandidateAnswers {
    /// Who answered.
    pub(super) candidate: Candidate,
    /// sha256 of the adapter's tensors; `None` for the base.
    pub(super) adapter: Option<String>,
    /// The answers, in the order of the prompts.
    pub(super) answers: Vec<Answered>,
    /// Mean loss of the gold answers' tokens, in nats per token.
    pub(super) gold_loss: Option<f64>,
    /// Tensors of the adapter that were applied; 0 for the base.
    pub(super) tensors: usize,
    /// Number of trained parameters of the adapter.
    pub(super) parameters: usize,
}
