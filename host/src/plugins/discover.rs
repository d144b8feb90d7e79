//! Finds experts: those of a source checkout and those installed under `HIVE_HOME/experts`.
//! It opens no library and builds nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_files::hive_home;

use super::PluginError;
use super::build::Builder;
use super::checkout::Checkout;
use crate::installed::{current_release, has_releases};
use crate::packages::layout::{DESCRIPTION, own_library};

/// The record of an installed library's sha256.
const RECORD: &str = "library.sha256";

/// Where an expert comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built from this source tree.
    Checkout(Checkout),
    /// A folder with `manifest.json` and, unless the manifest alone is to answer, the library and
    /// `library.sha256`.
    Installed(PathBuf),
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
            Origin::Installed(dir) => dir.join("manifest.json"),
        }
    }

    /// Its library, whether or not it exists yet.
    pub fn library_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => builder.library(checkout, &self.name),
            Origin::Installed(dir) if is_release(dir) => dir.join(own_library()),
            Origin::Installed(dir) => dir.join(library_name(&self.name)),
        }
    }

    /// The file that records the sha256 of its library.
    pub fn record_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Checkout(checkout) => builder.record(checkout, &self.name),
            Origin::Installed(dir) => dir.join(RECORD),
        }
    }

    /// The expert of an installed release.
    pub fn of_release(name: &str, dir: &Path) -> Self {
        Self { name: name.to_owned(), origin: Origin::Installed(dir.to_owned()) }
    }

    /// Version of the package that it came as, which may be another than its manifest's.
    pub(super) fn package_version(&self) -> Option<String> {
        let Origin::Installed(dir) = &self.origin else { return None };
        let text = std::fs::read(dir.join(DESCRIPTION)).ok()?;
        let description: serde_json::Value = serde_json::from_slice(&text).ok()?;
        description["version"].as_str().map(str::to_owned)
    }

    /// True for a release that was installed without native code.
    pub(super) fn is_declared(&self) -> bool {
        match &self.origin {
            Origin::Installed(dir) => is_release(dir) && !dir.join(RECORD).exists(),
            Origin::Checkout(_) => false,
        }
    }

    /// True for an expert installed under `HIVE_HOME`.
    pub fn is_installed(&self) -> bool {
        matches!(self.origin, Origin::Installed(_))
    }
}

/// Whether a folder is a release that came as a package.
pub(super) fn is_release(dir: &Path) -> bool {
    dir.join(DESCRIPTION).exists()
}

/// File name of an expert's library on this platform: `libexpert_sql.so`.
pub(super) fn library_name(expert: &str) -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("{DLL_PREFIX}expert_{}{DLL_SUFFIX}", expert.replace('-', "_"))
}

/// All experts that can be found, by name.
#[derive(Debug, Clone, Default)]
pub struct Experts {
    entries: BTreeMap<String, ExpertEntry>,
}

impl Experts {
    /// Looks in the checkout and under `HIVE_HOME` (see [`Checkout::find`] and [`hive_home`]).
    pub fn find() -> Self {
        Self::in_places(Checkout::find().as_ref(), hive_home().ok().as_deref())
    }

    /// Looks in these places. An expert of the checkout hides an installed one of the same name:
    /// who works on the sources means them.
    pub fn in_places(checkout: Option<&Checkout>, home: Option<&Path>) -> Self {
        let mut entries = BTreeMap::new();
        for (name, dir) in home.into_iter().flat_map(|home| installed(&home.join("experts"))) {
            entries.insert(name.clone(), ExpertEntry { name, origin: Origin::Installed(dir) });
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

/// Every folder counts, even an incomplete one: `list` must be able to say what is missing.
fn installed(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|e| e.path().is_dir())
        .filter_map(|e| Some((e.file_name().into_string().ok()?, e.path())))
        .filter(|(name, _)| !name.starts_with('.'))
        // What came as a package has releases; what was put there by hand has its files at once.
        .filter_map(|(name, dir)| match current_release(&dir) {
            Some(release) => Some((name, release)),
            // Its last release went, or its first one did not come to be.
            None if has_releases(&dir) => None,
            None => Some((name, dir)),
        })
        .collect()
}
