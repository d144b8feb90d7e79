//! Checks whether a prompt depends on its completion: the model would then see the answer in
//! training, but not in use.

use hive_plugins::{LoadedExpert, PluginError};
use hive_sdk::{Message, Record, Rendered};

/// Placeholder completion for records that cannot be rendered without one.
const OTHER: &str = "another completion";

/// Renders each record without its completion; one that can only be rendered with an answer gets
/// the placeholder. `None` if neither can be rendered.
pub fn rendered_without_completion(expert: &LoadedExpert, records: &[Record]) -> Vec<Option<Rendered>> {
    let field = expert.manifest().completion_field().unwrap_or_default();
    let asked: Vec<Record> = records.iter().map(|record| without_completion(record, field)).collect();
    if let Ok(rendered) = expert.render(&asked) {
        return rendered.into_iter().map(Some).collect();
    }
    let alone = |record: &Record| {
        render_one(expert, &without_completion(record, field))
            .or_else(|_| render_one(expert, &with_another_completion(record, field)))
    };
    records.iter().map(|record| alone(record).ok()).collect()
}

/// Renders one record.
///
/// # Errors
/// The expert's error.
pub fn render_one(expert: &LoadedExpert, record: &Record) -> Result<Rendered, PluginError> {
    let empty = || Rendered { messages: Vec::new(), completion_start: 0 };
    Ok(expert.render(std::slice::from_ref(record))?.pop().unwrap_or_else(empty))
}

/// The record without its completion, as in use.
pub fn without_completion(record: &Record, field: &str) -> Record {
    let mut asked = record.clone();
    asked.0.shift_remove(field);
    asked
}

/// The record with another completion.
pub fn with_another_completion(record: &Record, field: &str) -> Record {
    let mut other = record.clone();
    if record.0.contains_key(field) {
        other.set(field, OTHER);
    }
    other
}

/// The turns before the completion.
pub fn prompt_of(rendered: &Rendered) -> &[Message] {
    &rendered.messages[..rendered.completion_start.min(rendered.messages.len())]
}

/// The first turn of the prompt that differs between two renderings of one record; `None` when the
/// prompts are the same.
pub fn differing_turn(rendered: &Rendered, other: &Rendered) -> Option<usize> {
    let (here, there) = (prompt_of(rendered), prompt_of(other));
    let differs = || here.iter().zip(there).position(|(a, b)| a != b).unwrap_or(here.len().min(there.len()));
    (here != there).then(differs)
}
