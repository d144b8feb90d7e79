//! Asks before something is removed.

use std::io::IsTerminal;

use crate::error::{CommandResult, Failure};
use crate::output::typed_line;
use crate::screen::Screen;

/// Whether `what` is to be removed: the user is asked, unless `force` is given. Every answer but a yes is a no, also the
/// end of stdin, and is said on the screen.
///
/// # Errors
/// When there is no terminal to ask on.
pub fn confirmed(screen: Screen, what: &str, force: bool) -> CommandResult<bool> {
    if force {
        return Ok(true);
    }
    let Some(agreed) = agreed(screen, &format!("Remove {what}?"))? else {
        let problem = format!("Failed to remove {what}: there is no terminal on which it could be confirmed");
        return Err(Failure::misuse(problem).hint("`--force` removes it without asking").into());
    };
    if !agreed {
        screen.note("Nothing was removed");
    }
    Ok(agreed)
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
