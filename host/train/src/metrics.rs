//! Metrics of a run: `metrics.jsonl`, one line per step and per evaluation, and the same values as
//! TensorBoard events.
//!
//! Most of a line is determined by recipe, data and base model: the same run writes the same
//! values. The keys in [`MEASURED`] depend on the clock.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use hive_engine::EngineError;
use hive_engine::train::{EvalReport, Reporter, SkipReport, StepReport};
use hive_files::write_file;
use serde_json::{Map, Value, json};

use super::TrainError;
pub use super::memory::{memory_mb, peak_memory_mb};
use super::reporter::TrainReporter;
use super::run_folder::RunFolder;
use super::tensorboard::Events;

/// Keys of `metrics.jsonl` that differ between two identical runs.
pub const MEASURED: [&str; 5] = ["seconds", "score_seconds", "loss_tokens_per_s", "input_tokens_per_s", "memory_mb"];

/// A line of `metrics.jsonl` without the values that depend on the clock.
pub fn repeatable(line: &Value) -> Value {
    let map: Map<String, Value> = line
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !MEASURED.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(map)
}

/// `metrics.jsonl`, open for appending.
#[derive(Debug)]
pub struct Metrics {
    file: File,
    path: PathBuf,
}

impl Metrics {
    /// Opens the file in `folder` after `step` steps. Lines that were written after the checkpoint
    /// from which the run resumes are removed, including an incomplete last line; and, unless
    /// `evaluated`, the evaluation of that step, which is repeated.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(folder: &RunFolder, step: u64, evaluated: bool) -> Result<Self, TrainError> {
        let path = folder.path().join("metrics.jsonl");
        let fault = |action| {
            let path = path.clone();
            move |source| TrainError::RunFolder { action, path, source }
        };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let keep = |line: &&str| {
                    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
                    let at = line["step"].as_u64().unwrap_or(u64::MAX);
                    at < step || at == step && (evaluated || line["eval_loss"].is_null())
                };
                let kept: String = text.lines().filter(keep).map(|l| format!("{l}\n")).collect();
                write_file(&path, kept.as_bytes())?;
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(fault("read")(e)),
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(fault("write"))?;
        Ok(Self { file, path })
    }

    /// Appends one line, in one write.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, line: &Value) -> hive_engine::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes()).map_err(|e| EngineError::io("write", &self.path, e))
    }

    /// Syncs all lines to disk.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn sync(&mut self) -> hive_engine::Result<()> {
        self.file.sync_data().map_err(|e| EngineError::io("sync", &self.path, e))
    }
}

/// The lines of a run's `metrics.jsonl`; none when there is no such file. An incomplete last line
/// is ignored.
///
/// # Errors
/// When it cannot be read.
pub fn read(folder: &RunFolder) -> Result<Vec<Value>, TrainError> {
    let path = folder.path().join("metrics.jsonl");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(TrainError::RunFolder { action: "read", path, source }),
    }
}

/// The line of a step.
pub fn step_line(r: &StepReport) -> Value {
    json!({
        "step": r.step, "loss": r.loss, "grad_norm": r.grad_norm, "learning_rate": r.learning_rate,
        "loss_tokens": r.loss_tokens, "input_tokens": r.input_tokens, "seconds": r.seconds,
        "loss_tokens_per_s": r.loss_tokens as f64 / r.seconds, "input_tokens_per_s": r.input_tokens as f64 / r.seconds,
        "memory_mb": memory_mb(),
    })
}

/// Forwards events and records them.
pub(super) struct Recorded<'a> {
    pub(super) inner: &'a mut dyn TrainReporter,
    pub(super) metrics: Metrics,
    pub(super) events: Events,
}

impl Reporter for Recorded<'_> {
    fn step(&mut self, r: &StepReport) -> hive_engine::Result<()> {
        self.metrics.add(&step_line(r))?;
        self.events.add(
            r.step,
            &[
                ("train/loss", r.loss),
                ("train/grad_norm", r.grad_norm),
                ("train/learning_rate", r.learning_rate),
                ("speed/loss_tokens_per_s", r.loss_tokens as f64 / r.seconds),
                ("speed/input_tokens_per_s", r.input_tokens as f64 / r.seconds),
            ],
        )?;
        self.inner.step(r)
    }

    fn skipped(&mut self, r: &SkipReport) -> hive_engine::Result<()> {
        self.metrics.add(&json!({"step": r.step, "problem": r.problem, "skipped": r.skipped, "seconds": r.seconds}))?;
        self.inner.skipped(r)
    }

    fn evaluated(&mut self, r: &EvalReport) -> hive_engine::Result<()> {
        let mut line = json!({
            "step": r.step, "eval_loss": r.loss, "token_accuracy": r.token_accuracy,
            "best": r.place == Some(0), "kept": r.place.is_some(), "seconds": r.seconds,
        });
        let mut values = vec![("eval/loss", r.loss), ("eval/token_accuracy", r.token_accuracy)];
        if let Some(graded) = r.graded {
            let right = graded.right as f64 / graded.answers.max(1) as f64;
            line["graded"] = json!(graded.answers);
            line["right_answers"] = json!(right);
            line["partial_credit"] = json!(graded.credit);
            (line["partial_credit_low"], line["partial_credit_high"]) =
                (json!(graded.credit_interval.0), json!(graded.credit_interval.1));
            line["score_seconds"] = json!(r.score_seconds);
            values.extend([("eval/right_answers", right), ("eval/partial_credit", graded.credit)]);
        }
        self.metrics.add(&line)?;
        self.events.add(r.step, &values)?;
        self.inner.evaluated(r)
    }

    fn saving(&mut self, step: u64) -> hive_engine::Result<()> {
        self.metrics.sync()?;
        self.events.sync()?;
        self.inner.saving(step)
    }

    fn checkpoint(&mut self, step: u64, path: &Path) -> hive_engine::Result<()> {
        self.inner.checkpoint(step, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_wrote_after_its_checkpoint_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&dir.path().join("r")).unwrap();
        let lines = |step, evaluated| {
            drop(Metrics::open(&folder, step, evaluated).unwrap());
            read(&folder).unwrap().iter().map(|l| l["step"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let fill = || {
            let mut metrics = Metrics::open(&folder, 0, false).unwrap();
            metrics.add(&json!({"step": 0, "eval_loss": 1.0})).unwrap();
            for step in 1..=5 {
                metrics.add(&json!({"step": step, "loss": 1.0})).unwrap();
            }
            metrics.add(&json!({"step": 5, "eval_loss": 1.0})).unwrap();
            metrics.file.write_all(b"{\"step\": 3, \"lo").unwrap();
        };
        fill();
        assert_eq!(lines(5, true), [0, 1, 2, 3, 4, 5, 5]);
        assert_eq!(lines(5, false), [0, 1, 2, 3, 4, 5]);
        assert_eq!(lines(3, true), [0, 1, 2, 3]);
        assert_eq!(lines(0, false), Vec::<u64>::new(), "without a checkpoint everything is made again");
        fill();
        assert_eq!(lines(0, true), [0]);
    }

    #[test]
    fn what_the_clock_measured_can_be_left_out() {
        let line = json!({"step": 1, "loss": 0.5, "seconds": 1.5, "memory_mb": 3});
        assert_eq!(repeatable(&line), json!({"step": 1, "loss": 0.5}));
    }
}
