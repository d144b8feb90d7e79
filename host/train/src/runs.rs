//! Finished runs as a source of adapters.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use hive_errors::Diagnostic;
use hive_runtime::resolver::{FoundAdapter, Source};
use hive_runtime::statistics::{RIGHT, Rate};

use crate::TrainError;
use crate::evaluation::Summary;
use crate::run_folder::RunFolder;
use crate::run_record::RunRecord;

/// The runs in a folder, which have the names `NAME-1`, `NAME-2` and so on.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

impl Runs {
    /// The runs in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The adapter of the run at `path`.
    ///
    /// # Errors
    /// When there is no run of `expert`, or it did not finish.
    pub fn adapter(path: &Path, expert: &str) -> Result<FoundAdapter, TrainError> {
        let run = RunFolder::open(path);
        if !path.join("run.json").is_file() {
            return Err(TrainError::NoRun { path: path.to_owned(), expert: expert.to_owned() });
        }
        if !run.adapter().is_dir() {
            return Err(TrainError::Unfinished { path: path.to_owned(), expert: expert.to_owned() });
        }
        RunRecord::read_of(path, expert)?;
        let title = FinishedRun::read(path).map_or_else(|| format!("run `{}`", path.display()), |run| run.title());
        Ok(FoundAdapter { title, ..FoundAdapter::folder(run.adapter()) })
    }

    /// The best finished run of `expert`.
    pub fn best(&self, expert: &str) -> Option<FinishedRun> {
        let runs = RunFolder::numbered(&self.folder, expert).into_iter().map(|(_, path)| path);
        // Of equal ones the later.
        runs.filter_map(|path| FinishedRun::read(&path)).max_by(|a, b| a.rank().total_cmp(&b.rank()))
    }
}

/// A run with an adapter that was evaluated.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    /// Its folder.
    pub path: PathBuf,
    /// The optimizer step of its adapter, at least 1.
    pub step: u64,
    /// Right answers to held-out records and eval prompts together.
    pub right: Rate,
    /// Loss on held-out records, nats per token.
    pub loss: Option<f64>,
}

impl FinishedRun {
    /// Reads what a run folder says; `None` if the run has no adapter, ended before it was evaluated, or trained
    /// nothing.
    pub fn read(path: &Path) -> Option<Self> {
        let run = RunFolder::open(path);
        let summary: Summary = serde_json::from_value(run.read_json("evaluation.json").ok()??).ok()?;
        let graded = [&summary.held_out, &summary.eval_prompts].into_iter().flatten();
        let right = graded.flat_map(|compared| &compared.expert.graded).map(|graded| graded.grade.score >= RIGHT);
        let finished = Self {
            path: path.to_owned(),
            step: summary.step,
            right: Rate::of(right),
            loss: summary.loss.map(|loss| loss.expert),
        };
        (run.adapter().is_dir() && finished.step > 0).then_some(finished)
    }

    /// ``run `runs/sql-1` (step 24, 45.0 % right)``
    pub fn title(&self) -> String {
        let right = if self.right.of == 0 { String::new() } else { format!(", {} right", self.right.share()) };
        format!("run `{}` (step {}{right})", self.path.display(), self.step)
    }

    /// Greater is better: right answers first, then the loss.
    fn rank(&self) -> Rank {
        let right = if self.right.of == 0 { -1.0 } else { self.right.value };
        Rank(right, self.loss.map_or(f64::NEG_INFINITY, |loss| -loss))
    }
}

/// Right answers, and the negative loss.
struct Rank(f64, f64);

impl Rank {
    fn total_cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.total_cmp(&other.1))
    }
}

impl Source for Runs {
    fn find(&self, name: &str, _: Option<&str>) -> Result<Option<FoundAdapter>, Box<dyn Diagnostic>> {
        let adapter =
            |run: FinishedRun| Self::adapter(&run.path, name).map_err(|error| Box::new(error) as Box<dyn Diagnostic>);
        self.best(name).map(adapter).transpose()
    }

    fn title(&self, name: &str) -> Option<String> {
        self.best(name).map(|run| run.title())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A run of `expert` at `path`, with an adapter of this step whose answers had these scores.
    pub(crate) fn finished(path: &Path, expert: &str, step: u64, scores: &[f64], loss: Option<f64>) -> PathBuf {
        std::fs::create_dir_all(path.join("adapter")).unwrap();
        let recipe = crate::recipe::tests::recipe();
        let record = json!({
            "expert": expert, "expert_version": "0.1.0", "base": null, "digests": null, "prompts": null, "changes": [],
            "request": {"recipe": recipe, "origins": {}, "datasets": []},
        });
        let graded: Vec<_> =
            scores.iter().map(|score| json!({"prompt": {}, "completion": "", "grade": {"score": score}})).collect();
        let figures = serde_json::to_value(hive_runtime::statistics::Figures::of(scores.iter().copied())).unwrap();
        let mut scored = json!({"of": scores.len(), "findings": {}, "graded": graded});
        scored.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
        let evaluation = json!({
            "format": 2, "loss": loss.map(|loss| json!({"base": 9.0, "expert": loss})), "token_accuracy": null,
            "held_out": {"base": scored, "expert": scored}, "eval_prompts": null, "step": step,
        });
        for (name, value) in [("run.json", record), ("evaluation.json", evaluation)] {
            std::fs::write(path.join(name), value.to_string()).unwrap();
        }
        path.to_owned()
    }

    #[test]
    fn the_best_run_has_the_most_right_answers_then_the_lowest_loss_and_has_trained() {
        let place = tempfile::tempdir().unwrap();
        let run = |n: u32, step, scores: &[f64], loss| {
            finished(&place.path().join(format!("sql-{n}")), "sql", step, scores, loss)
        };
        let best = || Runs::in_folder(place.path()).best("sql").map(|run| run.path);
        assert_eq!(best(), None);
        run(1, 0, &[1.0, 1.0], Some(0.1));
        assert_eq!(best(), None, "a run of no step has trained nothing");
        let ungraded = run(2, 5, &[], Some(0.2));
        assert_eq!(best(), Some(ungraded));
        let half = run(3, 5, &[1.0, 0.0], Some(0.5));
        assert_eq!(best(), Some(half.clone()));
        run(4, 5, &[1.0, 0.0], Some(0.6));
        assert_eq!(best(), Some(half), "of equal right answers the lower loss");
        let whole = run(5, 5, &[1.0, 1.0], None);
        run(6, 5, &[0.9, 0.9], Some(0.1));
        assert_eq!(best(), Some(whole.clone()), "partial credit is not a right answer");
        std::fs::remove_dir(whole.join("adapter")).unwrap();
        assert_ne!(best(), Some(whole), "an unfinished run cannot answer");
    }
}
