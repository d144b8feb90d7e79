//! The error of a command. Errors of the libraries carry their exit code and hint ([`Diagnostic`]);
//! errors detected by a command itself are a [`Failure`].

use std::error::Error;
use std::fmt;

use hive_errors::Diagnostic;

/// Result type of commands.
pub type CommandResult<T = ()> = Result<T, CommandError>;

/// The error of a command.
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

/// An error detected by a command itself.
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
    /// The command was misused, or hive failed: exit code 2.
    pub fn misuse(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: 2, hint: None, details: Vec::new(), source: None }
    }

    /// The input or the result is not acceptable: exit code 1.
    pub fn unacceptable(message: impl Into<String>) -> Self {
        Self { exit: 1, ..Self::misuse(message) }
    }

    /// Adds the failed action as context to `cause`.
    pub fn because(message: impl Into<String>, cause: impl Diagnostic) -> Self {
        Self {
            exit: cause.exit_code(),
            hint: cause.hint(),
            details: cause.details(),
            source: Some(Box::new(cause)),
            ..Self::misuse(message)
        }
    }

    /// Sets the underlying error of another library.
    pub fn source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Sets the hint: what to try next, with a command to run.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets lines to show below the message.
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
