//! Grades answers by running them in the expert's worker processes. All candidates' answers to a prompt
//! are graded one after another, so that the test databases of a prompt are built once. A worker that
//! hangs or dies on an answer costs that answer its score, and nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use hive_data::datasets::file_stamps;
use hive_data::pipeline::{CRASHED, TOO_SLOW};
use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{ExamineRequest, Grade, GradeRequest, Record};
use serde_json::{Value, json};

use super::answer::{Answered, CandidateAnswers};
use super::cache::CacheKind;
use super::error::EvalError;
use super::reporter::EvalReporter;
use super::suite::SuitePrompt;
use super::workers::Workers;

/// The prompt has more tokens than the base can read.
const TOO_LONG_PROMPT: &str = "prompt-too-long";
/// The answer did not end within its token limit.
const CUT: &str = "cut-answer";

/// Codes of findings that another run may not have.
pub(super) const TRANSIENT: [&str; 3] = [TOO_SLOW, CRASHED, "too-expensive"];

/// How running an answer ended.
#[derive(Debug)]
pub(super) enum ExecutionOutcome {
    /// With a grade.
    Graded(Grade),
    /// The worker was stopped or died while running it.
    Ended {
        /// A finding's code.
        code: &'static str,
        /// What happened.
        why: String,
    },
    /// The prompt is at fault, for this reason.
    Broken(String),
}

/// Grades of all answers, per candidate and prompt; `None` if `stop` was set before the end.
pub(super) fn execution_grades(
    workers: &Workers<'_>,
    prompts: &[SuitePrompt],
    candidates: &[CandidateAnswers],
    stop: &AtomicBool,
    reporter: &dyn EvalReporter,
) -> Result<Option<Vec<Vec<Grade>>>, EvalError> {
    let numbered: Vec<(usize, &SuitePrompt)> = prompts.iter().enumerate().collect();
    let grade_prompt = |process: &LoadedExpert, (at, prompt): &(usize, &SuitePrompt)| {
        let mut grader = PromptGrader { workers, process, prompt, warm: false };
        let mut known: BTreeMap<&str, Grade> = BTreeMap::new();
        let mut grades = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let answer = &candidate.answers[*at];
            let mut grade = match known.get(answer.text.as_str()) {
                Some(grade) => grade.clone(),
                None if answer.too_long => grader.too_long(answer)?,
                None => {
                    let grade = grader.grade(&answer.text)?;
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
    let by_prompt = workers.map(&numbered, stop, grade_prompt, |done| reporter.grading(done, prompts.len()))?;
    let Some(by_prompt) = by_prompt else { return Ok(None) };
    Ok(Some((0..candidates.len()).map(|i| by_prompt.iter().map(|grades| grades[i].clone()).collect()).collect()))
}

/// Grades the answers to one prompt in one worker process.
struct PromptGrader<'a> {
    workers: &'a Workers<'a>,
    process: &'a LoadedExpert,
    prompt: &'a SuitePrompt,
    /// Whether the process has built what answers to this prompt are compared with.
    warm: bool,
}

impl PromptGrader<'_> {
    /// The grade of an answer, from the cache if it is known.
    fn grade(&mut self, text: &str) -> Result<Grade, EvalError> {
        let Workers { expert, options, cache, .. } = self.workers;
        let SuitePrompt { record, alternatives, .. } = self.prompt;
        let files = file_stamps(&expert.manifest().dataset, record);
        let key = json!([record, alternatives, text, files, options]);
        if let Some(grade) = cache.get(CacheKind::Grades, &key) {
            return Ok(grade);
        }
        // In a call of its own, so that its time counts against no answer.
        if !std::mem::replace(&mut self.warm, true) {
            self.warm_up()?;
        }
        self.run(text, &key)
    }

    fn run(&self, text: &str, key: &Value) -> Result<Grade, EvalError> {
        match execution_grade(self.process, &self.prompt.record, &self.prompt.alternatives, text)? {
            ExecutionOutcome::Graded(grade) => {
                // What ran out of time or memory may complete another time.
                if !grade.findings.iter().any(|finding| TRANSIENT.contains(&finding.code.as_str())) {
                    self.workers.cache.put(CacheKind::Grades, key, &grade);
                }
                Ok(grade)
            }
            ExecutionOutcome::Ended { code, why } => Ok(self.failed(text)?.with(code, why)),
            // The prompt has passed its check, so the fault is neither its own nor the answer's.
            ExecutionOutcome::Broken(why) => Err(self.error(why)),
        }
    }

    /// Has the process build what answers are compared with, by grading the prompt's gold answer.
    fn warm_up(&self) -> Result<(), EvalError> {
        let field = self.workers.expert.manifest().completion_field().unwrap_or_default();
        let gold = self.prompt.record.text(field).unwrap_or_default();
        match execution_grade(self.process, &self.prompt.record, &self.prompt.alternatives, gold)? {
            ExecutionOutcome::Graded(_) => Ok(()),
            ExecutionOutcome::Ended { why, .. } | ExecutionOutcome::Broken(why) => {
                Err(self.error(format!("its gold, which the gate let pass: {why}")))
            }
        }
    }

    fn too_long(&self, answer: &Answered) -> Result<Grade, EvalError> {
        let message =
            format!("the prompt has {} tokens, with an answer more than the base can read", answer.prompt_tokens);
        Ok(self.failed("")?.with(TOO_LONG_PROMPT, message))
    }

    /// The grade of an answer that was not run to its end: findings from its text, score 0.
    fn failed(&self, text: &str) -> Result<Grade, EvalError> {
        let expert = self.workers.expert;
        let request = GradeRequest { prompt: self.prompt.record.clone(), completion: text.to_owned() };
        let mut grade = expert.grade(&[request])?.pop().unwrap_or_else(|| Grade::new(0.0));
        grade.score = 0.0;
        for check in expert.manifest().checks.iter().filter(|c| c.needs_end) {
            grade.check(&check.code, false);
        }
        Ok(grade)
    }

    fn error(&self, why: String) -> EvalError {
        EvalError::Grading { prompt: self.prompt.id.clone(), why }
    }
}

/// Runs and grades one answer. A process that died gets a second try as a new process, because earlier
/// answers may have exhausted it.
///
/// # Errors
/// When the expert cannot be called at all.
pub(super) fn execution_grade(
    process: &LoadedExpert,
    prompt: &Record,
    alternatives: &[String],
    completion: &str,
) -> Result<ExecutionOutcome, EvalError> {
    let request = ExamineRequest {
        prompt: prompt.clone(),
        alternatives: alternatives.to_vec(),
        completion: completion.to_owned(),
    };
    let call = || process.examine(std::slice::from_ref(&request));
    let grades = match call() {
        Err(PluginError::Call { fault: CallFault::Ended { .. }, .. }) => call(),
        other => other,
    };
    match grades {
        Ok(mut grades) => Ok(match grades.pop() {
            Some(grade) => ExecutionOutcome::Graded(grade),
            None => ExecutionOutcome::Ended { code: CRASHED, why: "the expert gave no grade".to_owned() },
        }),
        Err(PluginError::Call { fault, expert, method, record }) => match fault {
            CallFault::TimedOut(limit) => {
                let why = format!("it did not end within {} s", limit.as_secs_f64());
                Ok(ExecutionOutcome::Ended { code: TOO_SLOW, why })
            }
            CallFault::Ended { status, .. } => {
                let why = format!("the expert's process crashed on it: {status}");
                Ok(ExecutionOutcome::Ended { code: CRASHED, why })
            }
            CallFault::Panicked(why) => {
                Ok(ExecutionOutcome::Ended { code: CRASHED, why: format!("the expert panicked on it: {why}") })
            }
            CallFault::Refused(why) | CallFault::Impossible(why) => Ok(ExecutionOutcome::Broken(why)),
            fault => Err(PluginError::Call { expert, method, record, fault }.into()),
        },
        Err(other) => Err(other.into()),
    }
}
