//! Ctrl-C: the first stops the work gracefully, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::note;
use crate::error::{CommandResult, Failure};

/// Exit code after a second Ctrl-C, as is usual for SIGINT.
const INTERRUPTED: i32 = 130;

/// A flag that Ctrl-C (and SIGTERM) sets; `message` is then printed.
///
/// # Errors
/// When the system refuses the handler.
pub fn on_interrupt(message: &'static str) -> CommandResult<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED);
        }
        note(message);
    })
    .map_err(|e| Failure::misuse("Failed to listen for Ctrl-C").source(e))?;
    Ok(flag)
}
