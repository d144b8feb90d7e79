//! Answers to grades, in processes of the expert's own: all candidates' answers to one prompt one
//! after another, so that what they are held against is made once. A process that hangs or ends over
//! an answer costs that answer its score, and nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use hive_data::datasets::file_stamps;
use hive_data::pipeline::{CRASHED, TOO_SLOW};
use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{ExamineRequest, Grade, GradeRequest, Record};
use serde_json::{Map, Value, json};

use super::ExamReporter;
use super::cache::{Cache, Kind};
use super::error::ExamError;
use super::sit::Sheet;
use super::suite::SuitePrompt;
use super::workers::each;

/// The prompt has more tokens than the base can read.
pub(super) const TOO_LONG_PROMPT: &str = "prompt-too-long";
/// The answer did not end within the tokens that it may have.
pub(super) const CUT: &str = "cut-answer";

/// What came of an examination.
#[derive(Debug)]
pub(super) enum Examined {
    /// A grade.
    Graded(Grade),
    /// The process was ended, or ended, over it.
    Ended { code: &'static str, why: String },
    /// The prompt is at fault: why.
    Broken(String),
}

/// Grades per candidate and prompt, in their orders; `None` when `stop` was raised before the end.
pub(super) fn examine(
    workers: &[LoadedExpert],
    expert: &LoadedExpert,
    prompts: &[SuitePrompt],
    sheets: &[Sheet],
    (cache, options): (&Cache, &Map<String, Value>),
    stop: &AtomicBool,
    reporter: &dyn ExamReporter,
) -> Result<Option<Vec<Vec<Grade>>>, ExamError> {
    let field = expert.manifest().completion_field().unwrap_or_default();
    let numbered: Vec<(usize, &SuitePrompt)> = prompts.iter().enumerate().collect();
    let all = |worker: &LoadedExpert, (at, prompt): &(usize, &SuitePrompt)| {
        let mut known: BTreeMap<&str, Grade> = BTreeMap::new();
        let mut ready = false;
        let mut grades = Vec::with_capacity(sheets.len());
        for sheet in sheets {
            let answer = &sheet.answers[*at];
            let mut grade = match known.get(answer.text.as_str()) {
                Some(grade) => grade.clone(),
                None if answer.too_long => {
                    let message = format!(
                        "the prompt has {} tokens, with an answer more than the base can read",
                        answer.prompt_tokens
                    );
                    failed(expert, prompt, "")?.with(TOO_LONG_PROMPT, message)
                }
                None => {
                    let files = file_stamps(&expert.manifest().dataset, &prompt.record);
                    let key = json!([prompt.record, prompt.alternatives, answer.text, files, options]);
                    let grade = match cache.get(Kind::Grades, &key) {
                        Some(grade) => grade,
                        None => {
                            // What answers are held against is made in a call of its own, so that no answer
                            // pays for it.
                            if !std::mem::replace(&mut ready, true) {
                                make_ready(worker, prompt, field)?;
                            }
                            grade(worker, expert, prompt, &answer.text, cache, &key)?
                        }
                    };
                    known.insert(&answer.text, grade.clone());
                    grade
                }
            };
            if !answer.complete && !answer.too_long {
                grade = grade.with(CUT, format!("it did not end within {} tokens", answer.tokens));
            }
            grades.push(grade);
        }
        Ok(grades)
    };
    let by_prompt = each(workers, &numbered, stop, all, |done| reporter.examining(done, prompts.len()))?;
    let Some(by_prompt) = by_prompt else { return Ok(None) };
    Ok(Some((0..sheets.len()).map(|i| by_prompt.iter().map(|grades| grades[i].clone()).collect()).collect()))
}

fn grade(
    worker: &LoadedExpert,
    expert: &LoadedExpert,
    prompt: &SuitePrompt,
    text: &str,
    cache: &Cache,
    key: &Value,
) -> Result<Grade, ExamError> {
    match examine_one(worker, &prompt.record, &prompt.alternatives, text)? {
        Examined::Graded(grade) => {
            // What the clock or a lack of memory has ended may come to its end another time.
            if !grade.findings.iter().any(|finding| PASSING.contains(&finding.code.as_str())) {
                cache.put(Kind::Grades, key, &grade);
            }
            Ok(grade)
        }
        Examined::Ended { code, why } => Ok(failed(expert, prompt, text)?.with(code, why)),
        // The gate has let the prompt pass, so it is the examination that fails, and no answer's fault.
        Examined::Broken(why) => Err(ExamError::Examination { prompt: prompt.id.clone(), why }),
    }
}

/// Codes of findings that another run may not have.
pub(super) const PASSING: [&str; 3] = [TOO_SLOW, CRASHED, "too-expensive"];

/// Has the worker make what answers to this prompt are held against, by examining its gold.
fn make_ready(worker: &LoadedExpert, prompt: &SuitePrompt, field: &str) -> Result<(), ExamError> {
    let gold = prompt.record.text(field).unwrap_or_default();
    match examine_one(worker, &prompt.record, &prompt.alternatives, gold)? {
        Examined::Graded(_) => Ok(()),
        Examined::Ended { why, .. } | Examined::Broken(why) => {
            let why = format!("its gold, which the gate let pass: {why}");
            Err(ExamError::Examination { prompt: prompt.id.clone(), why })
        }
    }
}

/// The grade of an answer whose examination did not end: what its text alone tells, without score.
fn failed(expert: &LoadedExpert, prompt: &SuitePrompt, text: &str) -> Result<Grade, ExamError> {
    let request = GradeRequest { prompt: prompt.record.clone(), completion: text.to_owned() };
    let mut grade = expert.grade(&[request])?.pop().unwrap_or_else(|| Grade::new(0.0));
    grade.score = 0.0;
    for check in expert.manifest().checks.iter().filter(|c| c.needs_end) {
        grade.check(&check.code, false);
    }
    Ok(grade)
}

/// Examines one answer. A process that has ended gets a second try as a new one: it may have been
/// weary of the answers before.
///
/// # Errors
/// When the expert cannot be called at all.
pub(super) fn examine_one(
    worker: &LoadedExpert,
    prompt: &Record,
    alternatives: &[String],
    completion: &str,
) -> Result<Examined, ExamError> {
    let request = ExamineRequest {
        prompt: prompt.clone(),
        alternatives: alternatives.to_vec(),
        completion: completion.to_owned(),
    };
    let once = || worker.examine(std::slice::from_ref(&request));
    let grades = match once() {
        Err(PluginError::Call { fault: CallFault::Ended { .. }, .. }) => once(),
        other => other,
    };
    match grades {
        Ok(mut grades) => Ok(match grades.pop() {
            Some(grade) => Examined::Graded(grade),
            None => Examined::Ended { code: CRASHED, why: "the expert gave no grade".to_owned() },
        }),
        Err(PluginError::Call { fault, expert, method, record }) => match fault {
            CallFault::TimedOut(limit) => {
                let why = format!("it did not end within {} s", limit.as_secs_f64());
                Ok(Examined::Ended { code: TOO_SLOW, why })
            }
            CallFault::Ended { status, .. } => {
                Ok(Examined::Ended { code: CRASHED, why: format!("the expert's process ended over it: {status}") })
            }
            CallFault::Panicked(why) => {
                Ok(Examined::Ended { code: CRASHED, why: format!("the expert panicked over it: {why}") })
            }
            CallFault::Refused(why) | CallFault::Impossible(why) => Ok(Examined::Broken(why)),
            fault => Err(PluginError::Call { expert, method, record, fault }.into()),
        },
        Err(other) => Err(other.into()),
    }
}
