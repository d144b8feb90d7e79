//! What a user asks to be evaluated: a candidate by its source, checkpoints of a run, and the base model on which all
//! candidates answer.

use std::path::Path;

use hive_net::{Context, TransferReporter};
use hive_runtime::models::{Catalogue, hub_adapter};
use hive_train::TrainError;

use super::candidate::{Candidate, Origin, checkpoints};
use super::error::EvalError;

/// The candidate at `source`: a run folder of `expert`, a PEFT folder, or `hub:OWNER/NAME`, which is downloaded if
/// necessary.
///
/// # Errors
/// When it is none of these.
pub fn candidate_at(
    context: &Context,
    name: &str,
    source: &str,
    expert: &str,
    reporter: &mut dyn TransferReporter,
) -> Result<Candidate, EvalError> {
    if source.starts_with("hub:") {
        let dir = hub_adapter(context, source, reporter)?;
        return Candidate::of_folder(name, &dir, Origin::Hub { name: source.to_owned() });
    }
    let path = Path::new(source);
    if path.join("run.json").is_file() {
        return Candidate::of_run(name, path, expert);
    }
    if path.is_dir() {
        return Candidate::of_folder(name, path, Origin::Folder { path: path.to_owned() });
    }
    Err(EvalError::NoCandidate { place: source.to_owned() })
}

/// The checkpoints that `asked` names: `all`, ordered by step, or the one of this step.
///
/// # Errors
/// When the run cannot be read, or has no checkpoint of this step.
pub fn asked_checkpoints(run: &Path, expert: &str, asked: &str) -> Result<Vec<Candidate>, EvalError> {
    let mut all = checkpoints(run, expert)?;
    if asked == "all" {
        return Ok(all);
    }
    let known = all.iter().filter_map(|candidate| candidate.facts.steps).collect();
    all.retain(|candidate| candidate.facts.steps.is_some_and(|step| step.to_string() == asked));
    if all.is_empty() {
        return Err(EvalError::NoCheckpoint { run: run.to_owned(), asked: asked.to_owned(), known });
    }
    Ok(all)
}

/// The base model on which candidates answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateBase {
    /// Its id in the catalogue, or its path.
    pub id: String,
    /// Candidates that were made for another base model, with the name of that one.
    pub made_for_others: Vec<(String, String)>,
}

impl CandidateBase {
    /// The base model: `asked`, else the first that a candidate names and that this machine or the catalogue has, else
    /// `first`, the expert's first.
    ///
    /// # Errors
    /// When the catalogue of base models cannot be read.
    pub fn of(asked: Option<&str>, candidates: &[Candidate], first: Option<&str>) -> Result<Self, EvalError> {
        let mut named = Vec::new();
        for candidate in candidates {
            named.push((candidate, candidate.base_id()?));
        }
        let catalogue = Catalogue::embedded().map_err(TrainError::from)?;
        // Named as in the candidates, so that one base model does not look like two.
        let asked = asked.map(|name| match catalogue.named(name) {
            Some(model) if !Path::new(name).exists() => model.id.clone(),
            _ => name.to_owned(),
        });
        let of_a_candidate = || named.iter().find_map(|(_, id)| id.clone());
        let id = asked.or_else(of_a_candidate).or_else(|| first.map(str::to_owned)).unwrap_or_default();
        let other = |(candidate, base): &(&Candidate, Option<String>)| {
            let made_for = candidate.facts.made_for.as_ref()?;
            (base.as_ref() != Some(&id) && *made_for != id).then(|| (candidate.name.clone(), made_for.clone()))
        };
        let made_for_others = named.iter().filter_map(other).collect();
        Ok(Self { id, made_for_others })
    }
}
