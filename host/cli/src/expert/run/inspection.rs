//! What `hive expert run` makes of the expert's inspection of the prompt: remarks are printed on stderr, faults are an error;
//! with `--strict`, so is what cannot be checked.

use std::time::Instant;

use hive_runtime::inspection::Inspector;
use hive_runtime::opened::OpenExpert;
use hive_sdk::Record;

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
            let faults: Vec<String> = found.faults.into_iter().map(|finding| finding.message).collect();
            let mut files = args.flags.files.iter();
            // The expert knows the fields, not the files that they were read from.
            let file = files.find(|(name, _)| faults.iter().any(|fault| fault.contains(&format!("`{name}`"))));
            let (first, others) = faults.split_first().map_or(("", &[][..]), |(first, others)| (first, others));
            let problem = format!("Failed to ask expert `{}`: {first}", args.name);
            let error = Failure::unacceptable(problem).details(others.to_vec());
            Err(match file {
                Some((name, path)) => error.hint(format!("`{name}` was read from `{}`", path.display())),
                None => error,
            }
            .into())
        }
        Err(error) if args.strict => Err(error.into()),
        Err(error) => {
            unchecked(error);
            Ok((None, record))
        }
    }
}
