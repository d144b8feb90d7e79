//! Writing a merged model, with a progress bar on a terminal.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use hive_engine::EngineError;
use hive_engine::export::{Export, Form, Written, to_folder, to_gguf};
use indicatif::{ProgressBar, ProgressStyle};

use crate::ended::Interrupted;
use crate::error::CommandResult;
use crate::interrupt::on_interrupt;
use crate::screen::Screen;

/// Writes the model; Ctrl-C stops it and leaves nothing behind.
///
/// # Errors
/// When it was stopped, or the model cannot be written.
pub(super) fn write(export: Export<'_>, form: Form, out: &Path, screen: Screen) -> CommandResult<Written> {
    let stop = on_interrupt("\nStopping");
    let bar = if screen.has_bars() { ProgressBar::new(0) } else { ProgressBar::hidden() }.with_message("writing");
    // The template is constant; if it did not parse, the default bar is used.
    if let Ok(style) = ProgressStyle::with_template("{msg}  {wide_bar}  {decimal_bytes}/{decimal_total_bytes}  {eta}") {
        bar.set_style(style);
    }
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        stopped(&stop)
    };
    let written = match form {
        Form::Folder => to_folder(export, out, &mut progress),
        Form::Gguf => to_gguf(export, out, &mut progress),
    };
    bar.finish_and_clear();
    if written.is_err() && stop.load(Ordering::Relaxed) {
        return Err(Interrupted("Stopped; nothing was written".to_owned()).into());
    }
    Ok(written?)
}

fn stopped(stop: &AtomicBool) -> Result<(), EngineError> {
    match stop.load(Ordering::Relaxed) {
        true => Err(EngineError::unsupported("Stopped")),
        false => Ok(()),
    }
}
