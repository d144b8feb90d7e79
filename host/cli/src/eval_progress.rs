//! Progress of an evaluation: a bar on a terminal, otherwise a plain line from time to time. On
//! stderr.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hive_eval::{Answered, CheckedSuite, EvalReporter};
use indicatif::{ProgressBar, ProgressStyle};

use super::columns::heading;
use super::output::note;

/// Time between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Number of rejected prompts shown.
const SHOWN: usize = 5;

/// Shows the progress of an evaluation.
#[derive(Debug)]
pub struct EvalProgress {
    terminal: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    stage: String,
    last_line: Option<Instant>,
}

impl EvalProgress {
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

    fn step(&self, stage: &str, done: usize, total: usize, message: String) {
        let mut state = self.state();
        if state.stage != stage {
            state.stage = stage.to_owned();
            state.last_line = Some(Instant::now());
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
            if self.terminal {
                let template = "{prefix} {bar:30} {pos}/{len}  {wide_msg:.dim}";
                let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
                let bar = ProgressBar::new(total as u64).with_style(style.progress_chars("━╸─"));
                state.bar = Some(bar.with_prefix(heading(stage)));
            }
        }
        match &state.bar {
            Some(bar) => {
                bar.set_message(message);
                bar.set_position(done as u64);
                if done == total {
                    bar.finish_and_clear();
                    state.bar = None;
                    state.stage.clear();
                }
            }
            None if state.last_line.is_some_and(|last| last.elapsed() >= LINE_EVERY) => {
                state.last_line = Some(Instant::now());
                note(&format!("{} {done} of {total}", heading(stage)));
            }
            None => {}
        }
    }
}

impl EvalReporter for EvalProgress {
    fn checking(&self, done: usize, total: usize) {
        self.step("suite", done, total, "the gate judges prompts and golds".to_owned());
    }

    fn checked(&self, checked: &CheckedSuite) {
        self.close();
        let asked = checked.prompts.len();
        let prompts = if asked == 1 { "prompt" } else { "prompts" };
        let mut line = format!("{} {}: {asked} {prompts}", heading("suite"), checked.name);
        if checked.repaired > 0 {
            line.push_str(&format!(", {} of them changed by the gate", checked.repaired));
        }
        if !checked.refused.is_empty() {
            line.push_str(&format!(", {} refused:", checked.refused.len()));
        }
        note(&line);
        for refused in checked.refused.iter().take(SHOWN) {
            note(&format!("  {}: {} ({})", refused.id, refused.why.replace('\n', " "), refused.code));
        }
        if checked.refused.len() > SHOWN {
            note(&format!("  … and {} more; the report has all of them", checked.refused.len() - SHOWN));
        }
        if !checked.notes.is_empty() {
            let notes: Vec<String> = checked.notes.iter().map(|(code, n)| format!("{code} {n}")).collect();
            note(&format!("  remarks of the gate: {}", notes.join(", ")));
        }
        if !checked.passed_over.is_empty() {
            let keys: Vec<String> = checked.passed_over.keys().map(|k| format!("`{k}`")).collect();
            note(&format!("  ignored, as the expert has no such field: {}", keys.join(", ")));
        }
    }

    fn beyond_training(&self, who: &str, prompts: usize, trained: usize) {
        self.close();
        let are = if prompts == 1 { "prompt is" } else { "prompts are" };
        note(&format!(
            "warning: {prompts} {are} longer than the records that `{who}` was trained on, of at most {trained} tokens"
        ));
    }

    fn answering(&self, who: &str, done: usize, total: usize, answer: &Answered) {
        let first = answer.text.lines().next().unwrap_or_default();
        self.step(who, done, total, first.chars().take(80).collect());
    }

    fn grading(&self, done: usize, total: usize) {
        self.step("graded", done, total, "answers run beside the golds".to_owned());
    }
}
