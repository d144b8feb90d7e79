//! Asks before something is removed.

use std::io::IsTerminal;

use crate::error::{CommandResult, Failure};
use crate::output::typed_line;
use crate::screen::Screen;

/// Asks for a yes; with `force` nobody is asked. Without a terminal nobody can be
/// asked, and the answer is no.
///
/// # Errors
/// When the answer is no.
pub fn confirmed(screen: Screen, text: &str, force: bool) -> CommandResult {
    if force {
        return Ok(());
    }
    let Some(agreed) = agreed(screen, text)? else {
        let problem = format!("{text} There is no terminal to ask on");
        return Err(Failure::misuse(problem).hint("`--force` does it without asking").into());
    };
    if agreed { Ok(()) } else { Err(Failure::misuse("Nothing was removed").into()) }
}

/// Whether the user agrees; `None` without a terminal to ask on.
///
/// # Errors
/// When the answer cannot be read.
pub fn agreed(screen: Screen, text: &str) -> CommandResult<Option<bool>> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Ok(None);
    }
    screen.say(&format!("{text} [y/N]"));
    Ok(Some(matches!(typed_line()?.to_lowercase().as_str(), "y" | "yes")))
}
