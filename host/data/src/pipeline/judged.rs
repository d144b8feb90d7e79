//! A record with its verdict: as passed on by the workers, and as stored in the cache.

use hive_sdk::{Finding, Record, Rendered, Verdict};
use serde::{Deserialize, Serialize};

use crate::datasets::Source;

/// A record, its origin, and the expert's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// Its origin.
    pub source: Source,
    /// The record as read.
    pub record: Record,
    /// The verdict of the expert, or of the host in its place.
    pub verdict: Verdict,
    /// The record as a chat, unless it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Rendered>,
}

impl Judged {
    /// The record as accepted or repaired; `None` if it was rejected. It may still be excluded
    /// later, for example as a duplicate.
    pub fn good(&self) -> Option<&Record> {
        match &self.verdict {
            Verdict::Accept { .. } => Some(&self.record),
            Verdict::Repaired { record, .. } => Some(record),
            Verdict::Reject { .. } => None,
        }
    }

    /// The changes made.
    pub fn changes(&self) -> &[Finding] {
        match &self.verdict {
            Verdict::Repaired { changes, .. } => changes,
            _ => &[],
        }
    }

    /// The remarks.
    pub fn notes(&self) -> &[Finding] {
        match &self.verdict {
            Verdict::Accept { notes, .. } | Verdict::Repaired { notes, .. } => notes,
            Verdict::Reject { .. } => &[],
        }
    }

    /// The text of `field` for comparisons: the expert's canonical text, else the field's own.
    pub fn key(&self, field: &str) -> &str {
        match self.verdict.facts().keys.get(field) {
            Some(key) => key,
            None => self.good().unwrap_or(&self.record).text(field).unwrap_or_default().trim(),
        }
    }
}
