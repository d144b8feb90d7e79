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

/// How often a command that has work to save is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What the running command does at the first signal.
struct Graceful {
    interrupt: Interrupt,
    message: &'static str,
    /// What is said of a command that was ended.
    ended: String,
}

/// How a command and the signal's listener know of each other.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    /// Set by the first signal: the command is to stop.
    pub stop: Arc<AtomicBool>,
    /// Set by the command while it holds work that it saves when it stops: it is not ended before.
    pub unsaved: Arc<AtomicBool>,
}

static GRACEFUL: Mutex<Option<Graceful>> = Mutex::new(None);

/// Listens from now on, and prints on this screen: until a command says what it does, a signal ends the process.
///
/// # Errors
/// When the system refuses the handler.
pub fn listen(screen: Screen) -> CommandResult {
    let listening = ctrlc::set_handler(move || {
        let graceful = GRACEFUL.lock().ok();
        let Some(Graceful { interrupt, message, ended }) = graceful.as_deref().and_then(Option::as_ref) else {
            end(screen, "\nStopped; the same command starts again");
        };
        if interrupt.stop.swap(true, Ordering::SeqCst) {
            end(screen, ended);
        }
        screen.note(message);
        let (unsaved, ended) = (Arc::clone(&interrupt.unsaved), ended.clone());
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            while unsaved.load(Ordering::SeqCst) {
                std::thread::sleep(LOOK);
            }
            end(screen, &ended);
        });
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
    let ended = "Stopped at once; what was finished before is kept, and the same command resumes".to_owned();
    on_interrupt_save(message, ended).stop
}

/// As [`on_interrupt`], for a command that may hold work to save, and that is resumed otherwise than by itself: `ended` is
/// printed when it is ended.
pub fn on_interrupt_save(message: &'static str, ended: String) -> Interrupt {
    let interrupt = Interrupt::default();
    if let Ok(mut graceful) = GRACEFUL.lock() {
        *graceful = Some(Graceful { interrupt: interrupt.clone(), message, ended });
    }
    interrupt
}
