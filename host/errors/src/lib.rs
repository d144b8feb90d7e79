//! What all errors of hive have in common. The errors themselves are defined in the other crates, which implement
//! [`Diagnostic`] for them.
//!
//! - [`Diagnostic`]: an error's exit code, hint and details.
//! - [`nearest`], [`listed`]: for messages about unknown names.
//! - [`grouped`], [`counted`]: numbers in messages.

mod diagnostic;
mod names;
mod numbers;

pub use diagnostic::Diagnostic;
pub use names::{listed, nearest};
pub use numbers::{counted, grouped};
