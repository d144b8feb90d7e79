//! The gate of a suite: every prompt is judged as a training record is, in its dialect, and then its
//! gold is examined as an answer: a gold that is not right by its own measure is no measure.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use hive_data::datasets::file_stamps;
use hive_data::pipeline::verdict;
use hive_plugins::LoadedExpert;
use hive_runtime::statistics::RIGHT;
use hive_sdk::{Finding, Record, Verdict};
use hive_train::TrainError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ExamReporter;
use super::cache::{Cache, Kind};
use super::error::ExamError;
use super::examine::{Examined, PASSING, examine_one};
use super::refused::Refused;
use super::suite::{Suite, SuitePrompt};
use super::workers::each;

/// The gold does not pass its own examination.
const GOLD_FAILS: &str = "gold-fails";

/// A suite behind its gate.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The suite's name.
    pub name: String,
    /// sha256 over its prompts as they came.
    pub digest: String,
    /// Prompts, and lines that are none, in the whole suite.
    pub of: usize,
    /// The prompts that are asked, as the gate has left them.
    pub prompts: Vec<SuitePrompt>,
    /// Those that are not.
    pub refused: Vec<Refused>,
    /// Prompts that the gate has changed: brought into the dialect, say.
    pub repaired: usize,
    /// What was remarked, by code.
    pub notes: BTreeMap<String, usize>,
    /// Keys that are no field.
    pub passed_over: BTreeMap<String, usize>,
}

/// What the gate says of one prompt, as the cache keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Judged {
    Good { record: Record, alternatives: Vec<String>, repaired: bool, notes: Vec<String> },
    Refused(Refused),
}

/// Has every prompt judged; `None` when `stop` was raised before the end.
pub(super) fn check(
    workers: &[LoadedExpert],
    expert: &LoadedExpert,
    suite: Suite,
    (cache, options): (&Cache, &Map<String, Value>),
    stop: &AtomicBool,
    reporter: &dyn ExamReporter,
) -> Result<Option<Checked>, ExamError> {
    let total = suite.prompts.len();
    let field = expert.manifest().completion_field().unwrap_or_default().to_owned();
    let judge = |worker: &LoadedExpert, prompt: &SuitePrompt| {
        let files = file_stamps(&expert.manifest().dataset, &prompt.record);
        let key = json!(["check", prompt.id, prompt.record, prompt.alternatives, files, options]);
        if let Some(known) = cache.get(Kind::Grades, &key) {
            return Ok(known);
        }
        let judged = judge(worker, prompt, &field)?;
        // What a clock has ended may come to its end another time.
        let passing = |r: &Refused| PASSING.contains(&r.code.as_str()) || r.why.contains("was lost");
        if !matches!(&judged, Judged::Refused(refused) if passing(refused)) {
            cache.put(Kind::Grades, &key, &judged);
        }
        Ok(judged)
    };
    let judged = each(workers, &suite.prompts, stop, judge, |done| reporter.checking(done, total))?;
    let Some(judged) = judged else { return Ok(None) };
    let mut checked = Checked {
        name: suite.name,
        digest: suite.digest,
        of: suite.of,
        prompts: Vec::new(),
        refused: suite.refused,
        repaired: 0,
        notes: BTreeMap::new(),
        passed_over: suite.passed_over,
    };
    for (prompt, judged) in suite.prompts.into_iter().zip(judged) {
        match judged {
            Judged::Good { record, alternatives, repaired, notes } => {
                checked.repaired += usize::from(repaired);
                notes.into_iter().for_each(|code| *checked.notes.entry(code).or_default() += 1);
                checked.prompts.push(SuitePrompt { record, alternatives, ..prompt });
            }
            Judged::Refused(refused) => checked.refused.push(refused),
        }
    }
    Ok(Some(checked))
}

fn judge(worker: &LoadedExpert, prompt: &SuitePrompt, field: &str) -> Result<Judged, ExamError> {
    let refused = |code: &str, why: String| Ok(Judged::Refused(Refused::new(&prompt.id, code, why)));
    let source = format!("prompt {}", prompt.id);
    let pass = |record: &Record| verdict(worker, &source, record).map_err(TrainError::from);
    let (record, changed, notes) = match pass(&prompt.record)? {
        Verdict::Accept { notes, .. } => (prompt.record.clone(), false, notes),
        Verdict::Repaired { record, notes, .. } => (record, true, notes),
        Verdict::Reject { code, why, .. } => return refused(&code, why),
    };
    let mut alternatives = Vec::new();
    for alternative in &prompt.alternatives {
        let mut other = prompt.record.clone();
        other.set(field, alternative);
        match pass(&other)? {
            Verdict::Accept { .. } => alternatives.push(alternative.clone()),
            Verdict::Repaired { record, .. } => alternatives.extend(record.text(field).map(str::to_owned)),
            Verdict::Reject { code, why, .. } => return refused(&code, format!("another gold: {why}")),
        }
    }
    let gold = record.text(field).unwrap_or_default().to_owned();
    match examine_one(worker, &record, &alternatives, &gold)? {
        Examined::Graded(grade) if grade.score >= RIGHT => {
            let notes = notes.into_iter().map(|note: Finding| note.code).collect();
            Ok(Judged::Good { record, alternatives, repaired: changed, notes })
        }
        Examined::Graded(grade) => {
            let findings: Vec<String> = grade.findings.into_iter().map(|f| f.message).collect();
            refused(GOLD_FAILS, format!("the gold is not right by its own measure: {}", findings.join("; ")))
        }
        Examined::Ended { code, why } => refused(code, format!("the gold: {why}")),
        Examined::Broken(why) => refused(GOLD_FAILS, why),
    }
}
