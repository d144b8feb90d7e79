//! Progress of data preparation: a bar with rate and time left on a terminal, otherwise a plain
//! line from time to time; and the summary, which training prints too. All on stderr.

mod state;
mod summary;

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hive_data::pipeline::{PipelineError, PipelineReporter, SourceRead, Tally};
use indicatif::ProgressBar;

use super::fitting::fitted;
use super::numbers::grouped;
use super::progress_bar::{bar, bar_width, styled};
use super::screen::Screen;
use state::State;

pub(crate) use summary::{shares, summary};

/// Shows the progress of data preparation.
#[derive(Debug)]
pub struct DataProgress {
    screen: Screen,
    state: Mutex<State>,
}

impl DataProgress {
    /// Shows it on this screen.
    pub fn on(screen: Screen) -> Self {
        Self { screen, state: Mutex::default() }
    }

    /// Removes the bar.
    pub fn close(&self) {
        self.state().close();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, bar: ProgressBar, template: &str) -> Option<ProgressBar> {
        self.screen.has_bars().then(|| styled(bar, template))
    }
}

impl PipelineReporter for DataProgress {
    fn not_kept(&self, why: &PipelineError) {
        let reason = why.source().map_or_else(String::new, |source| format!(" ({source})"));
        self.screen.note(&format!("warning: {why}{reason}: verdicts are not kept, and the next run judges again"));
    }

    fn waiting(&self) {
        self.screen.note("Waiting for another hive process that prepares the same data");
    }

    fn reading(&self, records: usize) {
        let mut state = self.state();
        if state.bar.is_none() {
            state.bar = self.open(ProgressBar::no_length(), "{spinner} reading: {human_pos} records");
        }
        state.advance(self.screen, records, "reading", || format!("{} records so far", grouped(records)));
    }

    fn begin(&self, sources: &[SourceRead], total: usize) {
        self.close();
        for source in sources {
            let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
            self.screen.row("reading", &format!("{}{mapping}", source.name));
        }
        let template = format!("{} judging {{human_pos}} of {{human_len}}  {{wide_msg}}", bar(self.screen));
        let bar = self.open(ProgressBar::new(total as u64), &template);
        *self.state() = State::before_judging(bar, total);
    }

    fn judged(&self, tally: Tally) {
        let mut state = self.state();
        let done = tally.judged + tally.found;
        let mut parts = state.rate(tally);
        parts.push((2, format!("{} accepted", grouped(tally.accepted))));
        parts.push((3, format!("{} repaired", grouped(tally.repaired))));
        parts.push((1, format!("{} rejected", grouped(tally.rejected))));
        let counts = format!("{} of {}", grouped(done), grouped(state.total));
        if let Some(bar) = &state.bar {
            // Beside the bar and `judging N of M`.
            let beside = bar_width(self.screen) + counts.len() + 11;
            bar.set_message(fitted(&parts, ", ", self.screen.width().saturating_sub(beside)));
        }
        state
            .advance(self.screen, done, "judged", || format!("{counts} records, {}", fitted(&parts, ", ", usize::MAX)));
    }

    fn writing(&self, done: usize, total: usize) {
        let mut state = self.state();
        if done == 1 {
            state.close();
            let template = format!("{} comparing, counting, writing: {{percent}} %", bar(self.screen));
            state.bar = self.open(ProgressBar::new(total as u64), &template);
        }
        let percent = 100 * done / total.max(1);
        state.advance(self.screen, done, "writing", || format!("compared, counted and written: {percent} %"));
        if done == total {
            state.close();
        }
    }
}
