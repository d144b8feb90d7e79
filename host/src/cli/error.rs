//! How an error becomes text and an exit code: `error: …`, its details, its causes, and a hint.
//!
//! Library errors are typed and carry `exit_code()`, `hint()` and perhaps `details()` themselves;
//! `advice` is the one list of those types. To add an error type, add it there. A command that
//! finds a fault of its own returns a [`Failure`]. Context is added with `anyhow::Context`; the
//! advice of the typed error underneath is still found.

use std::error::Error;
use std::process::ExitCode;

use console::style;

use super::output::{StdoutClosed, note};
use hive_engine::EngineError;
use hive_files::FileError;

use crate::datasets::{DatasetError, HubError, MapError};
use crate::exam::ExamError;
use crate::experts::{ExpertError, engine_exit_code, engine_hint, file_exit_code, file_hint};
use crate::gate::GateError;
use crate::installed::InstallError;
use crate::manifest::ManifestError;
use crate::models::ModelError;
use crate::packages::PackageError;
use crate::plugins::PluginError;
use crate::registries::RegistryError;
use crate::trust::TrustError;

/// Exit code of an error that says nothing of its own: the tool failed.
const TOOL_FAILED: u8 = 2;

/// A fault that a command finds itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    exit: u8,
    hint: Option<String>,
    details: Vec<String>,
}

impl Failure {
    /// The command was misused, or the tool failed: exit code 2.
    pub fn misuse(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: TOOL_FAILED, hint: None, details: Vec::new() }
    }

    /// The input or the result is not acceptable: exit code 1.
    pub fn unacceptable(message: impl Into<String>) -> Self {
        Self { exit: 1, ..Self::misuse(message) }
    }

    /// What to try next, with a command to run.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Lines to show below the message.
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

/// What an error says of itself beyond its message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Advice {
    exit: u8,
    hint: Option<String>,
    details: Vec<String>,
}

/// The advice of this one error, not of its causes; `None` for a type that has none.
fn advice(error: &(dyn Error + 'static)) -> Option<Advice> {
    if let Some(e) = error.downcast_ref::<Failure>() {
        return Some(Advice { exit: e.exit, hint: e.hint.clone(), details: e.details.clone() });
    }
    if let Some(e) = error.downcast_ref::<ExpertError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<InstallError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<RegistryError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<PackageError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<TrustError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: Vec::new() });
    }
    if let Some(e) = error.downcast_ref::<ExamError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<HubError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<EngineError>() {
        return Some(Advice { exit: engine_exit_code(e), hint: engine_hint(e), details: Vec::new() });
    }
    if let Some(e) = error.downcast_ref::<FileError>() {
        return Some(Advice { exit: file_exit_code(e), hint: file_hint(e), details: Vec::new() });
    }
    if let Some(e) = error.downcast_ref::<ModelError>() {
        return Some(Advice { exit: TOOL_FAILED, hint: e.hint(), details: Vec::new() });
    }
    if let Some(e) = error.downcast_ref::<PluginError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details().to_vec() });
    }
    if let Some(e) = error.downcast_ref::<ManifestError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<DatasetError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<GateError>() {
        return Some(Advice { exit: e.exit_code(), hint: e.hint(), details: e.details() });
    }
    if let Some(e) = error.downcast_ref::<MapError>() {
        return Some(Advice { exit: TOOL_FAILED, hint: e.hint(), details: Vec::new() });
    }
    None
}

/// Prints the error to stderr and gives the exit code of the process.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Who reads our output had enough of it (`hive … | head`): that is no failure.
    if error.chain().any(|e| e.is::<StdoutClosed>()) {
        return ExitCode::SUCCESS;
    }
    let advice = error.chain().find_map(advice).unwrap_or(Advice { exit: TOOL_FAILED, ..Advice::default() });
    note(&rendered(error, &advice));
    ExitCode::from(advice.exit)
}

fn rendered(error: &anyhow::Error, advice: &Advice) -> String {
    // `for_stderr` keeps colour to terminals and honours NO_COLOR.
    let red = |text| style(text).red().bold().for_stderr();
    let mut text = format!("{} {error}", red("error:"));
    for line in &advice.details {
        text += &format!("\n  {line}");
    }
    let mut said = error.to_string();
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    let mut heading = false;
    for cause in causes {
        // A transparent error and its source say the same; once is enough.
        if cause == said {
            continue;
        }
        if !heading {
            text += &format!("\n{}", red("Caused by:"));
            heading = true;
        }
        text += &format!("\n  {cause}");
        said = cause;
    }
    if let Some(hint) = &advice.hint {
        text += &format!("\n\n{} {hint}", style("hint:").cyan().bold().for_stderr());
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn text_of(error: &anyhow::Error) -> String {
        let advice = error.chain().find_map(advice).unwrap_or_default();
        console::strip_ansi_codes(&rendered(error, &advice)).into_owned()
    }

    #[test]
    fn message_details_causes_and_hint_in_this_order() {
        let inner = Failure::unacceptable("Failed to do it").details(vec!["one".to_owned()]).hint("`try this`");
        assert_eq!(text_of(&inner.into()), "error: Failed to do it\n  one\n\nhint: `try this`");

        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let read = DatasetError::Read { file: "d.jsonl".into(), source };
        let error = Err::<(), _>(read).context("Failed to train expert `sql`").unwrap_err();
        assert_eq!(
            text_of(&error),
            "error: Failed to train expert `sql`\nCaused by:\n  Failed to read data set `d.jsonl`\n  no such file"
        );
    }

    #[test]
    fn advice_is_found_beneath_context_and_within_other_errors() {
        let unknown = PluginError::Unknown { name: "sqll".to_owned(), known: vec!["sql".to_owned()] };
        let error = anyhow::Error::new(GateError::Plugin(unknown)).context("Failed to train");
        let found = error.chain().find_map(advice).unwrap();
        assert_eq!(found.exit, 2);
        assert_eq!(found.hint.unwrap(), "did you mean `sql`? `hive expert list` shows all of them");
    }

    #[test]
    fn an_error_without_advice_is_a_failure_of_the_tool() {
        assert_eq!(report(&anyhow::anyhow!("broken")), ExitCode::from(2));
        assert_eq!(report(&StdoutClosed.into()), ExitCode::SUCCESS);
    }
}
