//! Ctrl-C: the first asks the work to end well, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::note;
use crate::error::{CommandResult, Failure};

/// Exit code after a second Ctrl-C, as shells expect of SIGINT.
const INTERRUPTED: i32 = 130;

/// A flag that Ctrl-C (and a polite kill) sets; `said` is shown when it does.
///
/// # Errors
/// When the system takes no handler.
pub fn on_interrupt(said: &'static str) -> CommandResult<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED);
        }
        note(said);
    })
    .map_err(|e| Failure::misuse("Failed to listen for Ctrl-C").source(e))?;
    Ok(flag)
}
