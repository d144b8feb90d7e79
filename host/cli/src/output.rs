//! Results, on stdout; what else is printed goes through the `screen`. `println!` is not used, because it panics
//! when the reader has closed the pipe.

use std::io::{BufRead, ErrorKind, Write};

use serde::Serialize;

use super::error::{CommandResult, Failure};
use super::screen::Screen;
use super::wrapping::wrapped;
use crate::ended::StdoutClosed;

/// Prints `text` and a line break to stdout, as the command's result.
///
/// # Errors
/// [`StdoutClosed`] when the reader has closed it; propagate it with `?`.
pub fn result(text: &str) -> CommandResult {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(StdoutClosed.into()),
        other => other.map_err(|e| Failure::misuse("Failed to write to stdout").source(e).into()),
    }
}

/// As [`result`], for prose: it is wrapped at the width of stdout.
///
/// # Errors
/// As [`result`].
pub fn result_prose(screen: Screen, text: &str) -> CommandResult {
    result(&wrapped(text, screen.result_width()))
}

/// A value as indented JSON.
///
/// # Errors
/// When it cannot be serialized.
pub fn json_text(value: &impl Serialize) -> CommandResult<String> {
    let text = serde_json::to_string_pretty(value);
    text.map_err(|e| Failure::misuse("Failed to write the result as JSON").source(e).into())
}

/// Reads a line typed on the terminal, trimmed.
///
/// # Errors
/// When stdin cannot be read.
pub fn typed_line() -> CommandResult<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Failure::misuse("Failed to read what was typed").source(e))?;
    Ok(line.trim().to_owned())
}
