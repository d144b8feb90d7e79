//! `install.json`: how a release came here and what was proved of it.

use serde::{Deserialize, Serialize};

use crate::trust::PublicKey;
use crate::{Distance, Proof};

/// Number of the record's format.
pub(super) const FORMAT: u32 = 1;

/// Name of the file.
pub(super) const FILE: &str = "install.json";

/// Files in a release's folder that are not the package's.
pub const BESIDE: [&str; 2] = [FILE, "library.sha256"];

/// How a release came here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallRecord {
    /// Number of this format.
    pub format: u32,
    /// Where from: a file, or a registry's reference.
    pub source: String,
    /// sha256 of the package's list of files.
    pub digest: String,
    /// Whose signature it bears.
    pub key: Option<PublicKey>,
    /// What the base was opened as.
    pub base: String,
    /// Whether its plugin was taken: it was signed by a trusted key, and has one for this machine.
    pub plugin: bool,
    /// What was proved.
    pub proof: ProofRecord,
}

/// What was proved when a release was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRecord {
    /// Tensors that were applied, all of the adapter's.
    pub tensors: usize,
    /// Golden prompts that came out.
    pub prompts: usize,
    /// How near.
    pub distance: Distance,
}

impl From<Proof> for ProofRecord {
    fn from(proof: Proof) -> Self {
        Self { tensors: proof.tensors, prompts: proof.prompts, distance: proof.distance }
    }
}
