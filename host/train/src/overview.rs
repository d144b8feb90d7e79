//! A run at a glance, for lists of runs, and its removal.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hive_files::{folder_bytes, remove_folder};
use hive_runtime::statistics::Rate;

use crate::run_folder::RunFolder;
use crate::run_record::RunRecord;
use crate::runs::FinishedRun;
use crate::{TrainError, making, metrics};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It has an adapter that was evaluated.
    Finished,
    /// It was stopped, or failed; it can be resumed.
    Stopped,
    /// A process is working on it.
    Running,
}

/// A run at a glance.
#[derive(Debug, Clone)]
pub struct RunOverview {
    /// Its folder.
    pub path: PathBuf,
    /// The expert.
    pub expert: String,
    /// The base model: its id in the catalogue, or its path.
    pub base: String,
    /// How far it has come.
    pub state: RunState,
    /// When it was begun.
    pub begun: SystemTime,
    /// Number of optimizer steps done.
    pub steps: u64,
    /// Training loss of the last step, nats per token.
    pub loss: Option<f64>,
    /// Lowest held-out loss after a step, nats per token.
    pub eval_loss: Option<f64>,
    /// Right answers at the end, to held-out records and eval prompts together.
    pub right: Rate,
    /// Bytes on disk.
    pub bytes: u64,
}

impl RunOverview {
    /// Reads what a run folder says.
    ///
    /// # Errors
    /// When there is no run in it, or a file cannot be read.
    pub fn of(path: &Path) -> Result<Self, TrainError> {
        let folder = RunFolder::open(path);
        let record = RunRecord::read(path)?;
        let lines = metrics::read(&folder)?;
        let last = lines.iter().rev().find(|line| line["loss"].is_number());
        // The evaluation before the first step is of the base model alone.
        let trained = lines.iter().filter(|line| line["step"].as_u64().is_some_and(|step| step > 0));
        let eval_losses = trained.filter_map(|line| line["eval_loss"].as_f64());
        let finished = FinishedRun::read(path);
        let state = match &finished {
            _ if folder.is_in_use() => RunState::Running,
            Some(_) => RunState::Finished,
            None => RunState::Stopped,
        };
        Ok(Self {
            path: path.to_owned(),
            expert: record.expert,
            base: record.base.map_or(record.request.recipe.base_model, |base| base.id),
            state,
            begun: begun(&folder),
            steps: last.and_then(|line| line["step"].as_u64()).unwrap_or(0),
            loss: last.and_then(|line| line["loss"].as_f64()),
            eval_loss: eval_losses.min_by(f64::total_cmp),
            right: finished.map_or_else(|| Rate::of([]), |run| run.right),
            bytes: folder_bytes(path),
        })
    }

    /// The runs below `folder`, by name, the numbers at the end in rising order. What is no run, or cannot be read, is
    /// left out.
    pub fn below(folder: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<Self> = entries.filter_map(|path| Self::of(&path).ok()).collect();
        found.sort_by_cached_key(|run| {
            let name = run.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let number = name.rsplit_once('-').and_then(|(_, number)| number.parse::<u64>().ok());
            (name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), number)
        });
        found
    }

    /// Removes the run's folder, with everything in it.
    ///
    /// # Errors
    /// When a process is working on it, or it cannot be removed.
    pub fn remove(self) -> Result<(), TrainError> {
        // Held until the folder is gone, so that nobody begins to work in it meanwhile.
        let _lock = RunFolder::open(&self.path).lock()?;
        Ok(remove_folder(&self.path)?)
    }
}

/// When the first part of a run was begun. A run that has not got beyond preparing its data notes no part yet, nor did
/// older versions of hive: then, when its record was written.
fn begun(folder: &RunFolder) -> SystemTime {
    let noted = making::read(folder).first().and_then(|part| part.begun_at());
    let written = || std::fs::metadata(folder.path().join("run.json")).and_then(|about| about.modified()).ok();
    noted.or_else(written).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::tests::finished;

    #[test]
    fn runs_are_listed_by_name_with_what_their_files_say() {
        let place = tempfile::tempdir().unwrap();
        for n in [10, 2] {
            finished(&place.path().join(format!("sql-{n}")), "sql", 3, &[1.0, 0.0], None);
        }
        finished(&place.path().join("other"), "echo", 1, &[], None);
        std::fs::create_dir(place.path().join("no-run")).unwrap();
        let metrics = "{\"step\": 1, \"loss\": 2.5}\n{\"step\": 1, \"eval_loss\": 2.0}\n{\"step\": 2, \"loss\": 1.5}\n";
        std::fs::write(place.path().join("sql-2/metrics.jsonl"), metrics).unwrap();
        let found = RunOverview::below(place.path());
        let names: Vec<_> = found.iter().map(|run| run.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["other", "sql-2", "sql-10"]);
        let run = &found[1];
        assert_eq!((run.steps, run.loss, run.eval_loss, run.right.value), (2, Some(1.5), Some(2.0), 0.5));
        assert_eq!(run.state, RunState::Finished);

        // The first part counts, however often the run was resumed.
        let part = |begun: &str| serde_json::json!({"begun": begun, "machine": {"processor": "p", "cores": 1}, "hive": "0.2.0"});
        let parts = serde_json::json!([part("2020-01-01T00:00:10Z"), part("2021-01-01T00:00:00Z")]);
        std::fs::write(run.path.join("made.json"), parts.to_string()).unwrap();
        let begun = RunOverview::of(&run.path).unwrap().begun;
        assert_eq!(begun.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_577_836_810);
        // The evaluation before the first step is no loss of an adapter.
        std::fs::write(run.path.join("metrics.jsonl"), "{\"step\": 0, \"eval_loss\": 2.0}\n").unwrap();
        assert_eq!(RunOverview::of(&run.path).unwrap().eval_loss, None);

        let held = RunFolder::open(&run.path).lock().unwrap();
        assert_eq!(RunOverview::of(&run.path).unwrap().state, RunState::Running);
        assert!(matches!(run.clone().remove(), Err(TrainError::InUse { .. })));
        drop(held);
        run.clone().remove().unwrap();
        assert!(!run.path.exists());
        assert!(RunOverview::of(&run.path).is_err());
    }
}
