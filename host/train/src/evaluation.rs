//! Evaluates an adapter: held-out loss, and answers graded by the expert. During training the
//! adapter alone, at the end base model and expert side by side.

use std::sync::atomic::AtomicBool;

use hive_engine::EngineError;
use hive_engine::adapter::{Adapter, AdapterScales};
use hive_engine::data::{Batching, Example, Records};
use hive_engine::network::pass::{Model, Pass};
use hive_engine::train::trainer::evaluate;
use hive_engine::train::{Graded, Grader};
use hive_plugins::LoadedExpert;
use hive_runtime::grade::{Scores, grade};
use hive_runtime::statistics::Figures;
use hive_runtime::tokenise::Tokeniser;
use hive_sdk::Record;
use hive_sdk::manifest::Recipe;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::reporter::TrainReporter;
use super::setup::Setup;

/// Format version of `evaluation.json`.
pub(super) const FORMAT: u32 = 2;

/// One metric for the base model and the expert.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compared<T> {
    /// Value for the base model alone.
    pub base: T,
    /// Value for the base model with the adapter.
    pub expert: T,
}

/// The final evaluation of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// Format version.
    pub format: u32,
    /// Held-out loss of base model and expert, nats per token.
    pub loss: Option<Compared<f64>>,
    /// Held-out token accuracy of base model and expert.
    pub token_accuracy: Option<Compared<f64>>,
    /// Graded answers to held-out records, base model and expert.
    pub held_out: Option<Compared<Scores>>,
    /// Graded answers to the manifest's eval prompts, base model and expert.
    pub eval_prompts: Option<Compared<Scores>>,
    /// Step of the adapter that was kept.
    pub step: u64,
}

/// The final comparison.
pub(super) struct Evaluation<'a> {
    pub(super) expert: &'a LoadedExpert,
    pub(super) setup: &'a Setup,
    pub(super) tokeniser: &'a Tokeniser<'a>,
    pub(super) recipe: &'a Recipe,
    pub(super) stop: &'a AtomicBool,
}

impl Evaluation<'_> {
    /// Compares; `None` when it was stopped.
    pub(super) fn run(
        &self,
        adapter: &Adapter,
        step: u64,
        reporter: &mut dyn TrainReporter,
    ) -> Result<Option<Summary>, TrainError> {
        let decoder = &self.setup.base.decoder;
        let scales = AdapterScales::new(adapter, decoder);
        let plain = Model { base: decoder, adapter: None, stop: Some(self.stop) };
        let adapted = Model { adapter: Some((adapter, &scales)), ..plain };
        let held = &self.setup.held;
        let (mut loss, mut token_accuracy) = (None, None);
        if !held.is_empty() {
            let batching = Batching::from_recipe(&self.setup.config);
            let mut pass = Pass::new();
            let before = evaluate(&mut pass, plain, held, batching)?;
            let after = evaluate(&mut pass, adapted, held, batching)?;
            if plain.stopped() {
                return Ok(None);
            }
            loss = Some(Compared { base: before.mean(), expert: after.mean() });
            token_accuracy = Some(Compared { base: before.accuracy(), expert: after.accuracy() });
        }
        // An expert that cannot grade is compared by its loss alone.
        let wanted = if self.expert.grades() { self.recipe.data.graded_prompts } else { 0 };
        let mut prompts: Vec<Record> = self.expert.eval_prompts()?.into_iter().map(|p| p.record).collect();
        let all = prompts.len();
        prompts.truncate(wanted);
        let records = self.setup.set.report.validation;
        let held_out = self.both(plain, adapted, ("held-out", &self.setup.held_out(wanted)?, records), reporter)?;
        let eval_prompts = self.both(plain, adapted, ("eval", &prompts, all), reporter)?;
        let summary = Summary { format: FORMAT, loss, token_accuracy, held_out, eval_prompts, step };
        Ok((!plain.stopped()).then_some(summary))
    }

    fn both(
        &self,
        plain: Model,
        adapted: Model,
        (kind, prompts, available): (&str, &[Record], usize),
        reporter: &mut dyn TrainReporter,
    ) -> Result<Option<Compared<Scores>>, TrainError> {
        if prompts.is_empty() || plain.stopped() {
            return Ok(None);
        }
        let max_tokens = longest_answer(self.tokeniser, self.expert, prompts)?;
        let mut graded = |who: &str, model: Model| {
            grade(model.into(), self.tokeniser, self.expert, (prompts, available), max_tokens, |i, answer| {
                reporter.grading(who, kind, (i + 1, prompts.len()), answer);
                true
            })
        };
        Ok(Some(Compared { base: graded("base", plain)?, expert: graded("expert", adapted)? }))
    }
}

/// Maximum tokens of an answer to these prompts: one more than twice as long as the longest gold
/// completion cannot be correct.
fn longest_answer(tokeniser: &Tokeniser, expert: &LoadedExpert, prompts: &[Record]) -> Result<usize, TrainError> {
    let golds = tokeniser.records(expert, prompts)?;
    let longest = golds.iter().map(Example::loss_tokens).max().unwrap_or(0);
    Ok((2 * longest).clamp(32, expert.manifest().generation.max_new_tokens.max(32)))
}

/// Grades the adapter's answers to the same few held-out prompts at every evaluation. When it is stopped, the evaluation as
/// a whole is repeated by the resumed run, so that it gets the same scores.
pub(super) struct HeldOutGrader<'a> {
    expert: &'a LoadedExpert,
    tokeniser: &'a Tokeniser<'a>,
    prompts: Vec<Record>,
    max_tokens: usize,
}

impl<'a> HeldOutGrader<'a> {
    /// Creates a grader if the recipe asks for one and there are held-out prompts.
    pub(super) fn new(
        expert: &'a LoadedExpert,
        tokeniser: &'a Tokeniser<'a>,
        setup: &Setup,
        recipe: &Recipe,
    ) -> Result<Option<Self>, TrainError> {
        let prompts = setup.held_out(recipe.training.graded_eval_prompts)?;
        if prompts.is_empty() || !expert.grades() {
            return Ok(None);
        }
        let max_tokens = longest_answer(tokeniser, expert, &prompts)?;
        Ok(Some(Self { expert, tokeniser, prompts, max_tokens }))
    }
}

impl Grader for HeldOutGrader<'_> {
    fn grade(&mut self, model: Model, _step: u64) -> hive_engine::Result<Option<Graded>> {
        let prompts = (&self.prompts[..], self.prompts.len());
        let scores = grade(model.into(), self.tokeniser, self.expert, prompts, self.max_tokens, |_, _| true)
            .map_err(|e| EngineError::Caller(Box::new(e)))?;
        let Figures { right_answers, partial_credit } = scores.figures;
        let (answers, right) = (right_answers.of, right_answers.count());
        let credit_interval = (partial_credit.low, partial_credit.high);
        Ok(Some(Graded { answers, right, credit: partial_credit.value, credit_interval }))
    }
}
