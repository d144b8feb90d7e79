//! Where text goes: results to stdout, everything else to stderr. `println!` is not used, because it
//! panics when the reader has gone.

use std::io::{ErrorKind, Write};

use anyhow::Context;

/// Nobody reads stdout any more: `hive … | head`. Ends the program in success.
#[derive(Debug, thiserror::Error)]
#[error("stdout was closed")]
pub struct StdoutClosed;

/// Prints `text` and a line break to stdout, as the command's result.
///
/// # Errors
/// [`StdoutClosed`] when the reader has gone; pass it on with `?`.
pub fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(StdoutClosed.into()),
        other => other.context("Failed to write to stdout"),
    }
}

/// Prints `text` and a line break to stderr. A lost remark is no reason to stop.
pub fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
