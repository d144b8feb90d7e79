//! Asks before something is removed.

use std::io::IsTerminal;

use crate::error::{CommandResult, Failure};
use crate::output::{note, typed_line};

/// Asks for a yes; with `force` nobody is asked. Without a terminal nobody can be
/// asked, and the answer is no.
///
/// # Errors
/// When the answer is no.
pub fn confirmed(text: &str, force: bool) -> CommandResult {
    if force {
        return Ok(());
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let problem = format!("{text} There is no terminal to ask on");
        return Err(Failure::misuse(problem).hint("`--force` does it without asking").into());
    }
    note(&format!("{text} [y/N]"));
    match typed_line()?.to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::misuse("Nothing was removed").into()),
    }
}
