//! Asking before something that cost work, or that somebody vouches for, is written over.

use std::io::IsTerminal;
use std::path::Path;

use super::error::{CommandResult, Failure};
use super::output::{note, typed_line};

/// Whether `path`, which holds `what`, may be written over: with `force`, or when the person at the
/// terminal says so. Without a terminal nobody is asked, and it may not.
///
/// # Errors
/// When it may not; `hint` is what to do beside `--force`.
pub fn may_overwrite(path: &Path, what: &str, hint: &str, force: bool) -> CommandResult {
    if force {
        return Ok(());
    }
    let shown = path.display();
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        note(&format!("`{shown}` holds {what}. Overwrite it? [y/N]"));
        if matches!(typed_line()?.to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
    }
    Err(Failure::misuse(format!("`{shown}` holds {what}")).hint(format!("`--force` overwrites it; {hint}")).into())
}
