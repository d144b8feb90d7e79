//! The gate of a suite: every prompt is judged like a training record, dialect included, and then its
//! gold answer is graded like an answer. A gold answer that fails its own test cannot be compared with.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use hive_data::datasets::file_stamps;
use hive_data::pipeline::verdict;
use hive_plugins::LoadedExpert;
use hive_runtime::statistics::RIGHT;
use hive_sdk::{Finding, Record, Verdict};
use hive_train::TrainError;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cache::CacheKind;
use super::checked_suite::CheckedSuite;
use super::error::EvalError;
use super::execution_grade::{ExecutionOutcome, TRANSIENT, execution_grade};
use super::refused::Refused;
use super::reporter::EvalReporter;
use super::suite::{Suite, SuitePrompt};
use super::workers::Workers;

/// The gold answer does not get the full score.
const GOLD_FAILS: &str = "gold-fails";

/// The result of checking one prompt, as the cache stores it.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum PromptVerdict {
    Good { record: Record, alternatives: Vec<String>, repaired: bool, notes: Vec<String> },
    Refused(Refused),
}

/// Checks every prompt; `None` if `stop` was set before the end.
pub(super) fn check(
    workers: &Workers<'_>,
    suite: Suite,
    stop: &AtomicBool,
    reporter: &dyn EvalReporter,
) -> Result<Option<CheckedSuite>, EvalError> {
    let Workers { expert, options, cache, .. } = workers;
    let total = suite.prompts.len();
    let field = expert.manifest().completion_field().unwrap_or_default().to_owned();
    let judge_cached = |process: &LoadedExpert, prompt: &SuitePrompt| {
        let files = file_stamps(&expert.manifest().dataset, &prompt.record);
        let key = json!(["check", prompt.id, prompt.record, prompt.alternatives, files, options]);
        if let Some(known) = cache.get(CacheKind::Grades, &key) {
            return Ok(known);
        }
        let judged = judge(process, prompt, &field)?;
        // What ran out of time may complete another time.
        let transient = |r: &Refused| TRANSIENT.contains(&r.code.as_str()) || r.why.contains("was lost");
        if !matches!(&judged, PromptVerdict::Refused(refused) if transient(refused)) {
            cache.put(CacheKind::Grades, &key, &judged);
        }
        Ok(judged)
    };
    let judged = workers.map(&suite.prompts, stop, judge_cached, |done| reporter.checking(done, total))?;
    let Some(judged) = judged else { return Ok(None) };
    let mut checked = CheckedSuite {
        name: suite.name,
        digest: suite.digest,
        total: suite.total,
        prompts: Vec::new(),
        refused: suite.refused,
        repaired: 0,
        notes: BTreeMap::new(),
        passed_over: suite.passed_over,
    };
    for (prompt, judged) in suite.prompts.into_iter().zip(judged) {
        match judged {
            PromptVerdict::Good { record, alternatives, repaired, notes } => {
                checked.repaired += usize::from(repaired);
                notes.into_iter().for_each(|code| *checked.notes.entry(code).or_default() += 1);
                checked.prompts.push(SuitePrompt { record, alternatives, ..prompt });
            }
            PromptVerdict::Refused(refused) => checked.refused.push(refused),
        }
    }
    Ok(Some(checked))
}

fn judge(process: &LoadedExpert, prompt: &SuitePrompt, field: &str) -> Result<PromptVerdict, EvalError> {
    let refused = |code: &str, why: String| Ok(PromptVerdict::Refused(Refused::new(&prompt.id, code, why)));
    let source = format!("prompt {}", prompt.id);
    let pass = |record: &Record| verdict(process, &source, record).map_err(TrainError::from);
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
    match execution_grade(process, &record, &alternatives, &gold)? {
        ExecutionOutcome::Graded(grade) if grade.score >= RIGHT => {
            let notes = notes.into_iter().map(|note: Finding| note.code).collect();
            Ok(PromptVerdict::Good { record, alternatives, repaired: changed, notes })
        }
        ExecutionOutcome::Graded(grade) => {
            let findings: Vec<String> = grade.findings.into_iter().map(|f| f.message).collect();
            refused(GOLD_FAILS, format!("the gold is not right by its own measure: {}", findings.join("; ")))
        }
        ExecutionOutcome::Ended { code, why } => refused(code, format!("the gold: {why}")),
        ExecutionOutcome::Broken(why) => refused(GOLD_FAILS, why),
    }
}
