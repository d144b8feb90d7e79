//! What `hive expert run` makes of the expert's inspection of the answer: findings are printed on stderr; with `--strict`,
//! what cannot be checked or used is an error.

use std::time::Instant;

use hive_plugins::{CallFault, PluginError};
use hive_runtime::inspection::Readying;
use hive_sdk::{Finding, Inspection, Record};

use crate::error::{CommandResult, Failure};
use crate::screen::Screen;

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
pub(super) fn inspected(inspector: Readying, record: &Record, text: &str) -> Checked {
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
