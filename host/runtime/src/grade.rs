//! Graded evaluation: a model answers prompts that it never saw, the expert grades the answers.

use std::collections::BTreeMap;

use hive_engine::network::pass::Model;
use hive_plugins::LoadedExpert;
use hive_sdk::{Grade, GradeRequest, Record};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, answer_to, has_room};
use super::tokenise::Tokeniser;
use crate::RuntimeError;
use crate::statistics::Figures;

/// One prompt, answered and graded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Graded {
    /// The record, with its gold completion.
    pub prompt: Record,
    /// What the model answered.
    pub completion: String,
    /// What the expert says of it.
    pub grade: Grade,
}

/// All prompts of an evaluation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scores {
    /// Right answers and partial credit.
    #[serde(flatten)]
    pub figures: Figures,
    /// Prompts that there are to ask; those that were asked may be fewer.
    pub of: usize,
    /// How often each finding came.
    pub findings: BTreeMap<String, usize>,
    /// Prompts that were not asked: with an answer they are more than the base can read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Prompt by prompt.
    pub graded: Vec<Graded>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Answers and grades `prompts`, but for those that leave no room for an answer; `on_answer` sees each as
/// it comes and says whether to go on. What was answered before a stop is graded. `of` is how many prompts
/// these were chosen from.
///
/// # Errors
/// What the expert or the model says.
pub fn grade(
    model: Model,
    tokeniser: &Tokeniser,
    expert: &LoadedExpert,
    (prompts, of): (&[Record], usize),
    max_new_tokens: usize,
    mut on_answer: impl FnMut(usize, &Answer) -> bool,
) -> Result<Scores, RuntimeError> {
    let mut requests = Vec::with_capacity(prompts.len());
    let mut left_out = 0;
    for (i, (prompt, ids)) in prompts.iter().zip(tokeniser.prompts(expert, prompts)?).enumerate() {
        if !has_room(&model.base.config, ids.len(), max_new_tokens) {
            left_out += 1;
            continue;
        }
        let answer = answer_to(model, tokeniser, &ids, max_new_tokens, || true)?;
        let go_on = on_answer(i, &answer);
        requests.push(GradeRequest { prompt: prompt.clone(), completion: answer.text });
        if !go_on {
            break;
        }
    }
    let grades = expert.grade(&requests)?;
    let figures = Figures::of(grades.iter().map(|grade| grade.score));
    let mut scores = Scores { figures, of, left_out, ..Scores::default() };
    for (GradeRequest { prompt, completion }, grade) in requests.into_iter().zip(grades) {
        for finding in &grade.findings {
            *scores.findings.entry(finding.code.clone()).or_default() += 1;
        }
        scores.graded.push(Graded { prompt, completion, grade });
    }
    Ok(scores)
}
