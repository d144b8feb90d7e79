//! Graded evaluation: a model answers held-out prompts, the expert grades the answers.

use std::collections::BTreeMap;

use hive_plugins::LoadedExpert;
use hive_sdk::{Grade, GradeRequest, Record};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Prompt, answer_to};
use super::constraint::Constraining;
use super::model::AdaptedModel;
use super::tokenise::Tokeniser;
use crate::RuntimeError;
use crate::statistics::Figures;

/// One prompt, answered and graded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Graded {
    /// The record, with its gold completion.
    pub prompt: Record,
    /// The model's answer.
    pub completion: String,
    /// The expert's grade.
    pub grade: Grade,
}

/// The results of an evaluation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scores {
    /// Correct answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Number of prompts available; fewer may have been answered.
    pub of: usize,
    /// Count of each finding.
    pub findings: BTreeMap<String, usize>,
    /// Prompts skipped because prompt and answer exceed the base model's context.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Results per prompt.
    pub graded: Vec<Graded>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Answers and grades `prompts`, except those that leave no room for an answer; `on_answer` sees
/// each answer and returns whether to continue. Answers that were complete before a stop are graded. `available`
/// is the number of prompts from which these were selected.
///
/// # Errors
/// Errors of the expert or the model.
pub fn grade(
    model: AdaptedModel<'_>,
    tokeniser: &Tokeniser,
    expert: &LoadedExpert,
    (prompts, available): (&[Record], usize),
    max_new_tokens: usize,
    mut on_answer: impl FnMut(usize, &Answer) -> bool,
) -> Result<Scores, RuntimeError> {
    let constraining = Constraining::new(Some(expert), tokeniser, model.vocab_size());
    let mut requests = Vec::with_capacity(prompts.len());
    let mut left_out = 0;
    for (i, (prompt, ids)) in prompts.iter().zip(tokeniser.prompts(expert, prompts)?).enumerate() {
        if !model.has_room(ids.len(), max_new_tokens) {
            left_out += 1;
            continue;
        }
        let asked = Prompt { record: prompt, ids: &ids };
        let answer = answer_to(model, tokeniser, asked, max_new_tokens, &constraining, |_| true)?;
        if model.stopped() {
            break;
        }
        let keep_going = on_answer(i, &answer);
        requests.push(GradeRequest { prompt: prompt.clone(), completion: answer.text });
        if !keep_going {
            break;
        }
    }
    let grades = expert.grade(&requests)?;
    let figures = Figures::of(grades.iter().map(|grade| grade.score));
    let mut scores = Scores { figures, of: available, left_out, ..Scores::default() };
    for (GradeRequest { prompt, completion }, grade) in requests.into_iter().zip(grades) {
        for finding in &grade.findings {
            *scores.findings.entry(finding.code.clone()).or_default() += 1;
        }
        scores.graded.push(Graded { prompt, completion, grade });
    }
    Ok(scores)
}
