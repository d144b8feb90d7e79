//! Where packages are published and found: a folder, or an OCI registry, behind one trait. What comes
//! back is believed by nobody: it is checked as any package is.
//!
//! ```text
//! reference  what a person writes       directory  a folder        oci  a registry over HTTP
//! ```

mod directory;
mod error;
mod export;
mod oci;
mod reference;

use std::path::{Path, PathBuf};

use hive_net::{Context, TransferReporter};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::Package;
use crate::trust::PublicKey;

pub use error::{RegistryError, Result};
pub use export::export;
pub use oci::Credential;
pub use reference::{Place, Reference, Which};

/// A package in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The expert's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The base that it is for.
    pub base: String,
    /// One sentence.
    pub description: String,
    /// Whose signature it bears, going by the registry's word.
    pub key: Option<PublicKey>,
    /// What the registry knows it by: `sha256:…`.
    pub digest: String,
}

/// What publishing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// How it is asked for.
    pub reference: String,
    /// What the registry knows it by: `sha256:…`.
    pub digest: String,
    /// Whether it was there already, with the same files.
    pub was_there: bool,
}

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A file with the certificates of a registry's own authority.
    pub authority: Option<PathBuf>,
    /// A registry's host, and who one is there.
    pub login: Option<(String, Credential)>,
}

/// A place that keeps packages.
pub trait Registry {
    /// Publishes a package. `file` is its archive. What stands under its name and version is never
    /// replaced by something else.
    ///
    /// # Errors
    /// When another package has its version, or it cannot be written or sent.
    fn publish(&self, package: &Package, file: &Path, reporter: &mut dyn TransferReporter) -> Result<Published>;

    /// The package that is meant: this version or digest, or the highest version.
    ///
    /// # Errors
    /// When there is none, or the place cannot be asked.
    fn find(&self, which: &Which) -> Result<Listed>;

    /// Puts a package's files into the empty folder `into`. Goes on where an earlier attempt stopped.
    ///
    /// # Errors
    /// When they cannot be had, or are not what their digests say.
    fn fetch(&self, listed: &Listed, into: &Path, reporter: &mut dyn TransferReporter) -> Result<()>;

    /// Everything there, by name and version.
    ///
    /// # Errors
    /// When the place cannot be asked, or does not tell.
    fn list(&self) -> Result<Vec<Listed>>;
}

/// Removes what was kept of fetching this package, now that it is installed.
pub fn forget(package: &Package, home: &Path) {
    oci::forget(package, home);
}

/// The registry that a reference names.
///
/// # Errors
/// When it cannot be used.
pub fn open(reference: &Reference, context: &Context, access: &Access) -> Result<Box<dyn Registry>> {
    Ok(match &reference.place {
        Place::Directory { root } => {
            let all = directory::Directory::at(root);
            Box::new(match &reference.name {
                Some(name) => all.only(name),
                None => all,
            })
        }
        Place::Oci { host, repository } => Box::new(oci::Oci::open(host, repository, context, access)?),
    })
}

/// Of these, the one that is meant; `place` for the message.
fn choose(mut all: Vec<Listed>, which: &Which, place: &str) -> Result<Listed> {
    all.sort_by(|a, b| a.version.cmp(&b.version));
    // What is not yet a release is taken when it is asked for, or when there is nothing else.
    let early = *which == Which::Highest && all.iter().any(|listed| listed.version.pre.is_empty());
    let fits = |listed: &&Listed| match which {
        Which::Highest => !early || listed.version.pre.is_empty(),
        Which::Version(version) => listed.version == *version,
        Which::Digest(digest) => listed.digest == *digest,
    };
    let fitting: Vec<&Listed> = all.iter().filter(fits).collect();
    let highest = fitting.last().map(|listed| &listed.version);
    // A version may be there for several bases; which is meant nobody can guess.
    let same: Vec<&&Listed> = fitting.iter().filter(|listed| Some(&listed.version) == highest).collect();
    match same.as_slice() {
        [one] => Ok((**one).clone()),
        [] => Err(RegistryError::NotThere {
            place: place.to_owned(),
            which: which.to_string(),
            there: all.iter().map(|listed| listed.version.to_string()).collect(),
        }),
        several => Err(RegistryError::SeveralBases {
            place: place.to_owned(),
            version: several[0].version.to_string(),
            digests: several.iter().map(|l| format!("for {}: @{}", l.base, l.digest)).collect(),
        }),
    }
}
