//! What every error of hive says beside its message.
//!
//! This crate knows no error: each crate of hive implements [`Diagnostic`] for its own.
//!
//! - [`Diagnostic`]: an error's exit code, a hint what to try, details.
//! - [`nearest`], [`listed`]: for messages about names that are not known.

mod diagnostic;
mod names;

pub use diagnostic::Diagnostic;
pub use names::{listed, nearest};
