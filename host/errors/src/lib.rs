//! What all errors of hive have in common. The errors themselves are defined in the other crates, which implement
//! [`Diagnostic`] for them.
//!
//! - [`Diagnostic`]: an error's exit code, hint and details.
//! - [`nearest`], [`listed`]: for messages about unknown names.

mod diagnostic;
mod names;

pub use diagnostic::Diagnostic;
pub use names::{listed, nearest};
