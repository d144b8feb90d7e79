//! When an expert and its records are checked, so that no training is wasted: the expert before anything is downloaded for
//! it, records before and after they are judged. The checks themselves are in `hive-check`; a failed one of level `must`
//! refuses the training.

use hive_check::subject::{Named, isolated};
use hive_check::{Checked, Depth, Level, Outcome, RecordChecks, Subject, run};
use hive_data::pipeline::{Half, PreparedSet, rendered_without_completion};
use hive_plugins::LoadedExpert;
use hive_runtime::opened::OpenExpert;

use super::TrainError;

/// Number of records of a prepared set whose gold completions are graded.
pub const GRADED: usize = 64;

/// Runs the quick half of the checks: with eval prompts and synthetic records, all that exists before data is read. The
/// expert is called in a process of its own.
///
/// # Errors
/// [`TrainError::Preflight`] with all faults.
pub fn expert(open: &OpenExpert) -> Result<(), TrainError> {
    let subject = Subject {
        name: open.expert.name().to_owned(),
        manifest_file: "manifest".to_owned(),
        manifest: open.expert.manifest_json().to_owned(),
        open: Box::new(|| isolated(&open.place)),
        declared: open.place.is_declared(),
        folder: None,
        around: Vec::new(),
        flags: Vec::new(),
        dataset: None,
    };
    let report = run(&subject, Depth::Quick);
    refused(&open.expert, report.failed(Level::Must))
}

/// Checks unjudged records for prompts that leak the answer. Records that cannot be rendered are
/// skipped.
///
/// # Errors
/// As [`expert()`].
pub fn raw(expert: &LoadedExpert, records: &[Named]) -> Result<(), TrainError> {
    let mut checks = RecordChecks::new(expert);
    checks.leaks(records);
    refused(expert, &checks.failed())
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
            let mut checks = RecordChecks::new(expert);
            let others = rendered_without_completion(expert, &records);
            for ((place, chat), other) in places.iter().zip(&chats).zip(others) {
                if let Some(other) = other {
                    checks.leak(place, chat, &other);
                }
            }
            refused(expert, &checks.failed())?;
        }
    }
    Ok(())
}

/// Checks that the grader accepts the gold completions of these records.
///
/// # Errors
/// As [`expert()`].
pub fn golds(expert: &LoadedExpert, records: &[Named]) -> Result<(), TrainError> {
    let mut checks = RecordChecks::new(expert);
    checks.golds(records);
    refused(expert, &checks.failed())
}

/// An error if a check has failed, with what each has found.
fn refused<'c>(expert: &LoadedExpert, failed: impl IntoIterator<Item = &'c Checked>) -> Result<(), TrainError> {
    let (mut faults, mut total) = (Vec::new(), 0);
    for checked in failed {
        if let Outcome::Failed(findings, places) = &checked.outcome {
            faults.extend(findings.iter().map(|finding| format!("{}: {finding}", checked.check.code)));
            total += places;
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(TrainError::Preflight { expert: expert.name().to_owned(), faults, total })
}
