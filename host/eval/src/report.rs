//! What came out of an examination: scores and checks with intervals, candidate by candidate, pair by
//! pair, answer by answer. This is what `--json` prints.

use std::collections::BTreeMap;

use hive_engine::adapter::peft::BaseRef;
use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_runtime::statistics::{Figures, Pair, Rate};
use hive_sdk::Grade;
use hive_sdk::manifest::CheckSpec;
use serde::Serialize;

use super::candidate::{CandidateFacts, Origin};
use super::check::Checked;
use super::refused::Refused;
use super::sit::{Answered, Sheet};
use super::suite::SuitePrompt;

/// Number of the report's format.
pub const FORMAT: u32 = 2;

/// An examination.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Number of this format.
    pub format: u32,
    /// sha256 over all that the answers and their grades depend on: two reports with the same are of
    /// the same evaluation.
    pub digest: String,
    /// The expert's name and version.
    pub expert: (String, String),
    /// The base.
    pub base: BaseRef,
    /// What was asked.
    pub suite: SuiteReport,
    /// Who answered; the base first.
    pub candidates: Vec<CandidateReport>,
    /// Every two of them.
    pub pairs: Vec<Pair>,
    /// What the manifest declares of checks.
    pub checks: Vec<CheckSpec>,
    /// The field of a record that holds its gold.
    pub completion_field: String,
}

/// What was asked.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteReport {
    /// The suite's name.
    pub name: String,
    /// sha256 over its prompts as they came.
    pub digest: String,
    /// Prompts, and lines that are none, in the whole suite.
    pub of: usize,
    /// Prompts that were asked.
    pub asked: usize,
    /// Of these, those that the gate has changed.
    pub repaired: usize,
    /// Remarks of the gate, by code.
    pub notes: BTreeMap<String, usize>,
    /// Prompts that were not asked.
    pub refused: Vec<Refused>,
    /// Keys that are no field.
    pub passed_over: BTreeMap<String, usize>,
    /// The prompts.
    pub prompts: Vec<PromptReport>,
}

/// One prompt.
#[derive(Debug, Clone, Serialize)]
pub struct PromptReport {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// Whether its answers are shown side by side.
    pub featured: bool,
    /// The record, its gold included.
    pub record: hive_sdk::Record,
    /// Other golds.
    pub alternatives: Vec<String>,
}

/// A check's share.
#[derive(Debug, Clone, Serialize)]
pub struct CheckRate {
    /// The check's code.
    pub code: String,
    /// The share of the answers to which it applies.
    pub rate: Rate,
}

/// One candidate.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateReport {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is made of.
    pub facts: CandidateFacts,
    /// sha256 of the adapter's tensors; none for the base.
    pub adapter: Option<String>,
    /// Values that training has changed.
    pub trainable_parameters: usize,
    /// Tensors of the adapter, all of which were applied.
    pub tensors_applied: usize,
    /// Right answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Each check.
    pub checks: Vec<CheckRate>,
    /// The same by tag.
    pub tags: BTreeMap<String, Figures>,
    /// How often each finding came.
    pub findings: BTreeMap<String, usize>,
    /// Mean loss of the golds' tokens, nats per token.
    pub gold_loss: Option<f64>,
    /// Tokens written per second, after the first.
    pub tokens_per_second: Option<f64>,
    /// Prompt tokens read per second.
    pub prompt_tokens_per_second: Option<f64>,
    /// The answers, in the order of the prompts.
    pub answers: Vec<AnswerReport>,
}

/// One answer.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerReport {
    /// The prompt's id.
    pub id: String,
    /// What was written.
    pub completion: String,
    /// Tokens of it.
    pub tokens: usize,
    /// What the expert says.
    pub grade: Grade,
}

impl Report {
    pub(super) fn new(
        (open, digest): (&OpenExpert, String),
        base: &Base,
        checked: Checked,
        sheets: Vec<Sheet>,
        grades: Vec<Vec<Grade>>,
    ) -> Self {
        let manifest = open.expert.manifest();
        let scores: Vec<Vec<f64>> = grades.iter().map(|g| g.iter().map(|g| g.score).collect()).collect();
        let mut pairs = Vec::new();
        for (i, first) in sheets.iter().enumerate() {
            for (j, second) in sheets.iter().enumerate().skip(i + 1) {
                pairs.push(Pair::of((&first.candidate.name, &scores[i]), (&second.candidate.name, &scores[j])));
            }
        }
        let candidates = sheets
            .into_iter()
            .zip(grades)
            .map(|(sheet, grades)| candidate(sheet, grades, &checked.prompts, &manifest.checks))
            .collect();
        Self {
            format: FORMAT,
            digest,
            expert: (manifest.name.clone(), manifest.version.clone()),
            base: base.reference.clone(),
            suite: suite(checked),
            candidates,
            pairs,
            checks: manifest.checks.clone(),
            completion_field: manifest.completion_field().unwrap_or_default().to_owned(),
        }
    }

    /// The candidate of this name.
    pub fn candidate(&self, name: &str) -> Option<&CandidateReport> {
        self.candidates.iter().find(|c| c.name == name)
    }
}

impl CandidateReport {
    /// The share of one check, if it ever applies.
    pub fn check(&self, code: &str) -> Option<Rate> {
        self.checks.iter().find(|c| c.code == code).map(|c| c.rate).filter(|rate| rate.of > 0)
    }
}

fn suite(checked: Checked) -> SuiteReport {
    let prompt = |p: SuitePrompt| PromptReport {
        id: p.id,
        tags: p.tags,
        featured: p.featured,
        record: p.record,
        alternatives: p.alternatives,
    };
    SuiteReport {
        name: checked.name,
        digest: checked.digest,
        of: checked.of,
        asked: checked.prompts.len(),
        repaired: checked.repaired,
        notes: checked.notes,
        refused: checked.refused,
        passed_over: checked.passed_over,
        prompts: checked.prompts.into_iter().map(prompt).collect(),
    }
}

fn candidate(sheet: Sheet, grades: Vec<Grade>, prompts: &[SuitePrompt], specs: &[CheckSpec]) -> CandidateReport {
    let passed = |code: &str| {
        let applies = grades.iter().filter_map(|grade| grade.checks.get(code));
        Rate::of(applies.copied())
    };
    let checks = specs.iter().map(|s| CheckRate { code: s.code.clone(), rate: passed(&s.code) }).collect();
    let mut by_tag: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut findings: BTreeMap<String, usize> = BTreeMap::new();
    for (prompt, grade) in prompts.iter().zip(&grades) {
        for tag in &prompt.tags {
            by_tag.entry(tag.clone()).or_default().push(grade.score);
        }
        let codes: std::collections::BTreeSet<&str> = grade.findings.iter().map(|f| f.code.as_str()).collect();
        codes.into_iter().for_each(|code| *findings.entry(code.to_owned()).or_default() += 1);
    }
    let (reading, writing) = speeds(&sheet.answers);
    let Sheet { candidate, adapter, answers, gold_loss, tensors, parameters } = sheet;
    CandidateReport {
        figures: Figures::of(grades.iter().map(|g| g.score)),
        checks,
        tags: by_tag.into_iter().map(|(tag, scores)| (tag, Figures::of(scores))).collect(),
        findings,
        gold_loss,
        adapter,
        tokens_per_second: writing,
        prompt_tokens_per_second: reading,
        trainable_parameters: parameters,
        tensors_applied: tensors,
        answers: prompts
            .iter()
            .zip(answers)
            .zip(grades)
            .map(|((prompt, answer), grade)| AnswerReport {
                id: prompt.id.clone(),
                completion: answer.text,
                tokens: answer.tokens,
                grade,
            })
            .collect(),
        name: candidate.name,
        origin: candidate.origin,
        facts: candidate.facts,
    }
}

/// Prompt tokens read and tokens written per second.
fn speeds(answers: &[Answered]) -> (Option<f64>, Option<f64>) {
    let read: usize = answers.iter().map(|a| a.prompt_tokens).sum();
    let first: f64 = answers.iter().map(|a| a.first_seconds).sum();
    // The first token comes with the prompt.
    let written: usize = answers.iter().map(|a| a.tokens.saturating_sub(1)).sum();
    let rest: f64 = answers.iter().map(|a| a.seconds - a.first_seconds).sum();
    let rate = |tokens: usize, seconds: f64| (seconds > 0.0 && tokens > 0).then(|| tokens as f64 / seconds);
    (rate(read, first), rate(written, rest))
}
