//! The manifest's text: what `hive expert validate` finds, each kind of fault as a check of its own (`faults`), and what a
//! valid manifest can still get wrong (`sense`). Calls nothing.

mod faults;
mod flags;
mod sense;

use hive_plugins::manifest::{ManifestError, check};
use hive_sdk::Manifest;

use crate::check::{Check, codes_of};
use crate::collector::Collector;
use crate::subject::Subject;

/// The checks.
pub(crate) const CHECKS: &[&[Check]] = &[faults::CHECKS, sense::CHECKS];

/// Checks the manifest; `None` if it is not valid.
pub(crate) fn run(subject: &Subject<'_>, out: &mut Collector) -> Option<Manifest> {
    out.begin(&codes_of(faults::CHECKS));
    match check(&subject.manifest_file, &subject.manifest) {
        Ok(manifest) => {
            sense::run(&manifest, &subject.flags, out);
            // Without a field to ask for, records have no prompts, and nothing more can be said of them.
            (!out.has_failed("manifest-asked-field")).then_some(manifest)
        }
        Err(ManifestError::Faulty { faults, .. }) => {
            for fault in faults {
                out.fail(faults::code_of(&fault), fault.path.to_string(), fault.message, "");
            }
            None
        }
        Err(ManifestError::NotJson { line, column, why, .. }) => {
            out.fail("manifest-json", format!("{}:{line}:{column}", subject.manifest_file), why, "");
            None
        }
        Err(error @ ManifestError::Read { .. }) => {
            out.fail("manifest-json", &subject.manifest_file, error.to_string(), "");
            None
        }
    }
}
