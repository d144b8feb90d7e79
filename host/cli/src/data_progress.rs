//! Progress of data preparation: a bar with rate and time left on a terminal, otherwise a plain
//! line from time to time; and the summary, which training prints too. All on stderr.

mod state;
mod summary;

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hive_data::pipeline::{PipelineError, PipelineReporter, SourceRead, Tally};
use indicatif::ProgressBar;

use super::columns::heading;
use super::numbers::grouped;
use super::progress_bar::styled;
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
        state.advance(self.screen, records, || format!("{} {} records so far", heading("reading"), grouped(records)));
    }

    fn begin(&self, sources: &[SourceRead], total: usize) {
        self.close();
        for source in sources {
            let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
            self.screen.row("reading", &format!("{}{mapping}", source.name));
        }
        let template = "{bar:24.cyan} judging {human_pos} of {human_len}  {wide_msg}";
        let bar = self.open(ProgressBar::new(total as u64), template);
        *self.state() = State::before_judging(bar, total);
    }

    fn judged(&self, tally: Tally) {
        let mut state = self.state();
        let done = tally.judged + tally.found;
        let text = format!(
            "{}{} accepted, {} repaired, {} rejected",
            state.rate(tally),
            grouped(tally.accepted),
            grouped(tally.repaired),
            grouped(tally.rejected)
        );
        if let Some(bar) = &state.bar {
            bar.set_message(text.clone());
        }
        let total = state.total;
        state.advance(self.screen, done, || {
            format!("{} {} of {} records, {text}", heading("judged"), grouped(done), grouped(total))
        });
    }

    fn writing(&self, done: usize, total: usize) {
        let mut state = self.state();
        if done == 1 {
            state.close();
            let template = "{bar:24.cyan} comparing, counting, writing: {percent} %";
            state.bar = self.open(ProgressBar::new(total as u64), template);
        }
        state.advance(self.screen, done, || {
            format!("{} compared, counted and written: {} %", heading("writing"), 100 * done / total.max(1))
        });
        if done == total {
            state.close();
        }
    }
}
