//! Progress of training: a bar on a terminal, otherwise a plain line every few steps. All on
//! stderr.

use std::path::Path;
use std::time::{Duration, Instant};

use hive_data::pipeline::{PipelineReporter, PreparedSet};
use hive_engine::train::{EvalReport, Graded, Reporter, SkipReport, StepReport};
use hive_net::{RemoteFile, TransferReporter};
use hive_runtime::answer::Answer;
use hive_train::plan::Plan;
use hive_train::reporter::TrainReporter;
use hive_train::setup::SetupReporter;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::columns::heading;
use super::data_progress::{DataProgress, summary};
use super::output::note;
use super::plan_text::{by_origin, rows};
use super::pull_progress::PullProgress;

/// Steps between plain lines.
const LINE_EVERY: u64 = 5;

/// Maximum time between plain lines, as far as steps finish.
const SILENCE: Duration = Duration::from_secs(30);

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
        }
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
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(ProgressBar::new(total).with_style(style.progress_chars("━╸─")));
        }
    }
}

impl SetupReporter for TrainProgress {
    fn pipeline(&self) -> &dyn PipelineReporter {
        &self.preparing
    }

    fn data(&mut self, set: &PreparedSet, found: bool) {
        self.preparing.close();
        for line in summary(set, found) {
            self.line(&line);
        }
    }

    fn tokenising(&mut self, done: usize, total: usize) {
        if self.bar.is_none() {
            self.open_bar(total as u64, "{bar:24.cyan/dim} turning records into tokens: {pos}/{len}");
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
        if done == total {
            self.close();
        }
    }
}

impl TrainReporter for TrainProgress {
    fn plan(&mut self, plan: &Plan) {
        self.close();
        for (name, value) in rows(plan) {
            self.line(&format!("{} {value}", heading(name)));
        }
        for (i, (origin, lines)) in by_origin(plan).into_iter().enumerate() {
            for (j, line) in lines.iter().enumerate() {
                let head = if i == 0 && j == 0 { "recipe" } else { "" };
                let from = if j == 0 { format!("{origin}: ") } else { " ".repeat(origin.len() + 2) };
                self.line(&format!("{} {from}{line}", heading(head)));
            }
        }
        if plan.resumed_at > 0 {
            self.line(&format!("{} after step {}", heading("resuming"), plan.resumed_at));
        }
        self.done_before = plan.resumed_at;
        self.open_bar(plan.steps, "{bar:24.cyan/dim} step {pos}/{len}  {wide_msg}");
        if let Some(bar) = &self.bar {
            bar.set_position(plan.resumed_at);
            bar.set_message("first evaluation …");
        }
    }

    fn replayed(&mut self, done: u64, total: u64) {
        if self.bar.is_none() {
            self.open_bar(total, "{bar:24.cyan/dim} repeating steps: {pos}/{len}");
        }
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if done.is_multiple_of(LINE_EVERY) || done == total => note(&format!("step {done}/{total} repeated")),
            None => {}
        }
        if done == total {
            self.close();
        }
    }

    fn grading(&mut self, who: &str, done: usize, total: usize, _: &Answer) {
        if done == 1 {
            self.open_bar(total as u64, "{bar:24.cyan/dim} grading {prefix}: prompt {pos}/{len}");
            if self.bar.is_none() {
                self.line(&format!("grading {who}: {total} prompts"));
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(who.to_owned());
            bar.set_position(done as u64);
        }
        if done == total {
            self.close();
        }
    }
}

impl Reporter for TrainProgress {
    fn step(&mut self, r: &StepReport) -> hive_engine::Result<()> {
        let (begin, before) = *self.begin.get_or_insert_with(|| {
            let spent = Duration::from_secs_f64(r.seconds.max(0.0));
            (Instant::now().checked_sub(spent).unwrap_or_else(Instant::now), r.step - 1)
        });
        let each = begin.elapsed().as_secs_f64() / (r.step - before) as f64;
        let left = Duration::from_secs_f64(each * (r.total - r.step) as f64);
        let eval = self.last_eval.map_or_else(String::new, |l| format!("  eval {l:.4}"));
        let text = format!(
            "loss {:.4}{eval}  lr {:.2e}  grad {:.2}  {:.0} tok/s  {} left",
            r.loss,
            r.learning_rate,
            r.grad_norm,
            r.input_tokens as f64 / r.seconds,
            HumanDuration(left)
        );
        match &self.bar {
            Some(bar) => {
                // Set the text first: the bar may be drawn in between.
                bar.set_message(text);
                bar.set_position(r.step);
            }
            None if r.step.is_multiple_of(LINE_EVERY)
                || r.step == r.total
                || r.step == self.done_before + 1
                || self.last_line.is_none_or(|at| at.elapsed() >= SILENCE) =>
            {
                self.last_line = Some(Instant::now());
                note(&format!("step {}/{}  {text}", r.step, r.total));
            }
            None => {}
        }
        Ok(())
    }

    fn evaluated(&mut self, r: &EvalReport) -> hive_engine::Result<()> {
        self.last_eval = Some(r.loss);
        let best = match r.place {
            Some(0) => ", the best so far",
            _ => "",
        };
        let graded = r.graded.map_or_else(String::new, |Graded { answers, right, credit }| {
            let seconds = r.score_seconds;
            format!(", right answers {right} of {answers}, partial credit {credit:.3} ({seconds:.0} s for the answers)")
        });
        if let Some(bar) = self.bar.as_ref().filter(|_| r.step == 0) {
            bar.set_message("first step …");
        }
        let at = if r.step == 0 { "before training".to_owned() } else { format!("after step {}", r.step) };
        self.line(&format!(
            "{} {at}: held-out loss {:.4}, token accuracy {:.1} %{graded}{best}",
            heading("evaluation"),
            r.loss,
            100.0 * r.token_accuracy
        ));
        Ok(())
    }

    fn skipped(&mut self, r: &SkipReport) -> hive_engine::Result<()> {
        let SkipReport { step, total, problem, skipped, .. } = r;
        self.line(&format!("{} step {step}/{total}: {problem}; {skipped} skipped so far", heading("skipped")));
        if let Some(bar) = &self.bar {
            bar.set_position(*step);
        }
        Ok(())
    }

    fn saving(&mut self, _step: u64) -> hive_engine::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        tracing::debug!(step, path = %path.display(), "checkpoint");
        Ok(())
    }
}

impl TransferReporter for TrainProgress {
    fn started(&mut self, what: &str, bytes: Option<u64>) {
        self.pull.started(what, bytes);
    }
    fn source(&mut self, source: &str) {
        self.pull.source(source);
    }
    fn file(&mut self, file: &RemoteFile) {
        self.pull.file(file);
    }
    fn advanced(&mut self, bytes: u64) {
        self.pull.advanced(bytes);
    }
    fn note(&mut self, text: &str) {
        self.pull.note(text);
    }
    fn finished(&mut self) {
        self.pull.finished();
    }
}
