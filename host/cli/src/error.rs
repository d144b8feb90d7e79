//! The error that ends a command. Errors of the libraries say themselves how the process ends and what
//! to do ([`Diagnostic`]); a command that finds a fault of its own returns a [`Failure`].

use std::error::Error;
use std::fmt;

use hive_errors::Diagnostic;

/// What a command returns.
pub type CommandResult<T = ()> = Result<T, CommandError>;

/// The error that ends a command.
pub struct CommandError(pub(super) Box<dyn Diagnostic>);

impl<E: Diagnostic> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A fault that a command finds itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    exit: u8,
    hint: Option<String>,
    details: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// The command was misused, or the tool failed: exit code 2.
    pub fn misuse(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: 2, hint: None, details: Vec::new(), source: None }
    }

    /// The input or the result is not acceptable: exit code 1.
    pub fn unacceptable(message: impl Into<String>) -> Self {
        Self { exit: 1, ..Self::misuse(message) }
    }

    /// What was being done when `cause` came up, which says the rest.
    pub fn because(message: impl Into<String>, cause: impl Diagnostic) -> Self {
        Self {
            exit: cause.exit_code(),
            hint: cause.hint(),
            details: cause.details(),
            source: Some(Box::new(cause)),
            ..Self::misuse(message)
        }
    }

    /// The error of another library that this comes from.
    pub fn source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What to try next, with a command to run.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Lines to show below the message.
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

impl Diagnostic for Failure {
    fn exit_code(&self) -> u8 {
        self.exit
    }

    fn details(&self) -> Vec<String> {
        self.details.clone()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Nobody reads stdout any more: `hive … | head`. Ends the program in success.
#[derive(Debug, thiserror::Error)]
#[error("stdout was closed")]
pub struct StdoutClosed;

impl Diagnostic for StdoutClosed {
    fn exit_code(&self) -> u8 {
        0
    }
}
