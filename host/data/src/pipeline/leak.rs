//! Checks whether a prompt depends on its completion: the model would then see the answer in
//! training, but not in use.

use hive_plugins::LoadedExpert;
use hive_sdk::{Record, Rendered};

/// Placeholder completion for records that cannot be rendered without one.
const OTHER: &str = "another completion";

/// Renders each record without its completion; one that can only be rendered with an answer gets
/// the placeholder. `None` if neither can be rendered.
pub fn rendered_without_completion(expert: &LoadedExpert, records: &[Record]) -> Vec<Option<Rendered>> {
    let asked: Vec<Record> = records.iter().map(|record| expert.without_completion(record)).collect();
    if let Ok(rendered) = expert.render(&asked) {
        return rendered.into_iter().map(Some).collect();
    }
    let field = expert.manifest().completion_field().unwrap_or_default();
    let alone = |(record, asked): (&Record, &Record)| {
        expert.render_one(asked).or_else(|_| expert.render_one(&with_another_completion(record, field)))
    };
    records.iter().zip(&asked).map(|pair| alone(pair).ok()).collect()
}

/// The record with another completion.
pub fn with_another_completion(record: &Record, field: &str) -> Record {
    let mut other = record.clone();
    if record.0.contains_key(field) {
        other.set(field, OTHER);
    }
    other
}

/// The first turn of the prompt that differs between two renderings of one record; `None` when the
/// prompts are the same.
pub fn differing_turn(rendered: &Rendered, other: &Rendered) -> Option<usize> {
    let (here, there) = (rendered.prompt(), other.prompt());
    let differs = || here.iter().zip(there).position(|(a, b)| a != b).unwrap_or(here.len().min(there.len()));
    (here != there).then(differs)
}
