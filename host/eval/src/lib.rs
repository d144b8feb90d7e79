//! Examinations: candidates answer the prompts of a suite, the expert examines the answers in
//! processes of its own, and what comes out has intervals. Answers and grades are kept in a cache, so
//! that a second run costs seconds and a killed one goes on. Prints nothing.
//!
//! ```text
//! suite       prompts with their golds    check    the gate that they pass before anyone answers
//! candidate   who answers, and what of    sit      answering, greedily
//! examine     answers to grades           workers  several processes at once    cache  what is known
//! report      what came out               comparison  as a table    page  as a page
//! ranking     checkpoints of a run        stored   reports on disk, none overwritten unasked
//! ```

mod cache;
mod candidate;
mod check;
mod comparison;
mod error;
mod examine;
mod page;
mod ranking;
mod refused;
mod report;
mod sit;
mod stored;
mod suite;
mod workers;

use std::sync::atomic::AtomicBool;

use hive_files::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub use cache::Cache;
pub use candidate::{Candidate, CandidateFacts, Origin, checkpoints};
pub use check::Checked;
pub use comparison::{markdown, worth_table};
pub use error::ExamError;
pub use page::html;
pub use ranking::{Ranked, Ranking};
pub use refused::Refused;
pub use report::{AnswerReport, CandidateReport, CheckRate, FORMAT, Report, SuiteReport};
pub use sit::Answered;
pub use stored::{Standing, standing, stem};
pub use suite::{Suite, SuitePrompt};

use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;

/// What to examine, and how.
#[derive(Debug)]
pub struct Exam<'a> {
    /// The expert.
    pub open: &'a OpenExpert,
    /// The base, ready to generate.
    pub base: &'a Base,
    /// The prompts.
    pub suite: Suite,
    /// Who answers; the base itself among them.
    pub candidates: Vec<Candidate>,
    /// Most tokens of an answer.
    pub max_new_tokens: usize,
    /// Settings of the domain's own.
    pub options: Map<String, Value>,
    /// Processes that examine; one per core unless given.
    pub workers: Option<usize>,
}

/// Hears how far an examination is.
pub trait ExamReporter: Sync {
    /// So many prompts of all have passed the gate or not.
    fn checking(&self, done: usize, total: usize);
    /// What became of the suite.
    fn checked(&self, checked: &Checked);
    /// So many prompts are longer than the records that `who` was trained on, of at most `trained` tokens.
    fn beyond_training(&self, who: &str, prompts: usize, trained: usize);
    /// An answer of `who` has come: the `done`th of `total`.
    fn answering(&self, who: &str, done: usize, total: usize, answer: &Answered);
    /// So many prompts of all are examined, the answers of all candidates to each.
    fn examining(&self, done: usize, total: usize);
}

impl Exam<'_> {
    /// sha256 over all that answers and grades depend on.
    ///
    /// # Errors
    /// When an adapter or the expert's library cannot be read.
    pub fn digest(&self) -> Result<String, ExamError> {
        let mut candidates = Vec::new();
        for candidate in &self.candidates {
            candidates.push((candidate.name.clone(), candidate.sha256()?));
        }
        let suite = (&self.suite.name, &self.suite.digest, self.suite.of);
        let code = (report::FORMAT, env!("CARGO_PKG_VERSION"), self.open.place.sha256()?);
        let how = (&self.base.reference.digest, self.max_new_tokens, &self.options);
        Ok(hex(&Sha256::digest(json!([suite, candidates, code, how]).to_string())))
    }

    /// Holds the examination; `None` when `stop` was raised before its end.
    ///
    /// # Errors
    /// What the suite, the expert, an adapter or the engine says.
    pub fn hold(self, stop: &AtomicBool, reporter: &dyn ExamReporter) -> Result<Option<Report>, ExamError> {
        let digest = self.digest()?;
        let cache = Cache::open(self.open)?;
        let workers = workers::start(self.open, self.workers, &self.options)?;
        let Some(checked) =
            check::check(&workers, &self.open.expert, self.suite, (&cache, &self.options), stop, reporter)?
        else {
            return Ok(None);
        };
        reporter.checked(&checked);
        if checked.prompts.is_empty() {
            return Err(ExamError::NothingLeft { suite: checked.name, refused: checked.refused });
        }
        let tokeniser = Tokeniser::new(&self.base.model)?;
        let room = sit::Room {
            base: self.base,
            tokeniser: &tokeniser,
            expert: &self.open.expert,
            prompts: &checked.prompts,
            most: self.max_new_tokens,
            cache: &cache,
        };
        let mut sheets = Vec::new();
        for candidate in self.candidates {
            let Some(sheet) = room.sit(candidate, stop, reporter)? else { return Ok(None) };
            sheets.push(sheet);
        }
        let known = (&cache, &self.options);
        let examined = examine::examine(&workers, &self.open.expert, &checked.prompts, &sheets, known, stop, reporter)?;
        let Some(grades) = examined else { return Ok(None) };
        Ok(Some(Report::new((self.open, digest), self.base, checked, sheets, grades)))
    }
}
