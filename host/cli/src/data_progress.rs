//! Progress of data preparation: a bar with rate and time left on a terminal, otherwise a plain
//! line from time to time; and the summary, which training prints too. All on stderr.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::style;
use hive_data::datasets::SplitBy;
use hive_data::pipeline::{Counted, PipelineError, PipelineReporter, PreparedSet, Report, SourceRead, Tally};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::columns::heading;
use super::numbers::grouped;
use super::output::note;

/// Time between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Number of codes shown per table; the report has all of them.
const ROWS: usize = 12;

/// Maximum length of an example, in characters.
const EXAMPLE_CHARS: usize = 140;

/// Shows the progress of data preparation.
#[derive(Debug)]
pub struct DataProgress {
    terminal: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    total: usize,
    /// When the first record of this run was judged: cached records do not count for the rate.
    begin: Option<Instant>,
    last_line: Option<Instant>,
}

impl State {
    /// Whether another plain line is due.
    fn is_time(&mut self) -> bool {
        let last = self.last_line.get_or_insert_with(Instant::now);
        let due = last.elapsed() >= LINE_EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }
}

impl DataProgress {
    /// Writes to this process's stderr.
    pub fn stderr() -> Self {
        Self { terminal: console::user_attended_stderr(), state: Mutex::default() }
    }

    /// Removes the bar.
    pub fn close(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, bar: ProgressBar, template: &str) -> Option<ProgressBar> {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.terminal.then(|| bar.with_style(style.progress_chars("━╸─")))
    }
}

impl PipelineReporter for DataProgress {
    fn not_kept(&self, why: &PipelineError) {
        let reason = why.source().map_or_else(String::new, |source| format!(" ({source})"));
        note(&format!("warning: {why}{reason}: verdicts are not kept, and the next run judges again"));
    }

    fn waiting(&self) {
        note("Waiting for another hive process that prepares the same data");
    }

    fn reading(&self, records: usize) {
        let mut state = self.state();
        if state.bar.is_none() {
            state.bar = self.open(ProgressBar::no_length(), "{spinner} reading: {human_pos} records");
        }
        if let Some(bar) = &state.bar {
            bar.set_position(records as u64);
        } else if state.is_time() {
            note(&format!("{} {} records so far", heading("reading"), grouped(records)));
        }
    }

    fn begin(&self, sources: &[SourceRead], total: usize) {
        self.close();
        for source in sources {
            let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
            note(&format!("{} {}{mapping}", heading("reading"), source.name));
        }
        let template = "{bar:24.cyan} judging {human_pos} of {human_len}  {wide_msg}";
        let bar = self.open(ProgressBar::new(total as u64), template);
        *self.state() = State { bar, total, begin: None, last_line: None };
    }

    fn judged(&self, tally: Tally) {
        let mut state = self.state();
        let begin = match state.begin {
            Some(begin) => begin,
            // The first batch has already taken its time; the rate is measured from here on.
            None if tally.judged > 0 => *state.begin.insert(Instant::now()),
            None => Instant::now(),
        };
        let done = tally.judged + tally.found;
        let seconds = begin.elapsed().as_secs_f64();
        let mut text = String::new();
        if seconds > 1.0 {
            let rate = tally.judged as f64 / seconds;
            let left = Duration::from_secs_f64(state.total.saturating_sub(done) as f64 / rate);
            text = format!("{rate:.0} a second, {} left; ", HumanDuration(left));
        }
        text += &format!(
            "{} accepted, {} repaired, {} rejected",
            grouped(tally.accepted),
            grouped(tally.repaired),
            grouped(tally.rejected)
        );
        if let Some(bar) = &state.bar {
            bar.set_message(text);
            bar.set_position(done as u64);
        } else if state.is_time() {
            note(&format!("{} {} of {} records, {text}", heading("judged"), grouped(done), grouped(state.total)));
        }
    }

    fn writing(&self, done: usize, total: usize) {
        let mut state = self.state();
        if done == 1 {
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
            state.bar =
                self.open(ProgressBar::new(total as u64), "{bar:24.cyan} comparing, counting, writing: {percent} %");
        }
        if let Some(bar) = &state.bar {
            bar.set_position(done as u64);
        } else if state.is_time() {
            note(&format!("{} compared, counted and written: {} %", heading("writing"), 100 * done / total.max(1)));
        }
        if done == total
            && let Some(bar) = state.bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

/// The summary of a prepared set, as lines: the input, the outcome, and the reasons.
pub fn summary(set: &PreparedSet, found: bool) -> Vec<String> {
    let report = &set.report;
    let mut lines = Vec::new();
    for source in report.sources.iter().filter(|_| found) {
        let mapping = if source.mapping.is_empty() { String::new() } else { format!(": {}", source.mapping) };
        lines.push(format!("{} {}{mapping}", heading("read"), source.name));
    }
    let left_out: usize = report.left_out.values().sum();
    let mut parts = vec![format!("{} records", grouped(report.records))];
    for (count, outcome) in [
        (report.repaired, "repaired"),
        (report.rejected, "rejected"),
        (left_out, "excluded (duplicate, leak or too long)"),
        (report.unused, "beyond the limit on held-out records, unused"),
    ] {
        if count > 0 {
            parts.push(format!("{} {outcome}", grouped(count)));
        }
    }
    let again = if found { "; prepared before" } else { "" };
    lines.push(format!("{} {}; split {}{again}", heading("data"), parts.join(", "), split_by(&report.split_by)));
    let (left_out, rejects): (Vec<&Counted>, Vec<&Counted>) =
        report.rejects.iter().partition(|row| report.left_out.contains_key(&row.code));
    lines.extend(table(report, "rejected", &rejects));
    lines.extend(table(report, "left out", &left_out));
    lines.extend(table(report, "repaired", &report.repairs.iter().collect::<Vec<_>>()));
    lines.extend(table(report, "noted", &report.notes.iter().collect::<Vec<_>>()));
    if let Some(tokens) = report.tokens.as_ref().filter(|tokens| tokens.over > 0) {
        lines.push(format!(
            "{} {} records are longer than max_seq_len = {} tokens: training drops them",
            heading("too long"),
            grouped(tokens.over),
            tokens.max_seq_len
        ));
    }
    lines.extend(report.remarks.iter().map(|remark| format!("{} {remark}", heading("warning"))));
    lines
}

/// One line per code: the count and the first example.
fn table(report: &Report, name: &str, rows: &[&Counted]) -> Vec<String> {
    let shown = &rows[..rows.len().min(ROWS)];
    let width = shown.iter().map(|r| r.code.len()).max().unwrap_or(0);
    let row = |(i, r): (usize, &&Counted)| {
        let example = r.examples.first().map(|example| report.short(example)).unwrap_or_default();
        let mut cut: String = example.chars().take(EXAMPLE_CHARS).collect();
        if cut.len() < example.len() {
            cut.push('…');
        }
        let name = heading(if i == 0 { name } else { "" });
        format!("{name} {:>8}  {:<width$}  {}", grouped(r.count), r.code, style(cut).dim().for_stderr())
    };
    let mut lines: Vec<String> = shown.iter().enumerate().map(row).collect();
    if rows.len() > ROWS {
        lines.push(format!("{} … and {} more kinds, all in the report", heading(""), rows.len() - ROWS));
    }
    lines
}

/// The most important fractions of a report.
pub fn shares(report: &Report) -> String {
    let share = |n: usize| if report.records == 0 { 0.0 } else { 100.0 * n as f64 / report.records as f64 };
    format!(
        "{:.1} % accepted as they are, {:.1} % repaired, {:.1} % rejected; {} to train on, {} held out",
        share(report.accepted),
        share(report.repaired),
        share(report.rejected),
        grouped(report.train),
        grouped(report.validation)
    )
}

fn split_by(by: &SplitBy) -> String {
    match by {
        SplitBy::Group { field, groups } => format!("by `{field}` ({} of them, none on both sides)", grouped(*groups)),
        SplitBy::Record { why: None, .. } => "record by record".to_owned(),
        SplitBy::Record { why: Some(why), .. } => format!("record by record, because {why}"),
    }
}
