//! Finds the experts of a source checkout and combines them with those that came with the program and the installed ones,
//! which the caller passes in. It opens no library and builds nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::PluginError;
use super::build::Builder;
use super::checkout::{Checkout, library_name};

/// The record of an installed library's SHA-256 digest.
pub const RECORD: &str = "library.sha256";

/// The origin of an expert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built from this source tree.
    Checkout(Checkout),
    /// Installed in a folder.
    Installed(Installed),
}

/// An expert in a folder with `manifest.json` and, unless it is manifest-only, a library and the
/// record of its SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The folder.
    pub folder: PathBuf,
    /// Its library, whether or not it exists.
    pub library: PathBuf,
    /// Version of the package that it was installed from, which may differ from its manifest's.
    pub version: Option<String>,
    /// Which parts of it may be used.
    pub standing: Standing,
}

/// Which parts of an installed expert may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All parts.
    Trusted,
    /// The manifest only: it has no native code.
    ManifestAlone,
    /// Its native code must not run, for this reason.
    Untrusted(String),
    /// Nothing, for this reason.
    Revoked(String),
}

impl Installed {
    /// An expert folder that the user created manually.
    pub fn by_hand(name: &str, folder: &Path) -> Self {
        let library = folder.join(library_name(name));
        Self { folder: folder.to_owned(), library, version: None, standing: Standing::Trusted }
    }

    /// The file that records the SHA-256 digest of its library.
    pub fn record(&self) -> PathBuf {
        self.folder.join(RECORD)
    }
}

/// An expert that can be named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertEntry {
    /// Its name.
    pub name: String,
    /// Its origin.
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

    /// The file that records the SHA-256 digest of its library.
    pub fn record_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => builder.record(checkout, &self.name),
            Origin::Installed(installed) => installed.record(),
        }
    }

    /// Version of the package that it was installed from, which may differ from its manifest's.
    pub(super) fn package_version(&self) -> Option<String> {
        match &self.origin {
            Origin::Installed(installed) => installed.version.clone(),
            Origin::Checkout(_) => None,
        }
    }

    /// Which parts of it may be used.
    pub(super) fn standing(&self) -> &Standing {
        match &self.origin {
            Origin::Installed(installed) => &installed.standing,
            Origin::Checkout(_) => &Standing::Trusted,
        }
    }

    /// Whether it has a manifest only, no native code.
    pub fn is_manifest_alone(&self) -> bool {
        *self.standing() == Standing::ManifestAlone
    }

    /// True for an expert that is installed.
    pub fn is_installed(&self) -> bool {
        matches!(self.origin, Origin::Installed(_))
    }
}

/// All available experts, by name.
#[derive(Debug, Clone, Default)]
pub struct Experts {
    entries: BTreeMap<String, ExpertEntry>,
}

impl Experts {
    /// The experts of a checkout and the others, of which a later one hides an earlier one of the same name, if
    /// its native code may be used. An expert of
    /// the checkout hides all others of its name, as whoever works on the sources wants those.
    pub fn of(checkout: Option<&Checkout>, installed: impl IntoIterator<Item = (String, Installed)>) -> Self {
        let mut entries = BTreeMap::new();
        for (name, installed) in installed {
            let standing = installed.standing.clone();
            let entry = ExpertEntry { name: name.clone(), origin: Origin::Installed(installed) };
            // A release without usable native code does not take it away from the expert that has it.
            if standing == Standing::Trusted || !entries.contains_key(&name) {
                entries.insert(name, entry);
            }
        }
        for (checkout, name) in checkout.into_iter().flat_map(|c| c.experts().into_iter().map(move |n| (c, n))) {
            entries.insert(name.clone(), ExpertEntry { name, origin: Origin::Checkout(checkout.clone()) });
        }
        Self { entries }
    }

    /// The expert of this name.
    ///
    /// # Errors
    /// When there is none; the error lists those that exist.
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
