//! Errors of tokenizers and chat templates.

use hive_errors::Diagnostic;
use hive_files::FileError;

/// Result type of this crate.
pub type Result<T, E = TextError> = std::result::Result<T, E>;

/// Why text could not be tokenised, or tokens could not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A file cannot be read, or is not a tokenizer.
    #[error(transparent)]
    File(#[from] FileError),
    /// A chat template or a tokenizer rejected its input.
    #[error("{0}")]
    Refused(String),
    /// A vocabulary cannot be turned into a tokenizer, or a tokenizer into a vocabulary.
    #[error("{0}")]
    Vocabulary(String),
}

impl Diagnostic for TextError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::File(error) => error.exit_code(),
            Self::Refused(_) | Self::Vocabulary(_) => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Refused(_) | Self::Vocabulary(_) => None,
        }
    }
}
