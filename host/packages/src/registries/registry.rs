//! What every registry offers: publish, find, fetch and list packages. What it returns is not trusted:
//! the caller checks it like any package.

use std::path::Path;

use hive_net::TransferReporter;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::error::{RegistryError, Result};
use super::reference::Which;
use crate::trust::PublicKey;
use crate::{Package, Summary};

/// A package in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The expert's name.
    pub name: String,
    /// The package's version.
    pub version: Version,
    /// The id of the base model that it is for.
    pub base: String,
    /// The expert's description, one sentence.
    pub description: String,
    /// The key of its signature, as the registry states it; unverified.
    pub key: Option<PublicKey>,
    /// The registry's digest of it: `sha256:…`.
    pub digest: String,
    /// What else the registry states, unverified.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The result of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The reference with which it can be fetched.
    pub reference: String,
    /// The registry's digest of it: `sha256:…`.
    pub digest: String,
    /// Whether the same files were already published.
    pub was_there: bool,
}

/// A place where packages are published and found.
pub trait Registry {
    /// Publishes a package, whose archive is `file`. A published version is never replaced by other files.
    ///
    /// # Errors
    /// When the version is taken by another package, or the package cannot be written or sent.
    fn publish(&self, package: &Package, file: &Path, reporter: &mut dyn TransferReporter) -> Result<Published>;

    /// Finds the package of this version or digest, or the highest version.
    ///
    /// # Errors
    /// When there is none, or the registry cannot be queried.
    fn find(&self, which: &Which) -> Result<Listed>;

    /// Downloads a package's files into the empty folder `into`, resuming an interrupted download.
    ///
    /// # Errors
    /// When they cannot be downloaded or do not match their digests.
    fn fetch(&self, listed: &Listed, into: &Path, reporter: &mut dyn TransferReporter) -> Result<()>;

    /// All packages, by name and version.
    ///
    /// # Errors
    /// When the registry cannot be queried or cannot list its packages.
    fn list(&self) -> Result<Vec<Listed>>;
}

/// Chooses the requested package among `all`; `place` names the registry in messages.
pub(super) fn choose(mut all: Vec<Listed>, which: &Which, place: &str) -> Result<Listed> {
    all.sort_by(|a, b| a.version.cmp(&b.version));
    // A pre-release is chosen only when it is requested, or when there is no release.
    let skip_pre_releases = *which == Which::Highest && all.iter().any(|listed| listed.version.pre.is_empty());
    let fits = |listed: &&Listed| match which {
        Which::Highest => !skip_pre_releases || listed.version.pre.is_empty(),
        Which::Version(version) => listed.version == *version,
        Which::Digest(digest) => listed.digest == *digest,
    };
    let fitting: Vec<&Listed> = all.iter().filter(fits).collect();
    let highest = fitting.last().map(|listed| &listed.version);
    // The version may exist for several bases, and the choice must not be a guess.
    let candidates: Vec<&&Listed> = fitting.iter().filter(|listed| Some(&listed.version) == highest).collect();
    match candidates.as_slice() {
        [only] => Ok((**only).clone()),
        [] => Err(RegistryError::NotFound {
            place: place.to_owned(),
            which: which.to_string(),
            available: all.iter().map(|listed| listed.version.to_string()).collect(),
        }),
        several => Err(RegistryError::SeveralBases {
            place: place.to_owned(),
            version: several[0].version.to_string(),
            digests: several.iter().map(|l| format!("for {}: @{}", l.base, l.digest)).collect(),
        }),
    }
}
