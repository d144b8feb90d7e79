//! Evaluations: candidates answer the prompts of a suite, the expert grades each answer by running
//! it in a worker process, and the report gives every figure with its interval. Answers and grades are
//! cached, so that a second run takes seconds and an interrupted one resumes. Prints nothing.
//!
//! ```text
//! suite            prompts with their gold answers  check       which prompts of the suite can be used
//! candidate        the base or an adapter           answerer    a candidate's answers, decoded greedily
//! execution_grade  grades by running the answers    workers     the expert's worker processes
//! cache            known answers and grades         report      the result
//! comparison       the report as tables             page        the report as an HTML page
//! ranking          checkpoints of a run, ordered    stored      report files and their names
//! ```

mod answerer;
mod cache;
mod candidate;
mod check;
mod comparison;
mod error;
mod execution_grade;
mod page;
mod ranking;
mod refused;
mod report;
mod stored;
mod suite;
mod workers;

use std::sync::atomic::AtomicBool;

use hive_files::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub use answerer::Answered;
pub use candidate::{Candidate, CandidateFacts, Origin, checkpoints};
pub use check::CheckedSuite;
pub use comparison::{markdown, results_table};
pub use error::EvalError;
pub use page::html;
pub use ranking::{RankedCheckpoint, Ranking};
pub use refused::Refused;
pub use report::{AnswerReport, CandidateReport, CheckRate, FORMAT, Report, SuiteReport};
pub use stored::{ExistingReport, existing_report, file_stem};
pub use suite::{Suite, SuitePrompt};

use answerer::Answerer;
use cache::Cache;
use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;
use workers::Workers;

/// What to evaluate, and with which settings.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// The expert.
    pub open: &'a OpenExpert,
    /// The base, ready to generate.
    pub base: &'a Base,
    /// The prompts.
    pub suite: Suite,
    /// The candidates, including the base alone.
    pub candidates: Vec<Candidate>,
    /// Limit on the tokens of one answer.
    pub max_new_tokens: usize,
    /// Domain-specific settings, passed to the expert.
    pub options: Map<String, Value>,
    /// Number of worker processes; `None` for one per core.
    pub workers: Option<usize>,
}

/// Receives the progress of an evaluation.
pub trait EvalReporter: Sync {
    /// `done` of `total` prompts of the suite have been checked.
    fn checking(&self, done: usize, total: usize);
    /// The whole suite has been checked.
    fn checked(&self, checked: &CheckedSuite);
    /// `prompts` prompts are longer than any record that `candidate` was trained on; the longest had `trained` tokens.
    fn beyond_training(&self, candidate: &str, prompts: usize, trained: usize);
    /// `candidate` has answered prompt number `done` of `total`.
    fn answering(&self, candidate: &str, done: usize, total: usize, answer: &Answered);
    /// The answers of all candidates to `done` of `total` prompts have been graded.
    fn grading(&self, done: usize, total: usize);
}

impl Evaluation<'_> {
    /// sha256 over everything that answers and grades depend on.
    ///
    /// # Errors
    /// When an adapter or the expert's library cannot be read.
    pub fn digest(&self) -> Result<String, EvalError> {
        let mut candidates = Vec::new();
        for candidate in &self.candidates {
            candidates.push((candidate.name.clone(), candidate.sha256()?));
        }
        let suite = (&self.suite.name, &self.suite.digest, self.suite.total);
        let code = (report::FORMAT, env!("CARGO_PKG_VERSION"), self.open.place.sha256()?);
        let settings = (&self.base.reference.digest, self.max_new_tokens, &self.options);
        Ok(hex(&Sha256::digest(json!([suite, candidates, code, settings]).to_string())))
    }

    /// Runs the evaluation; `None` if `stop` was set before it ended.
    ///
    /// # Errors
    /// When no prompt can be used, or the expert, an adapter or the engine fails.
    pub fn run(self, stop: &AtomicBool, reporter: &dyn EvalReporter) -> Result<Option<Report>, EvalError> {
        let digest = self.digest()?;
        let cache = Cache::open(self.open)?;
        let workers = Workers::start(self.open, self.workers, &self.options, &cache)?;
        let Some(checked) = check::check(&workers, self.suite, stop, reporter)? else { return Ok(None) };
        reporter.checked(&checked);
        if checked.prompts.is_empty() {
            return Err(EvalError::NothingLeft { suite: checked.name, refused: checked.refused });
        }
        let answerer = Answerer {
            base: self.base,
            tokeniser: &Tokeniser::new(&self.base.model)?,
            expert: &self.open.expert,
            prompts: &checked.prompts,
            max_new_tokens: self.max_new_tokens,
            cache: &cache,
        };
        let mut answers = Vec::new();
        for candidate in self.candidates {
            let Some(all) = answerer.answer_all(candidate, stop, reporter)? else { return Ok(None) };
            answers.push(all);
        }
        let graded = execution_grade::execution_grades(&workers, &checked.prompts, &answers, stop, reporter)?;
        let Some(grades) = graded else { return Ok(None) };
        Ok(Some(Report::new(self.open, digest, self.base, checked, answers, grades)))
    }
}
