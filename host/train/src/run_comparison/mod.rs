//! Runs side by side: their curves on one page, what differs between their recipes, and what came of them. Read from the
//! run folders alone; no model is asked anything.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hive_pages::{Made, duration, half_life, smoothed};
use hive_runtime::statistics::{Mean, Rate};
use serde::Serialize;
use serde_json::{Value, json};

use crate::curves::{last_step, points};
use crate::evaluation::{Compared, Summary};
use crate::overview::{RunOverview, RunState};
use crate::recipe::leaves;
use crate::run_folder::RunFolder;
use crate::run_record::RunRecord;
use crate::{TrainError, making, metrics};
pub use page::KIND;

/// Shown where a run has no such figure.
const NOTHING: &str = "–";

/// Runs side by side.
#[derive(Debug, Clone, Serialize)]
pub struct RunComparison {
    /// The runs, in the order in which they were named.
    pub runs: Vec<ComparedRun>,
    /// Values that are not the same in all runs: keys of the recipe and other inputs.
    pub differences: Vec<ComparedRow>,
    /// What a reader must know before the runs are compared.
    pub remarks: Vec<String>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedRun {
    /// Its name: that of its folder, or the whole path where two have the same.
    pub name: String,
    /// Its folder.
    pub run: PathBuf,
    /// The expert.
    pub expert: String,
    /// The base model.
    pub base: String,
    /// `finished`, `stopped` or `running`.
    pub state: &'static str,
    /// Number of optimizer steps made.
    pub steps: u64,
    /// Training loss at the last step, smoothed, in nats per token.
    pub loss: Option<f64>,
    /// Evaluation with the lowest held-out loss.
    pub best_eval: Option<StepValue>,
    /// Held-out loss of the adapter that the run ended with, in nats per token.
    pub eval_loss: Option<f64>,
    /// Right answers to held-out records at the end.
    pub held_out: Option<Graded>,
    /// Right answers to the expert's own prompts at the end.
    pub eval_prompts: Option<Graded>,
    /// When, how long and where it was made, part by part.
    pub made: Vec<Made>,
    #[serde(skip)]
    lines: Vec<Value>,
    #[serde(skip)]
    inputs: BTreeMap<String, String>,
    #[serde(skip)]
    changed_at: Vec<u64>,
}

/// A value after a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepValue {
    /// The step.
    pub step: u64,
    /// The value.
    pub value: f64,
}

/// Graded answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Graded {
    /// Share with the full score.
    pub right_answers: Rate,
    /// Mean score.
    pub partial_credit: Mean,
}

/// A value of each run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedRow {
    /// What it is.
    pub name: String,
    /// One text per run.
    pub values: Vec<String>,
}

impl RunComparison {
    /// Compares these runs.
    ///
    /// # Errors
    /// When one is no run or is named twice, or a file cannot be read.
    pub fn of(paths: &[PathBuf]) -> Result<Self, TrainError> {
        let mut seen = BTreeSet::new();
        for path in paths {
            let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
            if !seen.insert(whole) {
                return Err(TrainError::NamedTwice { path: path.clone() });
            }
        }
        let mut runs = paths.iter().map(|path| ComparedRun::read(path)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
        for run in &mut runs {
            if names.iter().filter(|name| **name == run.name).count() > 1 {
                run.name = run.run.display().to_string();
            }
        }
        let differences = differences(&runs);
        let remarks = remarks(&runs, &differences);
        Ok(Self { runs, differences, remarks })
    }

    /// The runs' results, row by row.
    pub fn results(&self) -> Vec<ComparedRow> {
        let row = |name: &str, value: &dyn Fn(&ComparedRun) -> Option<String>| ComparedRow {
            name: name.to_owned(),
            values: self.runs.iter().map(|run| value(run).unwrap_or_else(|| NOTHING.to_owned())).collect(),
        };
        let loss = |loss: f64| format!("{loss:.4}");
        let mut rows = vec![
            row("state", &|run| Some(run.state.to_owned())),
            row("steps", &|run| Some(run.steps.to_string())),
            row("training loss at the end, smoothed", &|run| run.loss.map(loss)),
            row("lowest held-out loss", &|run| run.best_eval.map(|at| format!("{:.4} at step {}", at.value, at.step))),
            row("held-out loss of the adapter", &|run| run.eval_loss.map(loss)),
        ];
        for (what, graded) in [
            ("held-out records", (|run| run.held_out) as fn(&ComparedRun) -> Option<Graded>),
            ("eval prompts", |run| run.eval_prompts),
        ] {
            let right =
                |run: &ComparedRun| graded(run).map(|g| format!("{} of {}", g.right_answers, g.right_answers.of));
            let credit =
                |run: &ComparedRun| graded(run).map(|g| format!("{} of {}", g.partial_credit, g.partial_credit.of));
            rows.push(row(&format!("right answers, {what}"), &right));
            rows.push(row(&format!("partial credit, {what}"), &credit));
        }
        rows.push(row("begun", &|run| Some(run.made.first()?.begun.replace('T', " ").replace('Z', " UTC"))));
        rows.push(row("duration", &|run| {
            Some(duration(run.made.iter().map(|part| part.seconds).sum::<Option<f64>>()?))
        }));
        rows.push(row("machine", &|run| Some(run.made.last()?.machine.text())));
        rows.push(row("hive", &|run| Some(run.made.last()?.hive.clone())));
        rows.retain(|row| row.values.iter().any(|value| value != NOTHING));
        rows
    }

    /// Results and differences as rows of cells, with the names of the runs in the first row.
    pub fn table(&self) -> Vec<Vec<String>> {
        let names = self.runs.iter().map(|run| run.name.clone());
        let mut rows = vec![std::iter::once(String::new()).chain(names).collect::<Vec<_>>()];
        let cells = |row: ComparedRow| [vec![row.name], row.values].concat();
        rows.extend(self.results().into_iter().map(cells));
        if !self.differences.is_empty() {
            // An empty row between what came of the runs and what they were made from.
            rows.push(vec![String::new(); self.runs.len() + 1]);
            rows.extend(self.differences.iter().cloned().map(cells));
        }
        rows
    }

    /// Half-life, in steps, by which the curves of all runs are smoothed.
    fn half_life(&self) -> u64 {
        half_life(self.runs.iter().map(|run| run.steps).max().unwrap_or(0))
    }
}

impl ComparedRun {
    fn read(path: &Path) -> Result<Self, TrainError> {
        let RunOverview { expert, base, state, .. } = RunOverview::of(path)?;
        let folder = RunFolder::open(path);
        let record = RunRecord::read(path)?;
        let lines = metrics::read(&folder)?;
        let summary: Option<Summary> =
            folder.read_json("evaluation.json")?.and_then(|value| serde_json::from_value(value).ok());
        let steps = last_step(&lines);
        let loss = smoothed(&points(&lines, "loss"), half_life(steps)).last().map(|point| point.1);
        let best_eval = points(&lines, "eval_loss")
            .into_iter()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(step, value)| StepValue { step: step as u64, value });
        let graded = |pair: &Option<Compared<hive_runtime::grade::Scores>>| {
            let figures = pair.as_ref()?.expert.figures;
            Some(Graded { right_answers: figures.right_answers, partial_credit: figures.partial_credit })
        };
        let summary = summary.as_ref();
        Ok(Self {
            name: path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()),
            run: path.to_owned(),
            expert,
            base,
            state: match state {
                RunState::Finished => "finished",
                RunState::Stopped => "stopped",
                RunState::Running => "running",
            },
            steps,
            loss,
            best_eval,
            eval_loss: summary.and_then(|summary| Some(summary.loss.as_ref()?.expert)),
            held_out: summary.and_then(|summary| graded(&summary.held_out)),
            eval_prompts: summary.and_then(|summary| graded(&summary.eval_prompts)),
            made: making::read(&folder),
            inputs: inputs(&record),
            changed_at: record.changes.iter().map(|change| change.at_step).collect(),
            lines,
        })
    }
}

/// Everything that a run was made from, as texts.
fn inputs(record: &RunRecord) -> BTreeMap<String, String> {
    let recipe = leaves(&json!(record.request.recipe));
    let mut inputs: BTreeMap<String, String> = recipe
        .into_iter()
        .map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let datasets: Vec<String> = record.request.datasets.iter().map(|path| path.display().to_string()).collect();
    inputs.insert(DATASETS.to_owned(), if datasets.is_empty() { "synthetic".to_owned() } else { datasets.join(", ") });
    inputs.insert(EXPERT.to_owned(), format!("{} {}", record.expert, record.expert_version));
    if let Some(digests) = &record.digests {
        inputs.insert(DATA.to_owned(), digests.data.clone());
        inputs.insert(WEIGHTS.to_owned(), digests.base.clone());
    }
    inputs
}

/// Inputs that are no keys of the recipe.
const DATASETS: &str = "data sets";
const EXPERT: &str = "expert";
const DATA: &str = "sha256 of the records";
const WEIGHTS: &str = "sha256 of the base model";

/// The inputs that are not the same in all runs.
fn differences(runs: &[ComparedRun]) -> Vec<ComparedRow> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.inputs.keys()).collect();
    let brief = |text: &str| if text.len() == 64 { text[..12].to_owned() } else { text.to_owned() };
    keys.into_iter()
        .filter(|key| runs.iter().any(|run| run.inputs.get(*key) != runs[0].inputs.get(*key)))
        .map(|key| ComparedRow {
            name: key.clone(),
            values: runs
                .iter()
                .map(|run| run.inputs.get(key).map_or_else(|| "not set".to_owned(), |text| brief(text)))
                .collect(),
        })
        .collect()
}

/// What stands against a plain comparison of the figures.
fn remarks(runs: &[ComparedRun], differences: &[ComparedRow]) -> Vec<String> {
    let differs = |name: &str| differences.iter().any(|row| row.name == name);
    let mut remarks = Vec::new();
    if differs(EXPERT) {
        remarks.push("The experts differ: their scores are not of the same task or scale.".to_owned());
    }
    if differs(DATA) {
        remarks.push(
            "The records differ: each run's losses and held-out answers are of its own records. \
             `hive expert compare` asks all the same prompts."
                .to_owned(),
        );
    }
    if differs(WEIGHTS) {
        remarks.push("The base models differ: with another tokenizer, a loss per token is another measure.".to_owned());
    }
    for run in runs {
        for step in &run.changed_at {
            remarks.push(format!("The recipe of {} was changed after step {step}; its last one is shown.", run.name));
        }
        if run.state != "finished" {
            let steps = hive_errors::counted(run.steps, "step");
            remarks.push(format!("{} is {}: its figures are of {steps} so far.", run.name, run.state));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::tests::finished;

    /// Two runs, of which the second has another rank and fewer steps.
    pub(super) fn two(place: &Path) -> RunComparison {
        let runs = ["sql-1", "sql-2"].map(|name| finished(&place.join(name), "echo", 3, &[1.0, 0.5], Some(0.75)));
        for (i, run) in runs.iter().enumerate() {
            let mut text = String::new();
            for step in 1..=(4 - i as u64) {
                text += &format!("{{\"step\": {step}, \"loss\": {}}}\n", 3.0 - 0.5 * step as f64);
            }
            text += "{\"step\": 0, \"eval_loss\": 2.5}\n{\"step\": 2, \"eval_loss\": 0.5}\n{\"step\": 3, \"eval_loss\": 0.75}\n";
            std::fs::write(run.join("metrics.jsonl"), text).unwrap();
        }
        let path = runs[1].join("run.json");
        let mut record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        record["request"]["recipe"]["adapter"]["rank"] = json!(99);
        std::fs::write(&path, record.to_string()).unwrap();
        RunComparison::of(&runs).unwrap()
    }

    #[test]
    fn what_differs_and_what_came_of_it_are_side_by_side() {
        let place = tempfile::tempdir().unwrap();
        let compared = two(place.path());
        let [difference] = &compared.differences[..] else { panic!("{:?}", compared.differences) };
        assert_eq!((difference.name.as_str(), difference.values[1].as_str()), ("adapter.rank", "99"));
        let results = compared.results();
        let row = |name: &str| results.iter().find(|row| row.name == name).unwrap().values.clone();
        assert_eq!(row("steps"), ["4", "3"]);
        assert_eq!(row("lowest held-out loss"), ["0.5000 at step 2", "0.5000 at step 2"]);
        assert_eq!(row("held-out loss of the adapter"), ["0.7500", "0.7500"]);
        assert_eq!(row("right answers, held-out records")[0], "50.0 % [9.5, 90.5] of 2");
        assert!(row("partial credit, held-out records")[0].ends_with(" of 2"));
        assert!(results.iter().all(|row| !row.name.contains("eval prompts")), "nobody was asked them");
        let table = compared.table();
        assert_eq!(table[0], ["", "sql-1", "sql-2"]);
        assert_eq!(table[table.len() - 2], ["", "", ""]);
        assert_eq!(table[table.len() - 1][0], "adapter.rank");
        assert_eq!(compared.remarks, Vec::<String>::new());
        let json = json!(compared);
        assert_eq!(json["runs"][1]["best_eval"], json!({"step": 2, "value": 0.5}));
        assert_eq!(json["runs"][0]["held_out"]["right_answers"]["of"], 2);
    }

    #[test]
    fn runs_that_cannot_be_compared_plainly_are_remarked_on() {
        let place = tempfile::tempdir().unwrap();
        let a = finished(&place.path().join("a/sql-1"), "echo", 3, &[1.0], None);
        let b = finished(&place.path().join("b/sql-1"), "other", 3, &[1.0], None);
        std::fs::remove_dir_all(b.join("adapter")).unwrap();
        let compared = RunComparison::of(&[a.clone(), b.clone()]).unwrap();
        assert_eq!(compared.runs[1].name, b.display().to_string(), "two runs of the same name have their paths");
        assert!(compared.remarks[0].starts_with("The experts differ"), "{:?}", compared.remarks);
        assert!(
            compared.remarks[1].ends_with("is stopped: its figures are of 0 steps so far."),
            "{:?}",
            compared.remarks
        );
        let twice = RunComparison::of(&[a.clone(), place.path().join("a/../a/sql-1")]).unwrap_err();
        assert!(twice.to_string().contains("is named twice"), "{twice}");
        assert!(RunComparison::of(&[a, place.path().join("none")]).is_err());
    }
}
