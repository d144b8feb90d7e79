//! What `hive expert run` makes of the expert's inspection of prompt and answer: findings are printed on stderr; with
//! `--strict`, what cannot be checked or used is an error.

use std::time::Instant;

use hive_plugins::{CallFault, PluginError};
use hive_runtime::inspection::{Inspector, Readying};
use hive_runtime::opened::OpenExpert;
use hive_sdk::{Finding, Inspection, Record};

use super::Run;
use crate::error::{CommandResult, Failure};
use crate::screen::Screen;

/// Inspects the prompt and returns the expert's process, if it has one, and the record to use: a prompt that cannot be
/// answered is reported before a model is loaded.
///
/// # Errors
/// When the prompt has faults, or with `--strict` cannot be checked.
pub(super) fn prompt(
    screen: Screen,
    args: &Run,
    open: &OpenExpert,
    record: Record,
) -> CommandResult<(Option<Inspector>, Record)> {
    let begin = Instant::now();
    let unchecked = |error| screen.note(&format!("warning: neither prompt nor answer is checked: {error}"));
    let started = match Inspector::start(open, args.flags.options(open.expert.manifest())?) {
        Err(error) if !args.strict => {
            unchecked(error);
            return Ok((None, record));
        }
        started => started?,
    };
    let Some(inspector) = started else {
        if args.strict {
            let problem = format!("`{}` was installed without its plugin, so no answer can be checked", args.name);
            let hint = "without `--strict` it answers; a package with its plugin, signed by a trusted key, can check";
            return Err(Failure::unacceptable(problem).hint(hint).into());
        }
        return Ok((None, record));
    };
    let found = inspector.prompt(&record);
    tracing::info!(seconds = begin.elapsed().as_secs_f64(), "prompt inspected");
    match found {
        Ok(found) if found.faults.is_empty() => {
            found.notes.iter().for_each(|finding| screen.note(&format!("note on the prompt: {}", finding.message)));
            // Normalized like a training record, so that the model is prompted as in training.
            Ok((Some(inspector), found.record.unwrap_or(record)))
        }
        Ok(found) => {
            let mut faults = found.faults.into_iter().map(|finding| finding.message);
            let first = faults.next().unwrap_or_default();
            let problem = format!("Failed to ask expert `{}`: {first}", args.name);
            Err(Failure::unacceptable(problem).details(faults.collect()).into())
        }
        Err(error) if args.strict => Err(error.into()),
        Err(error) => {
            unchecked(error);
            Ok((None, record))
        }
    }
}

/// What the expert found in an answer.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Remarks.
    pub(super) notes: Vec<String>,
    /// Why it cannot be used.
    pub(super) faults: Vec<String>,
    /// Why it was not checked.
    pub(super) unchecked: Option<String>,
}

/// Has the answer inspected.
pub(super) fn answer(inspector: Readying, record: &Record, text: &str) -> Checked {
    let waiting = Instant::now();
    let found = inspector.answer(record, text);
    tracing::info!(seconds = waiting.elapsed().as_secs_f64(), "inspected");
    let unchecked = |why: String| Checked { unchecked: Some(why), ..Checked::default() };
    let messages = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.message).collect();
    match found {
        Ok(Some(Inspection { faults, notes, .. })) => {
            Checked { notes: messages(notes), faults: messages(faults), unchecked: None }
        }
        Ok(None) => unchecked("the expert was not ready in time".to_owned()),
        // The expert's own error needs no method name.
        Err(PluginError::Call { fault: CallFault::Refused(why), .. }) => unchecked(why),
        Err(error) => unchecked(error.to_string()),
    }
}

impl Checked {
    /// Reports the findings on the answer, which has already been printed to stdout.
    ///
    /// # Errors
    /// With `strict`, when it cannot be used or was not checked.
    pub(super) fn report(self, screen: Screen, strict: bool) -> CommandResult {
        if let Some(why) = self.unchecked {
            if strict {
                return Err(Failure::unacceptable(format!("The answer was not checked: {why}")).into());
            }
            screen.note(&format!("warning: the answer was not checked: {why}"));
        }
        self.notes.iter().for_each(|text| screen.note(&format!("note on the answer: {text}")));
        match self.faults.split_first() {
            Some((first, others)) if strict => {
                let error = Failure::unacceptable(format!("The answer cannot be used: {first}"));
                Err(error.details(others.to_vec()).into())
            }
            _ => {
                self.faults
                    .iter()
                    .for_each(|fault| screen.note(&format!("warning: the answer cannot be used: {fault}")));
                Ok(())
            }
        }
    }
}
