//! `--lint CODE=LEVEL`, the short form of a recipe's key.

use crate::error::{CommandResult, Failure};

/// Lint levels accepted by `--lint`.
const LEVELS: [&str; 4] = ["reject", "repair", "note", "off"];

/// The `--set` that a `--lint` stands for. Which lints there are is the expert's to say.
///
/// # Errors
/// When it is malformed, or the level is unknown.
pub(super) fn set(lint: &str) -> CommandResult<String> {
    let misuse = |expected: &str| {
        Failure::misuse(format!("Failed to read `--lint {lint}`: expected {expected}"))
            .hint("such as `--lint needless-alias=note`")
    };
    let (code, level) = lint.split_once('=').ok_or_else(|| misuse("`CODE=LEVEL`"))?;
    if !LEVELS.contains(&level.trim()) {
        return Err(misuse(&format!("one of these levels: {}", LEVELS.join(", "))).into());
    }
    Ok(format!("data.lints.{}={}", code.trim(), level.trim()))
}
