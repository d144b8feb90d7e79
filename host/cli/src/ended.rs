//! Ends of a command that travel as errors and are none: the user stopped it, or nobody reads its output.

use hive_errors::Diagnostic;

/// Exit code of what the user stopped, as is usual for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// The user stopped the command. The message says what was kept and how to go on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

impl Diagnostic for Interrupted {
    fn exit_code(&self) -> u8 {
        INTERRUPTED
    }
}

/// The reader of stdout has closed it: `hive … | head`. Ends the program successfully.
#[derive(Debug, thiserror::Error)]
#[error("stdout was closed")]
pub struct StdoutClosed;

impl Diagnostic for StdoutClosed {
    fn exit_code(&self) -> u8 {
        0
    }
}
