//! A prompt that is excluded from an evaluation.

use serde::{Deserialize, Serialize};

/// A prompt that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The prompt's id, or its line in the file.
    pub id: String,
    /// A short stable code, for counting.
    pub code: String,
    /// What was found and what was expected.
    pub why: String,
}

impl Refused {
    pub(super) fn new(id: &str, code: &str, why: String) -> Self {
        Self { id: id.to_owned(), code: code.to_owned(), why }
    }
}
