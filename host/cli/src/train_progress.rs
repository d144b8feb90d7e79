//! Progress of training: a bar on a terminal, otherwise a plain line every few steps. All on
//! stderr.

mod run;
mod setup;
mod steps;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use indicatif::ProgressBar;

use super::data_progress::DataProgress;
use super::output::note;
use super::progress_bar::styled;
use super::pull_progress::PullProgress;

/// Steps between plain lines.
const LINE_EVERY: u64 = 5;

/// Shows the progress of a training run.
#[derive(Debug)]
pub struct TrainProgress {
    pull: PullProgress,
    preparing: DataProgress,
    terminal: bool,
    bar: Option<ProgressBar>,
    /// Start of the first step of this process, and the step before it.
    begin: Option<(Instant, u64)>,
    last_eval: Option<f64>,
    done_before: u64,
    last_line: Option<Instant>,
    /// Set while steps have been made that no checkpoint has.
    unsaved: Arc<AtomicBool>,
}

impl TrainProgress {
    /// Writes to this process's stderr.
    pub fn stderr() -> Self {
        Self {
            pull: PullProgress::stderr(),
            preparing: DataProgress::stderr(),
            terminal: console::user_attended_stderr(),
            bar: None,
            begin: None,
            last_eval: None,
            done_before: 0,
            last_line: None,
            unsaved: Arc::default(),
        }
    }

    /// This progress, which keeps `unsaved` set while steps have been made that no checkpoint has.
    #[must_use]
    pub fn with_unsaved(mut self, unsaved: &Arc<AtomicBool>) -> Self {
        self.unsaved = Arc::clone(unsaved);
        self
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    /// Removes the bar, so that later output is not overwritten.
    pub fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn open_bar(&mut self, total: u64, template: &str) {
        self.close();
        if self.terminal {
            self.bar = Some(styled(ProgressBar::new(total), template));
        }
    }
}
