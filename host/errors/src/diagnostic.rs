//! Exit code, hint and details of errors.

use std::error::Error;

/// An error that determines the exit code and can have a hint for the user.
pub trait Diagnostic: Error + Send + Sync + 'static {
    /// The exit code: 1 if the input or the result is not acceptable, 2 if hive failed or was misused.
    fn exit_code(&self) -> u8 {
        2
    }

    /// Lines to print below the message, for example a list of all faults.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }

    /// What to try next: a command to run, if possible.
    fn hint(&self) -> Option<String> {
        None
    }
}
