//! Ctrl-C and SIGTERM. A command that can stop gracefully says so with [`on_interrupt`]; any other is ended at once,
//! which is safe at any moment: what takes effort is written atomically.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ended::INTERRUPTED;
use crate::error::{CommandResult, Failure};
use crate::screen::Screen;

/// How long a command may take to stop before it is ended.
const PATIENCE: Duration = Duration::from_millis(1_700);

/// What the running command does at the first signal.
struct Graceful {
    stop: Arc<AtomicBool>,
    message: &'static str,
    takes_its_time: bool,
}

static GRACEFUL: Mutex<Option<Graceful>> = Mutex::new(None);

/// Listens from now on, and prints on this screen: until a command says what it does, a signal ends the process.
///
/// # Errors
/// When the system refuses the handler.
pub fn listen(screen: Screen) -> CommandResult {
    let listening = ctrlc::set_handler(move || {
        let graceful = GRACEFUL.lock().ok();
        let Some(Graceful { stop, message, takes_its_time }) = graceful.as_deref().and_then(Option::as_ref) else {
            end(screen, "\nStopped; the same command starts again");
        };
        if stop.swap(true, Ordering::SeqCst) {
            end(screen, "Stopped at once; what was finished before is kept");
        }
        screen.note(message);
        if !takes_its_time {
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                end(screen, "Stopped at once; what was finished before is kept, and the same command resumes");
            });
        }
    });
    listening.map_err(|e| Failure::misuse("Failed to listen for Ctrl-C").source(e).into())
}

fn end(screen: Screen, message: &str) -> ! {
    screen.say(message);
    std::process::exit(i32::from(INTERRUPTED))
}

/// A flag that the first signal sets; `message` is then printed. A command that has not stopped within two seconds is
/// ended, and so is one that gets a second signal.
pub fn on_interrupt(message: &'static str) -> Arc<AtomicBool> {
    graceful(message, false)
}

/// As [`on_interrupt`], for a command that saves its work before it stops, however long that takes.
pub fn on_interrupt_save(message: &'static str) -> Arc<AtomicBool> {
    graceful(message, true)
}

fn graceful(message: &'static str, takes_its_time: bool) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    if let Ok(mut graceful) = GRACEFUL.lock() {
        *graceful = Some(Graceful { stop: Arc::clone(&stop), message, takes_its_time });
    }
    stop
}
