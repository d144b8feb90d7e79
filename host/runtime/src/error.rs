//! Errors of loading and running a model.

use hive_engine::EngineError;
use hive_errors::Diagnostic;
use hive_files::FileError;
use hive_plugins::PluginError;
use hive_text::TextError;

use crate::models::ModelError;

/// Result type of this crate.
pub type Result<T, E = RuntimeError> = std::result::Result<T, E>;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The plugin.
    #[error(transparent)]
    Plugin(Box<PluginError>),
    /// The base model's files.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The base model has no tokenizer or no chat template.
    #[error("Base model `{base}` has no {missing}, which an expert needs")]
    NotAChatModel {
        /// The base model.
        base: String,
        /// `tokenizer`, `chat template`
        missing: &'static str,
    },
    /// A prompt and its answer exceed the base model's context.
    #[error(
        "The prompt has {prompt} tokens and the answer may have {max_new_tokens}: together more than the {longest} that \
         the base model reads"
    )]
    NoRoom {
        /// Tokens of the prompt.
        prompt: usize,
        /// Maximum tokens of the answer.
        max_new_tokens: usize,
        /// Context length in tokens.
        longest: usize,
    },
    /// A grammar that answers cannot follow.
    #[error("The answer's grammar cannot be used: {0}")]
    Constraint(String),
}

impl From<PluginError> for RuntimeError {
    fn from(error: PluginError) -> Self {
        Self::Plugin(Box::new(error))
    }
}

impl From<FileError> for RuntimeError {
    fn from(error: FileError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<TextError> for RuntimeError {
    fn from(error: TextError) -> Self {
        EngineError::from(error).into()
    }
}

impl Diagnostic for RuntimeError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Plugin(e) => e.exit_code(),
            Self::Model(e) => e.exit_code(),
            Self::Engine(e) => e.exit_code(),
            Self::NotAChatModel { .. } => 2,
            Self::NoRoom { .. } | Self::Constraint(_) => 1,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Plugin(e) => e.details(),
            Self::Model(e) => e.details(),
            Self::Engine(e) => e.details(),
            Self::NotAChatModel { .. } | Self::NoRoom { .. } | Self::Constraint(_) => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Plugin(e) => e.hint(),
            Self::Model(e) => e.hint(),
            Self::Engine(e) => e.hint(),
            Self::Constraint(_) => Some("`--unconstrained` generates the answer without it".into()),
            Self::NotAChatModel { .. } => Some("`hive model list` shows base models that have one".into()),
            Self::NoRoom { prompt, longest, .. } => Some(match longest.saturating_sub(*prompt) {
                0 => "a shorter prompt leaves room for an answer".into(),
                room => {
                    format!("`--max-new-tokens {room}` is the most after this prompt; a shorter one leaves more room")
                }
            }),
        }
    }
}
