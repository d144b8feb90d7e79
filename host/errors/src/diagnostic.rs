//! What an error says beside its message.

use std::error::Error;

/// An error that says how the process ends and what its user can do.
pub trait Diagnostic: Error + Send + Sync + 'static {
    /// The exit code: 1 when the input or the result is not acceptable, 2 when hive failed or was
    /// misused.
    fn exit_code(&self) -> u8 {
        2
    }

    /// Lines to show below the message.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }

    /// What to try next, with a command to run where there is one.
    fn hint(&self) -> Option<String> {
        None
    }
}
