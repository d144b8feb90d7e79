//! Asks before overwriting something that took effort, or that somebody has signed.

use std::io::IsTerminal;
use std::path::Path;

use super::error::{CommandResult, Failure};
use super::output::{note, typed_line};

/// Whether `path`, which contains `content`, may be overwritten: with `force`, or when the user
/// confirms it. Without a terminal nobody is asked, and it may not.
///
/// # Errors
/// When it may not; `hint` is an alternative to `--force`.
pub fn may_overwrite(path: &Path, content: &str, hint: &str, force: bool) -> CommandResult {
    if force {
        return Ok(());
    }
    let shown = path.display();
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        note(&format!("`{shown}` holds {content}. Overwrite it? [y/N]"));
        if matches!(typed_line()?.to_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
    }
    Err(Failure::misuse(format!("`{shown}` holds {content}")).hint(format!("`--force` overwrites it; {hint}")).into())
}
