//! The answer of `hive expert run --json`.

use hive_runtime::answer::Answer;
use serde_json::json;

use super::checked::Checked;

/// The answer of `expert` as JSON; `answered_by` is `None` for the base model alone, `checked` for an expert without its
/// plugin.
pub(super) fn text(
    expert: &str,
    answered_by: Option<&str>,
    base: &str,
    answer: &Answer,
    checked: Option<&Checked>,
) -> String {
    let none = Vec::new();
    let faults = checked.map_or(&none, |checked| &checked.faults);
    let notes = checked.map_or(&none, |checked| &checked.notes);
    let whole = json!({
        "answer": answer.text, "expert": expert, "answered_by": answered_by, "base": base, "complete": answer.complete,
        "constrained": answer.constrained, "prompt_tokens": answer.prompt_tokens, "tokens": answer.tokens, "seconds": answer.seconds,
        "first_token_seconds": answer.first_seconds,
        "checked": checked.is_some_and(|checked| checked.unchecked.is_none()), "faults": faults, "notes": notes,
    });
    format!("{whole:#}")
}
