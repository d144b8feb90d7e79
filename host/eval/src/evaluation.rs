//! The evaluation itself: checks the suite, has every candidate answer, grades, and makes the report.

use std::sync::atomic::AtomicBool;

use hive_files::hex;
use hive_pages::Stopwatch;
use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_runtime::tokenise::Tokeniser;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::answerer::Answerer;
use super::cache::EvalCache;
use super::candidate::Candidate;
use super::check;
use super::error::EvalError;
use super::execution_grade::execution_grades;
use super::report::{FORMAT, Report};
use super::reporter::EvalReporter;
use super::suite::Suite;
use super::workers::Workers;

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

impl Evaluation<'_> {
    /// sha256 over everything that answers and grades depend on.
    ///
    /// # Errors
    /// When an adapter or the expert's library cannot be read.
    pub fn digest(&self) -> Result<String, EvalError> {
        let mut candidates = Vec::new();
        for candidate in &self.candidates {
            candidates.push((candidate.name.clone(), candidate.sha256()?, candidate.constrained));
        }
        let suite = (&self.suite.name, &self.suite.digest, self.suite.total);
        let code = (FORMAT, env!("CARGO_PKG_VERSION"), self.open.place.sha256()?);
        let settings = (&self.base.reference.digest, self.max_new_tokens, &self.options);
        Ok(hex(&Sha256::digest(json!([suite, candidates, code, settings]).to_string())))
    }

    /// Runs the evaluation; `None` if `stop` was set before it ended.
    ///
    /// # Errors
    /// When no prompt can be used, or the expert, an adapter or the engine fails.
    pub fn run(self, stop: &AtomicBool, reporter: &dyn EvalReporter) -> Result<Option<Report>, EvalError> {
        if !self.open.expert.grades() {
            return Err(EvalError::NoGrader { expert: self.open.expert.name().to_owned() });
        }
        let stopwatch = Stopwatch::start();
        let digest = self.digest()?;
        let cache = EvalCache::open(self.open)?;
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
        let graded = execution_grades(&workers, &checked.prompts, &answers, stop, reporter)?;
        let Some(grades) = graded else { return Ok(None) };
        Ok(Some(Report::new(self.open, digest, self.base, checked, answers, grades, stopwatch.made())))
    }
}
