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
use super::progress_bar::{bar, styled};
use super::pull_progress::PullProgress;
use super::screen::Screen;

/// Steps between plain lines.
const LINE_EVERY: u64 = 5;

/// Shows the progress of a training run.
#[derive(Debug)]
pub struct TrainProgress {
    pull: PullProgress,
    preparing: DataProgress,
    screen: Screen,
    bar: Option<ProgressBar>,
    /// Start of the first step of this process, and the step before it.
    begin: Option<(Instant, u64)>,
    last_eval: Option<f64>,
    done_before: u64,
    last_line: Option<Instant>,
    /// Set while steps have been made that no checkpoint has.
    unsaved: Arc<AtomicBool>,
    /// Whether data and plan are described.
    repeats: bool,
}

impl TrainProgress {
    /// Shows it on this screen.
    pub fn on(screen: Screen) -> Self {
        Self {
            pull: PullProgress::on(screen),
            preparing: DataProgress::on(screen),
            screen,
            bar: None,
            begin: None,
            last_eval: None,
            done_before: 0,
            last_line: None,
            unsaved: Arc::default(),
            repeats: true,
        }
    }

    /// This progress, which keeps `unsaved` set while steps have been made that no checkpoint has.
    #[must_use]
    pub fn with_unsaved(mut self, unsaved: &Arc<AtomicBool>) -> Self {
        self.unsaved = Arc::clone(unsaved);
        self
    }

    /// This progress, of a run that is resumed: what was said when it began is not said again, unless `--verbose` asks.
    #[must_use]
    pub fn resuming(mut self, resuming: bool) -> Self {
        self.repeats = !resuming || self.screen.is_verbose();
        self
    }

    fn row(&self, name: &str, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.screen.row(name, text)),
            None => self.screen.row(name, text),
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
        if self.screen.has_bars() {
            self.bar = Some(styled(ProgressBar::new(total), template));
        }
    }

    /// A bar before this text.
    fn open_counted(&mut self, total: u64, text: &str) {
        self.open_bar(total, &format!("{} {text}", bar(self.screen)));
    }
}
