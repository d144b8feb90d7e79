//! The result of an evaluation: scores and checks with intervals, per candidate, per pair of candidates
//! and per answer. This is what `--json` prints.

use std::collections::BTreeMap;

use hive_engine::adapter::peft::BaseRef;
use hive_pages::Made;
use hive_runtime::base::Base;
use hive_runtime::opened::OpenExpert;
use hive_runtime::statistics::{Figures, Pair, Rate};
use hive_sdk::Grade;
use hive_sdk::manifest::CheckSpec;
use serde::Serialize;

use super::answer::{Answered, CandidateAnswers};
use super::candidate::{CandidateFacts, Origin};
use super::checked_suite::CheckedSuite;
use super::refused::Refused;
use super::suite::SuitePrompt;

/// The report's format number.
pub const FORMAT: u32 = 2;

/// The result of an evaluation.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The format number, [`FORMAT`].
    pub format: u32,
    /// sha256 over everything that the answers and their grades depend on: two reports with the same digest
    /// are of the same evaluation.
    pub digest: String,
    /// The expert's name and version.
    pub expert: (String, String),
    /// The base.
    pub base: BaseRef,
    /// The suite.
    pub suite: SuiteReport,
    /// The candidates; the base first.
    pub candidates: Vec<CandidateReport>,
    /// Every pair of candidates.
    pub pairs: Vec<Pair>,
    /// The checks that the manifest declares.
    pub checks: Vec<CheckSpec>,
    /// The field of a record that has its gold answer.
    pub completion_field: String,
    /// When and where it was made. Not in the JSON, so that the same evaluation has the same report.
    #[serde(skip)]
    pub made: Made,
}

/// The suite that was asked.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteReport {
    /// The suite's name.
    pub name: String,
    /// sha256 over its prompts as they were read.
    pub digest: String,
    /// Number of prompts and unreadable lines in the whole suite.
    #[serde(rename = "of")]
    pub total: usize,
    /// Number of prompts that were asked.
    pub asked: usize,
    /// Number of these that the gate has changed.
    pub repaired: usize,
    /// Number of the gate's notes, by code.
    pub notes: BTreeMap<String, usize>,
    /// Prompts that were not asked.
    pub refused: Vec<Refused>,
    /// Keys that are not fields of the expert, with the number of prompts that have them.
    pub passed_over: BTreeMap<String, usize>,
    /// The prompts.
    pub prompts: Vec<PromptReport>,
}

/// One prompt.
#[derive(Debug, Clone, Serialize)]
pub struct PromptReport {
    /// Its id.
    pub id: String,
    /// Its topics.
    pub tags: Vec<String>,
    /// Whether comparisons show its answers side by side.
    pub featured: bool,
    /// The record, including its gold answer.
    pub record: hive_sdk::Record,
    /// Other gold answers.
    pub alternatives: Vec<String>,
}

/// How often answers pass a check.
#[derive(Debug, Clone, Serialize)]
pub struct CheckRate {
    /// The check's code.
    pub code: String,
    /// Among the answers to which the check applies.
    pub rate: Rate,
}

/// One candidate.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateReport {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What is known about it.
    pub facts: CandidateFacts,
    /// Whether its answers were constrained, if the expert constrains answers.
    pub constrained: bool,
    /// Number of prompts without an answer that the constraint accepts.
    pub refused: usize,
    /// Number of answers that were not constrained although the expert constrains them, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unconstrained: BTreeMap<String, usize>,
    /// sha256 of the adapter's tensors; none for the base.
    pub adapter: Option<String>,
    /// Number of trained parameters.
    pub trainable_parameters: usize,
    /// Number of the adapter's tensors, all of which were applied.
    pub tensors_applied: usize,
    /// Right answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Rates of the checks.
    pub checks: Vec<CheckRate>,
    /// Right answers and partial credit by tag.
    pub tags: BTreeMap<String, Figures>,
    /// Number of answers with each finding.
    pub findings: BTreeMap<String, usize>,
    /// Mean loss of the gold answers' tokens, in nats per token.
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
    /// The answer's text.
    pub completion: String,
    /// The answer's number of tokens.
    pub tokens: usize,
    /// The expert's grade.
    pub grade: Grade,
}

impl Report {
    pub(super) fn new(
        open: &OpenExpert,
        digest: String,
        base: &Base,
        checked: CheckedSuite,
        answers: Vec<CandidateAnswers>,
        grades: Vec<Vec<Grade>>,
        made: Made,
    ) -> Self {
        let manifest = open.expert.manifest();
        let scores: Vec<Vec<f64>> = grades.iter().map(|g| g.iter().map(|g| g.score).collect()).collect();
        let mut pairs = Vec::new();
        for (i, first) in answers.iter().enumerate() {
            for (j, second) in answers.iter().enumerate().skip(i + 1) {
                pairs.push(Pair::of((&first.candidate.name, &scores[i]), (&second.candidate.name, &scores[j])));
            }
        }
        let candidates = answers
            .into_iter()
            .zip(grades)
            .map(|(answers, grades)| candidate_report(answers, grades, &checked.prompts, &manifest.checks))
            .collect();
        Self {
            format: FORMAT,
            digest,
            expert: (manifest.name.clone(), manifest.version.clone()),
            base: base.reference.clone(),
            suite: suite_report(checked),
            candidates,
            pairs,
            checks: manifest.checks.clone(),
            completion_field: manifest.completion_field().unwrap_or_default().to_owned(),
            made,
        }
    }

    /// The candidate of this name.
    pub fn candidate(&self, name: &str) -> Option<&CandidateReport> {
        self.candidates.iter().find(|c| c.name == name)
    }
}

impl CandidateReport {
    /// The rate of a check, if it applied to any answer.
    pub fn check(&self, code: &str) -> Option<Rate> {
        self.checks.iter().find(|c| c.code == code).map(|c| c.rate).filter(|rate| rate.of > 0)
    }
}

fn suite_report(checked: CheckedSuite) -> SuiteReport {
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
        total: checked.total,
        asked: checked.prompts.len(),
        repaired: checked.repaired,
        notes: checked.notes,
        refused: checked.refused,
        passed_over: checked.passed_over,
        prompts: checked.prompts.into_iter().map(prompt).collect(),
    }
}

fn candidate_report(
    answers: CandidateAnswers,
    grades: Vec<Grade>,
    prompts: &[SuitePrompt],
    specs: &[CheckSpec],
) -> CandidateReport {
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
    let (reading, writing) = speeds(&answers.answers);
    let mut unconstrained: BTreeMap<String, usize> = BTreeMap::new();
    for why in answers.answers.iter().filter_map(|answer| answer.unconstrained.as_ref()) {
        *unconstrained.entry(why.clone()).or_default() += 1;
    }
    let CandidateAnswers { candidate, adapter, answers, gold_loss, tensors, parameters } = answers;
    CandidateReport {
        figures: Figures::of(grades.iter().map(|g| g.score)),
        checks,
        tags: by_tag.into_iter().map(|(tag, scores)| (tag, Figures::of(scores))).collect(),
        findings,
        gold_loss,
        constrained: candidate.constrained,
        refused: answers.iter().filter(|answer| answer.refused).count(),
        unconstrained,
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
    // The first token is part of reading the prompt.
    let written: usize = answers.iter().map(|a| a.tokens.saturating_sub(1)).sum();
    let rest: f64 = answers.iter().map(|a| a.seconds - a.first_seconds).sum();
    let rate = |tokens: usize, seconds: f64| (seconds > 0.0 && tokens > 0).then(|| tokens as f64 / seconds);
    (rate(read, first), rate(written, rest))
}
