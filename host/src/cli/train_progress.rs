//! How training looks: a bar on a terminal, a plain line every few steps otherwise. All on stderr.

use std::path::Path;
use std::time::Instant;

use console::style;
use hive_engine::train::events::{EvalReport, Reporter, StepReport};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::data_progress::{DataProgress, summary};
use super::output::note;
use super::pull_progress::PullProgress;
use crate::experts::answer::Answer;
use crate::experts::train::{Plan, TrainReporter};
use crate::gate::{GateReporter, PreparedSet};
use crate::models::PullReporter;
use crate::models::catalogue::{Model, ModelFile, Source};

/// Steps between plain lines.
const LINE_EVERY: u64 = 5;

/// Draws a training run.
#[derive(Debug)]
pub struct TrainProgress {
    pull: PullProgress,
    gate: DataProgress,
    terminal: bool,
    bar: Option<ProgressBar>,
    /// When the first step of this process began, and the step before it.
    begin: Option<(Instant, u64)>,
    last_eval: Option<f64>,
    done_before: u64,
}

impl TrainProgress {
    /// For this process's stderr.
    pub fn stderr() -> Self {
        Self {
            pull: PullProgress::stderr(),
            gate: DataProgress::stderr(),
            terminal: console::user_attended_stderr(),
            bar: None,
            begin: None,
            last_eval: None,
            done_before: 0,
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    /// Takes the bar away, so that what follows is not drawn over.
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

impl TrainReporter for TrainProgress {
    fn gate(&self) -> &dyn GateReporter {
        &self.gate
    }

    fn data(&mut self, set: &PreparedSet, found: bool) {
        self.gate.close();
        for line in summary(set, found) {
            self.line(&line);
        }
    }

    fn plan(&mut self, plan: &Plan) {
        let (adapter, training) = (&plan.recipe.adapter, &plan.recipe.training);
        let method = match adapter.method {
            hive_sdk::Method::Dora => "DoRA",
            hive_sdk::Method::Lora => "LoRA",
        };
        let share = 100.0 * plan.trainable as f64 / plan.base_parameters as f64;
        let dropped = |n: usize| {
            if n == 0 { String::new() } else { format!(" ({n} longer than {} tokens dropped)", training.max_seq_len) }
        };
        let names: Vec<String> = adapter
            .target_modules
            .iter()
            .filter_map(|m| serde_json::to_value(m).ok()?.as_str().map(str::to_owned))
            .collect();
        let rows = [
            (
                "base",
                format!(
                    "{} ({} parameters, sha256 {}…)",
                    plan.base.id,
                    grouped(plan.base_parameters),
                    &plan.base.digest[..12.min(plan.base.digest.len())]
                ),
            ),
            (
                "adapter",
                format!(
                    "{method} rank {}, alpha {}, dropout {}{} on {} layers ({})",
                    adapter.rank,
                    adapter.alpha,
                    adapter.dropout,
                    match adapter.dropout_semantics {
                        hive_sdk::DropoutSemantics::Branch => "",
                        hive_sdk::DropoutSemantics::Peft => " as PEFT drops",
                    },
                    plan.adapted,
                    names.join(", ")
                ),
            ),
            ("trainable", format!("{} parameters, {share:.2} % of the base", grouped(plan.trainable))),
            (
                "records",
                format!(
                    "{} to train on{}, {} held out{}",
                    plan.train.0,
                    dropped(plan.train.1),
                    plan.validation.0,
                    dropped(plan.validation.1)
                ),
            ),
            (
                "tokens",
                format!(
                    "{} in the training records, {} of them carry loss",
                    grouped(plan.tokens.0),
                    grouped(plan.tokens.1)
                ),
            ),
            (
                "steps",
                format!(
                    "{} of {} records, {} of them warm-up, then {}",
                    plan.steps.0,
                    training.effective_batch,
                    plan.steps.1,
                    schedule(training.schedule)
                ),
            ),
            (
                "rate",
                format!(
                    "{:e}, weight decay {}, gradient norm at most {}, seed {}",
                    training.learning_rate, training.weight_decay, training.max_grad_norm, training.seed
                ),
            ),
            ("run folder", plan.folder.display().to_string()),
        ];
        for (name, value) in rows {
            self.line(&format!("{} {value}", heading(name)));
        }
        if plan.resumed_at > 0 {
            self.line(&format!("{} after step {}", heading("resuming"), plan.resumed_at));
        }
        self.done_before = plan.resumed_at;
        self.open_bar(plan.steps.0, "{bar:24.cyan/dim} step {pos}/{len}  {msg}");
        if let Some(bar) = &self.bar {
            bar.set_position(plan.resumed_at);
            bar.set_message("first evaluation …");
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
            let spent = std::time::Duration::from_secs_f64(r.seconds.max(0.0));
            (Instant::now().checked_sub(spent).unwrap_or_else(Instant::now), r.step - 1)
        });
        let each = begin.elapsed().as_secs_f64() / (r.step - before) as f64;
        let left = std::time::Duration::from_secs_f64(each * (r.total - r.step) as f64);
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
                bar.set_position(r.step);
                bar.set_message(text);
            }
            None if r.step.is_multiple_of(LINE_EVERY) || r.step == r.total || r.step == self.done_before + 1 => {
                note(&format!("step {}/{}  {text}", r.step, r.total));
            }
            None => {}
        }
        Ok(())
    }

    fn evaluated(&mut self, r: &EvalReport) -> hive_engine::Result<()> {
        self.last_eval = Some(r.loss);
        let best = if r.best && r.step > 0 { ", the best so far" } else { "" };
        let at = if r.step == 0 { "before training".to_owned() } else { format!("after step {}", r.step) };
        self.line(&format!(
            "{} {at}: held-out loss {:.4}, token accuracy {:.1} %{best}",
            heading("evaluation"),
            r.loss,
            100.0 * r.token_accuracy
        ));
        Ok(())
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        tracing::debug!(step, path = %path.display(), "checkpoint");
        Ok(())
    }
}

impl PullReporter for TrainProgress {
    fn started(&mut self, model: &Model) {
        self.pull.started(model);
    }
    fn data_set(&mut self, name: &str, revision: &str, files: usize, bytes: Option<u64>) {
        self.pull.data_set(name, revision, files, bytes);
    }
    fn source(&mut self, source: &Source) {
        self.pull.source(source);
    }
    fn file(&mut self, file: &ModelFile) {
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

/// A word before a line, in its own column.
pub fn heading(text: &str) -> String {
    style(format!("{text:>10}")).bold().cyan().for_stderr().to_string()
}

fn schedule(schedule: hive_sdk::manifest::Schedule) -> &'static str {
    match schedule {
        hive_sdk::manifest::Schedule::Cosine => "cosine",
        hive_sdk::manifest::Schedule::Linear => "linear",
        hive_sdk::manifest::Schedule::Constant => "constant",
    }
}

/// 3012480 as `3,012,480`.
pub fn grouped(n: usize) -> String {
    indicatif::HumanCount(n as u64).to_string()
}
