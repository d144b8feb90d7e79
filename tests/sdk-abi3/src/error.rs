//! The one error type an expert returns. It carries text for the person who runs hive, not a
//! type hierarchy: the host adds the expert, the method and the record.

use serde::{Deserialize, Serialize};

/// Why an expert could not answer. Shown to the user with the expert's name and the method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpertError {
    /// What went wrong, what was got and what was expected; no full stop at the end.
    pub message: String,
    /// Position in the batch of the record that caused it, filled in by `export_expert!`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<usize>,
    /// True when the expert panicked: a bug in the plugin rather than a fault of the record.
    #[serde(default)]
    pub panicked: bool,
}

impl ExpertError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), record: None, panicked: false }
    }
}

impl std::fmt::Display for ExpertError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.panicked {
            write!(f, "the expert panicked")?;
            if let Some(record) = self.record {
                write!(f, " on record {record} of the batch")?;
            }
            write!(f, ": {}", self.message)
        } else if let Some(record) = self.record {
            write!(f, "record {record} of the batch: {}", self.message)
        } else {
            f.write_str(&self.message)
        }
    }
}

impl std::error::Error for ExpertError {}
