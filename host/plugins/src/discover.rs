//! Finds the experts of a source checkout and combines them with the linked ones, those that came with the program and
//! the installed ones, which the caller passes in. It opens no library and builds nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_declared::Commands;

use super::PluginError;
use super::build::Builder;
use super::checkout::{Checkout, library_name};
use super::links::Linked;

/// The record of an installed library's SHA-256 digest.
pub const RECORD: &str = "library.sha256";

/// The origin of an expert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a folder that the user linked.
    Linked(Linked),
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
    /// The manifest, which declares all that the expert does; and whether programs that grade may run.
    Declared(Commands),
    /// The manifest of an expert whose native code is not here: it can be asked, nothing else.
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
            Origin::Linked(linked) => linked.manifest(),
            Origin::Checkout(checkout) => checkout.manifest(&self.name),
            Origin::Installed(installed) => installed.folder.join("manifest.json"),
        }
    }

    /// Its library, whether or not it exists yet.
    pub fn library_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Linked(linked) => linked.built.join(library_name(&self.name)),
            Origin::Checkout(checkout) => builder.library(checkout, &self.name),
            Origin::Installed(installed) => installed.library.clone(),
        }
    }

    /// The file that records the SHA-256 digest of its library.
    pub fn record_path(&self, builder: &Builder) -> PathBuf {
        match &self.origin {
            Origin::Linked(linked) => linked.built.join(RECORD),
            Origin::Checkout(checkout) => builder.record(checkout, &self.name),
            Origin::Installed(installed) => installed.record(),
        }
    }

    /// Version of the package that it was installed from, which may differ from its manifest's.
    pub(super) fn package_version(&self) -> Option<String> {
        match &self.origin {
            Origin::Installed(installed) => installed.version.clone(),
            Origin::Linked(_) | Origin::Checkout(_) => None,
        }
    }

    /// Which parts of it may be used.
    pub(super) fn standing(&self) -> Standing {
        match &self.origin {
            Origin::Installed(installed) => installed.standing.clone(),
            Origin::Linked(linked) if !linked.is_crate() => Standing::Declared(Commands::In(linked.folder.clone())),
            Origin::Linked(_) | Origin::Checkout(_) => Standing::Trusted,
        }
    }

    /// Where it comes from, for people: `linked from FOLDER`.
    pub fn origin_text(&self) -> String {
        match &self.origin {
            Origin::Linked(linked) => format!("linked from {}", linked.folder.display()),
            Origin::Checkout(checkout) => format!("in the checkout {}", checkout.root().display()),
            Origin::Installed(installed) => match &installed.version {
                Some(version) => format!("installed, version {version}"),
                None => format!("in {}", installed.folder.display()),
            },
        }
    }

    /// Whether its native code is missing, so that it can only be asked.
    pub fn is_manifest_alone(&self) -> bool {
        self.standing() == Standing::ManifestAlone
    }

    /// True for an expert that is installed.
    pub fn is_installed(&self) -> bool {
        matches!(self.origin, Origin::Installed(_))
    }
}

/// All available experts, by name.
#[derive(Debug, Clone, Default)]
pub struct Experts {
    /// Under each name the one that counts, then those that it hides.
    entries: BTreeMap<String, Vec<ExpertEntry>>,
}

impl Experts {
    /// The experts of all origins. Of several with one name the linked one counts, as the user said so; else that of the
    /// checkout, as whoever works on the sources wants it; else a later one of the others, if its native code may be used.
    pub fn of(
        checkout: Option<&Checkout>,
        links: impl IntoIterator<Item = (String, Linked)>,
        installed: impl IntoIterator<Item = (String, Installed)>,
    ) -> Self {
        let mut entries: BTreeMap<String, Vec<ExpertEntry>> = BTreeMap::new();
        for (name, installed) in installed {
            let standing = installed.standing.clone();
            let of_name = entries.entry(name.clone()).or_default();
            let entry = ExpertEntry { name, origin: Origin::Installed(installed) };
            // A release without usable native code does not take it away from the expert that has it.
            let counts = matches!(standing, Standing::Trusted | Standing::Declared(_)) || of_name.is_empty();
            of_name.insert(if counts { 0 } else { of_name.len() }, entry);
        }
        let of_checkout =
            checkout.into_iter().flat_map(|c| c.experts().into_iter().map(|n| (n, Origin::Checkout(c.clone()))));
        let linked = links.into_iter().map(|(name, linked)| (name, Origin::Linked(linked)));
        for (name, origin) in of_checkout.chain(linked) {
            entries.entry(name.clone()).or_default().insert(0, ExpertEntry { name, origin });
        }
        Self { entries }
    }

    /// The expert of this name.
    ///
    /// # Errors
    /// When there is none; the error lists those that exist.
    pub fn get(&self, name: &str) -> Result<&ExpertEntry, PluginError> {
        self.entries.get(name).and_then(|of_name| of_name.first()).ok_or_else(|| PluginError::Unknown {
            name: name.to_owned(),
            known: self.entries.keys().cloned().collect(),
        })
    }

    /// The experts of this name that the one that counts hides.
    pub fn hidden(&self, name: &str) -> &[ExpertEntry] {
        self.entries.get(name).and_then(|of_name| of_name.get(1..)).unwrap_or_default()
    }

    /// Those that count, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &ExpertEntry> {
        self.entries.values().filter_map(|of_name| of_name.first())
    }

    /// True when none was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
