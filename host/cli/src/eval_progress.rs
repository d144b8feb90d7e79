//! Progress of an evaluation: a bar on a terminal, otherwise a plain line from time to time. On
//! stderr.

mod suite;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hive_eval::{Answered, CheckedSuite, EvalReporter};
use indicatif::ProgressBar;

use super::heading::heading;
use super::progress_bar::{bar, styled};
use super::screen::Screen;

/// Time between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Shows the progress of an evaluation.
#[derive(Debug)]
pub struct EvalProgress {
    screen: Screen,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    stage: String,
    last_line: Option<Instant>,
}

impl EvalProgress {
    /// Shows it on this screen.
    pub fn on(screen: Screen) -> Self {
        Self { screen, state: Mutex::default() }
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
            if self.screen.has_bars() {
                let template = format!("{{prefix}} {} {{pos}}/{{len}}  {{wide_msg:.dim}}", bar(self.screen));
                let bar = styled(ProgressBar::new(total as u64), &template);
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
                self.screen.row(stage, &format!("{done} of {total}"));
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
        suite::lines(checked).iter().for_each(|(name, text)| self.screen.row(name, text));
    }

    fn beyond_training(&self, who: &str, prompts: usize, trained: usize) {
        self.close();
        let are = if prompts == 1 { "prompt is" } else { "prompts are" };
        self.screen.note(&format!(
            "warning: {prompts} {are} longer than the records that `{who}` was trained on, of at most {trained} tokens"
        ));
    }

    fn answering(&self, who: &str, done: usize, total: usize, answer: &Answered) {
        let first = answer.text.lines().next().unwrap_or_default();
        self.step(who, done, total, first.chars().take(80).collect());
    }

    fn grading(&self, done: usize, total: usize) {
        self.step("graded", done, total, "answers graded".to_owned());
    }
}
