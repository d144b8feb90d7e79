//! Manifests as files: the JSON schema generated from the SDK's types, and validation that reports
//! every fault of a file at once, each with its JSON path. Prints nothing; parsing a valid manifest
//! is the SDK's [`hive_sdk::Manifest::parse`].

mod declarations;
mod fault;
mod schema;
mod semantics;
mod structure;

use std::collections::HashSet;
use std::path::Path;

use hive_errors::Diagnostic;
use hive_sdk::Manifest;
use serde_json::Value;

pub use fault::{Fault, JsonPath};
pub use schema::{schema, schema_json};
pub use semantics::is_name;

/// Maximum number of faults of a kind that are reported. Manifests are untrusted, and a small file
/// can have millions.
const MAX_FAULTS: usize = 500;

/// Maximum number of fields in a record: every eval prompt is checked against all of them.
const MAX_FIELDS: usize = 256;

/// Why a manifest file could not be accepted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("Failed to read manifest `{file}`")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{file}:{line}:{column}: not JSON: {why}")]
    NotJson {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The parser's message.
        why: String,
    },
    /// It has faults.
    #[error("`{file}` has {}", count(faults.len()))]
    Faulty {
        /// The file.
        file: String,
        /// All of them, in the order of the file.
        faults: Vec<Fault>,
    },
}

/// "1 fault", "3 faults".
pub(crate) fn count(faults: usize) -> String {
    if faults == 1 { "1 fault".to_owned() } else { format!("{faults} faults") }
}

impl Diagnostic for ManifestError {
    fn exit_code(&self) -> u8 {
        if matches!(self, ManifestError::Read { .. }) { 2 } else { 1 }
    }

    fn details(&self) -> Vec<String> {
        match self {
            ManifestError::Faulty { faults, .. } => faults.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ManifestError::Read { .. } => None,
            ManifestError::NotJson { .. } => Some("JSON has no comments and no comma after the last item".to_owned()),
            ManifestError::Faulty { .. } => {
                Some("`hive expert schema` prints the schema with a description of every key".to_owned())
            }
        }
    }
}

/// Reads and validates a manifest file.
///
/// # Errors
/// When it cannot be read, is not JSON, or has faults; the error lists them all.
pub fn check_file(path: &Path) -> Result<Manifest, ManifestError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| ManifestError::Read { file: file.clone(), source })?;
    check(&file, &text)
}

/// Validates a manifest's text; `file` is its name in messages.
///
/// # Errors
/// As [`check_file`].
pub fn check(file: &str, text: &str) -> Result<Manifest, ManifestError> {
    let value: Value = serde_json::from_str(text).map_err(|e| ManifestError::NotJson {
        file: file.to_owned(),
        line: e.line(),
        column: e.column(),
        why: without_place(&e),
    })?;
    let semantic = semantics::faults(&value);
    let known: HashSet<&JsonPath> = semantic.iter().map(|fault| &fault.path).collect();
    let mut faults: Vec<Fault> = structure::faults(&value)
        .into_iter()
        // A semantic check has a better message than the schema.
        .filter(|fault| !known.contains(&fault.path))
        .collect();
    drop(known);
    faults.extend(semantic);
    fault::sort(&mut faults, &value);
    if faults.is_empty() {
        // The checks above accept duplicate keys, serde does not.
        match serde_json::from_str(text) {
            Ok(manifest) => {
                // What is declared as a pattern or a JSON Schema can be compiled.
                let unusable = hive_declared::faults(&manifest);
                if unusable.is_empty() {
                    return Ok(manifest);
                }
                let path = |pointer: &str| JsonPath::from_pointer(pointer, &value);
                faults.extend(unusable.iter().map(|(pointer, why)| Fault::new(path(pointer), why)));
            }
            Err(e) => faults.push(Fault::new(JsonPath::root(), e.to_string())),
        }
    }
    Err(ManifestError::Faulty { file: file.to_owned(), faults })
}

/// serde_json ends its messages with the position; ours begin with it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

#[cfg(test)]
mod tests;
