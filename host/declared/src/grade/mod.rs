//! `grade`: the graders of a manifest, compiled, and what they give an answer.

mod command;
mod json_fields;
mod numbers;
mod sets;

use std::collections::BTreeMap;

use hive_sdk::declared::{Choices, Grader, GraderSpec, Pattern};
use hive_sdk::text::TextStep;
use hive_sdk::{ExpertError, Finding, Grade, Manifest, Record};
use regex::Regex;
use serde_json::{Map, Value};

pub use command::Commands;

use crate::patterns::{compiled, shown};

/// What a grader found of an answer, against one right answer.
struct Outcome {
    /// From 0 to 1; 1 is right.
    score: f64,
    /// What differs.
    findings: Vec<Finding>,
}

impl Outcome {
    fn right() -> Self {
        Self { score: 1.0, findings: Vec::new() }
    }

    fn wrong(code: &str, message: impl Into<String>) -> Self {
        Self { score: 0.0, findings: vec![finding(code, message)] }
    }
}

fn finding(code: &str, message: impl Into<String>) -> Finding {
    Finding { code: code.to_owned(), message: message.into() }
}

/// A grader, ready to be applied.
enum Ready {
    /// Compares with a right answer.
    Against(Grader),
    /// Compares with texts of the manifest or the record, whatever the gold is.
    OneOf(Choices),
    Regex(Result<Regex, String>),
    Command(hive_sdk::declared::GradeCommand),
}

/// The graders of a manifest.
pub struct Graders {
    graders: Vec<(GraderSpec, Ready)>,
    commands: Commands,
}

/// What an answer is graded by.
pub struct Graded<'a> {
    /// The prompt's record, with its gold completion.
    pub prompt: &'a Record,
    /// The right answers: the gold completion, then its alternatives.
    pub right: Vec<&'a str>,
    /// The answer.
    pub completion: &'a str,
    /// The settings of the expert.
    pub options: &'a Map<String, Value>,
}

impl Graders {
    /// Compiles the graders. Each fault comes with the index of its grader.
    pub fn new(manifest: &Manifest, commands: Commands) -> (Self, Vec<(usize, String)>) {
        let (mut graders, mut faults) = (Vec::new(), Vec::new());
        for (i, spec) in manifest.grade.iter().enumerate() {
            let ready = match &spec.grader {
                Grader::OneOf(choices) => Ok(Ready::OneOf(choices.clone())),
                Grader::Regex(Pattern::Pattern(pattern)) => compiled(pattern).map(|regex| Ready::Regex(Ok(regex))),
                Grader::Regex(Pattern::Field(field)) => Ok(Ready::Regex(Err(field.clone()))),
                Grader::Command(command) => Ok(Ready::Command(command.clone())),
                other => Ok(Ready::Against(other.clone())),
            };
            match ready {
                Ok(ready) => graders.push((spec.clone(), ready)),
                Err(why) => faults.push((i, why)),
            }
        }
        (Self { graders, commands }, faults)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.graders.is_empty()
    }

    /// The grade of an answer: the mean of the graders by weight, 1 only when each gives 1.
    ///
    /// # Errors
    /// When a program may not run or fails, or the record's own pattern is none.
    pub fn grade(&self, asked: &Graded<'_>) -> Result<Grade, ExpertError> {
        let (mut score, mut weights, mut right) = (0.0, 0.0, true);
        let (mut findings, mut checks): (Vec<Finding>, BTreeMap<String, bool>) = Default::default();
        for (spec, ready) in &self.graders {
            let outcome = self.outcome(spec, ready, asked)?;
            let passed = outcome.score >= 1.0;
            right &= passed;
            score += spec.weight * outcome.score;
            weights += spec.weight;
            if let Some(check) = &spec.check {
                // Several graders may share a check.
                let all = checks.entry(check.clone()).or_insert(true);
                *all &= passed;
            }
            findings.extend(outcome.findings);
        }
        let mean = if weights > 0.0 { score / weights } else { f64::from(u8::from(right)) };
        // Rounding must not make a wrong answer right, nor a right one wrong.
        let score = if right { 1.0 } else { mean.clamp(0.0, BELOW_RIGHT) };
        Ok(Grade { score, findings, checks, evidence: None })
    }

    fn outcome(&self, spec: &GraderSpec, ready: &Ready, asked: &Graded<'_>) -> Result<Outcome, ExpertError> {
        let normal = |text: &str| TextStep::apply_all(&spec.normalise, text);
        let answer = || normal(asked.completion);
        Ok(match ready {
            Ready::Against(grader) => {
                let mut best: Option<Outcome> = None;
                for right in &asked.right {
                    let outcome = against(grader, &spec.normalise, right, asked.completion);
                    if best.as_ref().is_none_or(|best| outcome.score > best.score) {
                        best = Some(outcome);
                    }
                }
                best.unwrap_or_else(|| Outcome::wrong("no-gold", "the record has no right answer"))
            }
            Ready::OneOf(choices) => {
                let choices = match choices {
                    Choices::Values(values) => values.clone(),
                    Choices::Field(field) => listed(asked.prompt.text(field).unwrap_or_default()),
                };
                let answer = answer();
                match choices.iter().any(|choice| normal(choice) == answer) {
                    true => Outcome::right(),
                    false => Outcome::wrong(
                        "none-of",
                        format!("got `{}`, which is none of the right answers", shown(&answer)),
                    ),
                }
            }
            Ready::Regex(regex) => {
                let of_record;
                let regex = match regex {
                    Ok(regex) => regex,
                    Err(field) => {
                        of_record = compiled(asked.prompt.require(field)?).map_err(ExpertError::new)?;
                        &of_record
                    }
                };
                let answer = answer();
                match regex.is_match(&answer) {
                    true => Outcome::right(),
                    false => {
                        Outcome::wrong("no-match", format!("got `{}`, expected a match of `{regex}`", shown(&answer)))
                    }
                }
            }
            Ready::Command(command) => {
                let right: Vec<String> = asked.right.iter().map(|right| normal(right)).collect();
                self.commands.grade(command, asked, &right, &answer())?
            }
        })
    }
}

/// The highest score of an answer that is not right.
const BELOW_RIGHT: f64 = 0.99;

/// The answer against one right answer.
fn against(grader: &Grader, steps: &[TextStep], right: &str, completion: &str) -> Outcome {
    let normal = |text: &str| TextStep::apply_all(steps, text);
    match grader {
        Grader::Numeric(tolerance) => numbers::outcome(*tolerance, &normal(right), &normal(completion)),
        Grader::JsonFields(fields) => json_fields::outcome(fields, steps, right, completion),
        Grader::SetF1(set) => sets::outcome(&set.separator, steps, right, completion),
        _ => {
            let (right, answer) = (normal(right), normal(completion));
            match right == answer {
                true => Outcome::right(),
                false => Outcome::wrong("differs", format!("got `{}`, expected `{}`", shown(&answer), shown(&right))),
            }
        }
    }
}

/// The texts of a field: those of a JSON array, else its lines.
fn listed(text: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<Value>>(text) {
        Ok(items) => items.iter().map(as_text).collect(),
        Err(_) => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    }
}

/// A JSON value as a text: a text without its quotes.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
