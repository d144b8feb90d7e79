//! `install.json`: where a release came from, and the proof of it.

use hive_plugins::LIBRARY_RECORD;
use serde::{Deserialize, Serialize};

use crate::trust::PublicKey;
use crate::{Distance, Proof};

/// The record's format number.
pub(super) const FORMAT: u32 = 1;

/// Name of the file.
pub(super) const FILE: &str = "install.json";

/// Files in a release's folder that are not part of the package.
pub const BESIDE: [&str; 2] = [FILE, LIBRARY_RECORD];

/// Where a release came from, and its proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallRecord {
    /// The format number, 1.
    pub format: u32,
    /// Its source: a file, or a reference to a registry.
    pub source: String,
    /// sha256 of the package's list of files.
    pub digest: String,
    /// The key of its signature.
    pub key: Option<PublicKey>,
    /// The base's id, or the path from which it was opened.
    pub base: String,
    /// Whether its plugin was installed, which requires a trusted signature and a plugin for this machine.
    pub plugin: bool,
    /// The proof.
    pub proof: ProofRecord,
}

/// The proof that was made when a release was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRecord {
    /// Number of the adapter's tensors, all of which were applied.
    pub tensors: usize,
    /// Number of golden prompts that were reproduced.
    pub prompts: usize,
    /// The differences of the logits.
    pub distance: Distance,
}

impl From<Proof> for ProofRecord {
    fn from(proof: Proof) -> Self {
        Self { tensors: proof.tensors, prompts: proof.prompts, distance: proof.distance }
    }
}
