//! One record with what became of it: what the gate's workers hand on, and how it lies in the
//! cache. It decides nothing.

use hive_sdk::{Finding, Record, Rendered, Verdict};
use serde::{Deserialize, Serialize};

use crate::datasets::Source;

/// A record, where it came from, and the expert's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// Where it came from.
    pub source: Source,
    /// As it was read.
    pub record: Record,
    /// What the expert, or the host in its place, says of it.
    pub verdict: Verdict,
    /// The record as a chat, unless it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Rendered>,
}

impl Judged {
    /// The record to train on; `None` when it was rejected.
    pub fn good(&self) -> Option<&Record> {
        match &self.verdict {
            Verdict::Accept { .. } => Some(&self.record),
            Verdict::Repaired { record, .. } => Some(record),
            Verdict::Reject { .. } => None,
        }
    }

    /// What was changed.
    pub fn changes(&self) -> &[Finding] {
        match &self.verdict {
            Verdict::Repaired { changes, .. } => changes,
            _ => &[],
        }
    }

    /// What was remarked.
    pub fn notes(&self) -> &[Finding] {
        match &self.verdict {
            Verdict::Accept { notes, .. } | Verdict::Repaired { notes, .. } => notes,
            Verdict::Reject { .. } => &[],
        }
    }

    /// What the record is compared by in `field`: the expert's canonical text, else its own.
    pub fn key(&self, field: &str) -> &str {
        match self.verdict.facts().keys.get(field) {
            Some(key) => key,
            None => self.good().unwrap_or(&self.record).text(field).unwrap_or_default().trim(),
        }
    }
}
