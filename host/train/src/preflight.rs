//! Checks for faults of an expert that would only show after an hour, or never, before the first
//! step: prompts that leak the answer, records without an answer, a grader that rejects its own
//! gold completions. Every fault names the record and the field.

use std::collections::BTreeMap;

use hive_data::pipeline::{Half, PreparedSet, differing_turn, rendered_without_completion, with_another_completion};
use hive_plugins::{BATCH, LoadedExpert, PluginError};
use hive_runtime::statistics::RIGHT;
use hive_sdk::{GradeRequest, Record, Rendered};
use serde_json::json;

use super::TrainError;

/// Number of synthetic records with which an expert is checked.
const MADE: usize = 8;

/// Seed of these records.
const SEED: u64 = 1;

/// Number of records of a prepared set whose gold completions are graded.
pub const GRADED: usize = 64;

/// A record with its name for messages.
pub type Named = (String, Record);

/// Checks an expert with its eval prompts and synthetic records: all that exists before data is
/// read.
///
/// # Errors
/// [`TrainError::Preflight`] with all faults.
pub fn expert(expert: &LoadedExpert) -> Result<(), TrainError> {
    let prompts = expert.eval_prompts()?;
    let named: Vec<Named> =
        prompts.iter().map(|prompt| (format!("eval prompt `{}`", prompt.id), prompt.record.clone())).collect();
    let mut faults = faults_of(expert, &named);
    // If two have the same prompt, the answer to one is graded as wrong for the other.
    if faults.is_empty() {
        let mut asked: BTreeMap<String, &hive_sdk::EvalPrompt> = BTreeMap::new();
        let field = expert.manifest().completion_field().unwrap_or_default();
        for (prompt, rendered) in prompts.iter().zip(rendered(expert, &named).into_iter().flatten()) {
            let Some(other) = asked.insert(json!(rendered.prompt()).to_string(), prompt) else { continue };
            let (a, b) = (other.record.text(field), prompt.record.text(field));
            let known = |prompt: &hive_sdk::EvalPrompt, gold: Option<&str>| {
                prompt.alternatives.iter().any(|x| Some(x.as_str()) == gold)
            };
            if a != b && !known(other, b) && !known(prompt, a) {
                faults.push(format!(
                    "eval prompt `{}`, field `{field}`: `{}` asks the same and has another answer; one of them belongs to `alternatives`",
                    prompt.id, other.id
                ));
            }
        }
    }
    let made = expert.synthesize(SEED, MADE)?.unwrap_or_default();
    let named: Vec<Named> = made.into_iter().enumerate().map(|(i, r)| (format!("synthetic record {i}"), r)).collect();
    faults.extend(faults_of(expert, &named));
    found(expert, faults)
}

/// Checks unjudged records for prompts that leak the answer. Records that cannot be rendered are
/// skipped.
///
/// # Errors
/// As [`expert()`].
pub fn raw(expert: &LoadedExpert, records: &[Named]) -> Result<(), TrainError> {
    let Some(field) = expert.manifest().completion_field() else { return Ok(()) };
    let mut faults = Vec::new();
    let answered: Vec<&Named> = records.iter().filter(|(_, record)| record.text(field).is_some()).collect();
    let plain: Vec<Record> = answered.iter().map(|(_, record)| record.clone()).collect();
    for ((name, record), other) in answered.into_iter().zip(rendered_without_completion(expert, &plain)) {
        let (Ok(rendered), Some(other)) = (expert.render_one(record), other) else { continue };
        faults.extend(leak(name, field, &rendered, &other));
    }
    found(expert, faults)
}

/// Number of records compared at once.
const COMPARED: usize = 256;

/// Fails when the set's prompts differ from what the expert would render now: it was prepared with
/// another library, and the model would be prompted differently in use than in training.
///
/// # Errors
/// As [`expert()`], or [`TrainError::RenderedOtherwise`].
pub fn rendering(expert: &LoadedExpert, library: &str, set: &PreparedSet) -> Result<(), TrainError> {
    if set.report.rendered_by.as_deref() == Some(library) {
        return Ok(());
    }
    for half in Half::BOTH {
        let mut rows = set.rows(half)?.zip(set.chats(half)?).zip(1..).peekable();
        while rows.peek().is_some() {
            let (mut records, mut chats, mut places) = (Vec::new(), Vec::new(), Vec::new());
            for ((record, chat), row) in rows.by_ref().take(COMPARED) {
                records.push(record?);
                chats.push(chat?);
                places.push(format!("{}, row {row}", set.file(half).display()));
            }
            for ((now, then), place) in expert.render(&records)?.iter().zip(&chats).zip(&places) {
                if now != then {
                    let (path, place) = (set.path.clone(), place.clone());
                    return Err(TrainError::RenderedOtherwise { path, expert: expert.name().to_owned(), place });
                }
            }
            let field = expert.manifest().completion_field().unwrap_or_default();
            let others = rendered_without_completion(expert, &records);
            let leaks = places.iter().zip(&chats).zip(others);
            found(expert, leaks.filter_map(|((place, chat), other)| leak(place, field, chat, &other?)).collect())?;
        }
    }
    Ok(())
}

/// Checks that the grader accepts the gold completions of these records.
///
/// # Errors
/// As [`expert()`].
pub fn golds(expert: &LoadedExpert, records: &[Named]) -> Result<(), TrainError> {
    let mut faults = Vec::new();
    for some in records.chunks(BATCH) {
        if let Ok(rendered) = rendered(expert, some) {
            faults.extend(misgraded(expert, some, &rendered));
        }
    }
    found(expert, faults)
}

fn found(expert: &LoadedExpert, faults: Vec<String>) -> Result<(), TrainError> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(TrainError::Preflight { expert: expert.name().to_owned(), faults })
}

/// All faults of these records.
fn faults_of(expert: &LoadedExpert, named: &[Named]) -> Vec<String> {
    let field = expert.manifest().completion_field().unwrap_or_default();
    let mut faults = Vec::new();
    let mut good: Vec<(Named, Rendered)> = Vec::new();
    let all = rendered(expert, named);
    for (i, (name, record)) in named.iter().enumerate() {
        let one = match &all {
            Ok(all) => Ok(all[i].clone()),
            // Render each alone, to find the one at fault.
            Err(_) => expert.render_one(record),
        };
        let one = match one {
            Ok(one) => one,
            Err(error) => {
                faults.push(format!("{name}: {}", why(error)));
                continue;
            }
        };
        let before = faults.len();
        faults.extend(no_completion(name, field, record, &one));
        match expert.render_one(&record.without(field)) {
            Ok(other) => {
                let changed = expert.render_one(&with_another_completion(record, field)).ok();
                let leak = leak(name, field, &one, &other);
                faults.extend(leak.or_else(|| changed.and_then(|other| self::leak(name, field, &one, &other))));
            }
            // A prompt without an answer must render, as in use.
            Err(error) => faults.push(format!("{name}, without the field `{field}`: {}", why(error))),
        }
        if faults.len() == before {
            good.push(((name.clone(), record.clone()), one));
        }
    }
    let (named, rendered): (Vec<Named>, Vec<Rendered>) = good.into_iter().unzip();
    faults.extend(misgraded(expert, &named, &rendered));
    faults
}

fn rendered(expert: &LoadedExpert, named: &[Named]) -> Result<Vec<Rendered>, PluginError> {
    expert.render(&named.iter().map(|(_, record)| record.clone()).collect::<Vec<_>>())
}

/// The text that is learned from a record.
fn completion_of(rendered: &Rendered) -> String {
    rendered.completion().iter().map(|turn| turn.content.as_str()).collect::<Vec<_>>().join("\n")
}

fn no_completion(name: &str, field: &str, record: &Record, rendered: &Rendered) -> Option<String> {
    if !completion_of(rendered).trim().is_empty() {
        return None;
    }
    Some(match record.text(field) {
        Some(_) => format!("{name}, field `{field}`: it holds an answer, and `render` gives no completion"),
        None => format!("{name}, field `{field}`: it holds no answer, so there is nothing to learn"),
    })
}

fn leak(name: &str, field: &str, rendered: &Rendered, other: &Rendered) -> Option<String> {
    let turn = differing_turn(rendered, other)?;
    Some(format!(
        "{name}, field `{field}`: the prompt depends on the answer (turn {turn} differs when the answer does), so the model would be shown it"
    ))
}

/// Gold completions that the grader does not always give the full score.
fn misgraded(expert: &LoadedExpert, named: &[Named], rendered: &[Rendered]) -> Vec<String> {
    if !expert.grades() {
        return Vec::new();
    }
    let field = expert.manifest().completion_field().unwrap_or_default();
    let requests: Vec<GradeRequest> = named
        .iter()
        .zip(rendered)
        .map(|((_, record), rendered)| GradeRequest { prompt: record.clone(), completion: completion_of(rendered) })
        .collect();
    let scores = |requests: &[GradeRequest]| {
        Ok::<_, PluginError>(expert.grade(requests)?.into_iter().map(|grade| grade.score).collect::<Vec<_>>())
    };
    let (first, second) = (scores(&requests), scores(&requests));
    let mut faults = Vec::new();
    for (i, (name, _)) in named.iter().enumerate() {
        let one = |all: &Result<Vec<f64>, PluginError>| match all {
            Ok(all) => Ok(all[i]),
            Err(_) => scores(&requests[i..=i]).map(|scores| scores.first().copied().unwrap_or(0.0)),
        };
        match (one(&first), one(&second)) {
            (Err(error), _) | (_, Err(error)) => faults.push(format!("{name}, field `{field}`: {}", why(error))),
            (Ok(a), Ok(b)) if a != b => {
                faults.push(format!("{name}, field `{field}`: `grade` gives the same answer {a} and then {b}"));
            }
            (Ok(score), Ok(_)) if score < RIGHT => {
                faults.push(format!(
                    "{name}, field `{field}`: `grade` gives the record's own answer {score}, expected 1"
                ));
            }
            _ => {}
        }
    }
    // A model's first answers are nonsense: they must get a low score, not an error.
    let nothing = |request: &GradeRequest| GradeRequest { completion: String::new(), ..request.clone() };
    let nothings: Vec<GradeRequest> = requests.iter().map(nothing).collect();
    if faults.is_empty() && scores(&nothings).is_err() {
        for ((name, _), request) in named.iter().zip(&nothings) {
            let error = scores(std::slice::from_ref(request)).err();
            faults.extend(error.map(|error| format!("{name}, field `{field}`, of an empty answer: {}", why(error))));
        }
    }
    faults
}

/// The error of a call, without the expert and the index in a batch, which mean nothing here.
fn why(error: PluginError) -> String {
    match error {
        PluginError::Call { method, fault, .. } => format!("`{method}` fails: {fault}"),
        other => other.to_string(),
    }
}
