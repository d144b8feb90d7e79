//! Finds the experts of a source checkout, beside those that are installed, which it is told of.
//! It opens no library and builds nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::PluginError;
use super::build::Builder;
use super::checkout::{Checkout, library_name};

/// The record of an installed library's sha256.
const RECORD: &str = "library.sha256";

/// Where an expert comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built from this source tree.
    Checkout(Checkout),
    /// A folder that holds it.
    Installed(Installed),
}

/// An expert in a folder with `manifest.json` and, unless the manifest alone is to answer, a library
/// and the record of its sha256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The folder.
    pub folder: PathBuf,
    /// Its library, whether or not there is one.
    pub library: PathBuf,
    /// Version of the package that it came as, which may be another than its manifest's.
    pub version: Option<String>,
    /// What of it may be used.
    pub standing: Standing,
}

/// What of an installed expert may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of it.
    Trusted,
    /// Its manifest: it has no native code.
    ManifestAlone,
    /// Its native code may not run, for this reason.
    Untrusted(String),
    /// Nothing, for this reason.
    Revoked(String),
}

impl Installed {
    /// The expert in a folder that somebody put there by hand.
    pub fn by_hand(name: &str, folder: &Path) -> Self {
        let library = folder.join(library_name(name));
        Self { folder: folder.to_owned(), library, version: None, standing: Standing::Trusted }
    }

    /// The file that records the sha256 of its library.
    pub fn record(&self) -> PathBuf {
        self.folder.join(RECORD)
    }
}

/// An expert that can be named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertEntry {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl ExpertEntry {
    /// Its manifest file.
    pub fn manifest_path(&self) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => checkout.manifest(&self.name),
            Origin::Installed(installed) => installed.folder.join("manifest.json"),
        }
    }

    /// Its library, whether or not it exists yet.
    pub fn library_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => builder.library(checkout, &self.name),
            Origin::Installed(installed) => installed.library.clone(),
        }
    }

    /// The file that records the sha256 of its library.
    pub fn record_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => builder.record(checkout, &self.name),
            Origin::Installed(installed) => installed.record(),
        }
    }

    /// Version of the package that it came as, which may be another than its manifest's.
    pub(super) fn package_version(&self) -> Option<String> {
        match &self.origin {
            Origin::Installed(installed) => installed.version.clone(),
            Origin::Checkout(_) => None,
        }
    }

    /// What of it may be used.
    pub(super) fn standing(&self) -> &Standing {
        match &self.origin {
            Origin::Installed(installed) => &installed.standing,
            Origin::Checkout(_) => &Standing::Trusted,
        }
    }

    /// True for an expert that is installed.
    pub fn is_installed(&self) -> bool {
        matches!(self.origin, Origin::Installed(_))
    }
}

/// All experts that can be found, by name.
#[derive(Debug, Clone, Default)]
pub struct Experts {
    entries: BTreeMap<String, ExpertEntry>,
}

impl Experts {
    /// Those of a checkout and those that are installed. An expert of the checkout hides an installed
    /// one of the same name: who works on the sources means them.
    pub fn of(checkout: Option<&Checkout>, installed: impl IntoIterator<Item = (String, Installed)>) -> Self {
        let mut entries = BTreeMap::new();
        for (name, installed) in installed {
            entries.insert(name.clone(), ExpertEntry { name, origin: Origin::Installed(installed) });
        }
        for (checkout, name) in checkout.into_iter().flat_map(|c| c.experts().into_iter().map(move |n| (c, n))) {
            entries.insert(name.clone(), ExpertEntry { name, origin: Origin::Checkout(checkout.clone()) });
        }
        Self { entries }
    }

    /// The expert of this name.
    ///
    /// # Errors
    /// When there is none; the error knows those that exist.
    pub fn get(&self, name: &str) -> Result<&ExpertEntry, PluginError> {
        self.entries.get(name).ok_or_else(|| PluginError::Unknown {
            name: name.to_owned(),
            known: self.entries.keys().cloned().collect(),
        })
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &ExpertEntry> {
        self.entries.values()
    }

    /// True when none was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
