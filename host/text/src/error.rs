//! Why a text does not become tokens, or tokens a text.

use hive_errors::Diagnostic;
use hive_files::FileError;

/// A result of this crate.
pub type Result<T, E = TextError> = std::result::Result<T, E>;

/// Why a text does not become tokens, or tokens a text.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A file cannot be read, or is no tokenizer.
    #[error(transparent)]
    File(#[from] FileError),
    /// A chat template or a tokenizer refused its input.
    #[error("{0}")]
    Refused(String),
    /// No tokenizer can be made of a vocabulary, or no vocabulary of a tokenizer.
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
