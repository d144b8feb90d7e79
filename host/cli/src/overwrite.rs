//! Asks before overwriting something that took effort, or that somebody has signed.

use std::path::Path;

use super::confirm::agreed;
use super::error::{CommandResult, Failure};
use super::screen::Screen;

/// Whether `path`, which contains `content`, may be overwritten: with `force`, or when the user
/// confirms it. Without a terminal nobody is asked, and it may not.
///
/// # Errors
/// When it may not; `hint` is an alternative to `--force`.
pub fn may_overwrite(screen: Screen, path: &Path, content: &str, hint: &str, force: bool) -> CommandResult {
    if force {
        return Ok(());
    }
    let shown = path.display();
    if agreed(screen, &format!("`{shown}` holds {content}. Overwrite it?"))? == Some(true) {
        return Ok(());
    }
    Err(Failure::misuse(format!("`{shown}` holds {content}")).hint(format!("`--force` overwrites it; {hint}")).into())
}
