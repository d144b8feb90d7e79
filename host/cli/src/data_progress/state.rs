//! What the display of data preparation remembers from one report to the next: the bar, when the last plain line was
//! printed, and since when records are judged. Prints only the plain lines.

use std::time::{Duration, Instant};

use hive_data::pipeline::Tally;
use indicatif::ProgressBar;

use crate::fitting::Part;
use crate::numbers::short;
use crate::screen::Screen;

/// Time between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// The state between two reports.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The bar, on a terminal.
    pub(super) bar: Option<ProgressBar>,
    /// Number of records.
    pub(super) total: usize,
    /// When the first record of this run was judged: cached records do not count for the rate.
    begin: Option<Instant>,
    last_line: Option<Instant>,
}

impl State {
    /// The state before `total` records are judged.
    pub(super) fn before_judging(bar: Option<ProgressBar>, total: usize) -> Self {
        Self { bar, total, begin: None, last_line: None }
    }

    /// Removes the bar.
    pub(super) fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Moves the bar or, without one, prints the line if another is due.
    pub(super) fn advance(&mut self, screen: Screen, position: usize, name: &str, line: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(position as u64);
        } else if self.is_time() {
            screen.row(name, &line());
        }
    }

    /// Whether another plain line is due.
    fn is_time(&mut self) -> bool {
        let last = self.last_line.get_or_insert_with(Instant::now);
        let due = last.elapsed() >= LINE_EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }

    /// Records judged per second and the time left; nothing in the first second.
    pub(super) fn rate(&mut self, tally: Tally) -> Vec<Part> {
        let begin = match self.begin {
            Some(begin) => begin,
            // The first batch has already taken its time; the rate is measured from here on.
            None if tally.judged > 0 => *self.begin.insert(Instant::now()),
            None => Instant::now(),
        };
        let seconds = begin.elapsed().as_secs_f64();
        if seconds <= 1.0 {
            return Vec::new();
        }
        let rate = tally.judged as f64 / seconds;
        let done = tally.judged + tally.found;
        let left = Duration::from_secs_f64(self.total.saturating_sub(done) as f64 / rate);
        vec![(0, format!("{rate:.0} a second")), (0, format!("{} left", short(left)))]
    }
}
