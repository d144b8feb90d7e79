//! Experts in folders anywhere, which the user linked: their names and folders in `HIVE_HOME/links.json`. A folder has a
//! manifest `expert.json` and, for an expert with a library, a crate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_files::{FileError, Lock, write_file};
use hive_sdk::Manifest;

use super::error::PluginError;
use super::manifest;

/// File below `HIVE_HOME` with the linked folders by name.
const FILE: &str = "links.json";

/// Name of the manifest in an expert's folder.
pub const MANIFEST: &str = "expert.json";

/// A linked folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The folder.
    pub folder: PathBuf,
    /// Where the library of its crate is kept once it is built, with its record.
    pub built: PathBuf,
}

impl Linked {
    /// The expert in this folder, whose library is kept below `home`.
    pub fn at(home: &Path, name: &str, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), built: home.join("linked").join(name) }
    }

    /// Its manifest.
    pub fn manifest(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    /// Whether it has a crate, and so a library.
    pub fn is_crate(&self) -> bool {
        self.folder.join("Cargo.toml").is_file()
    }
}

/// Why links could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The file of the links.
    #[error("Failed to keep the links to experts' folders")]
    Links(#[source] FileError),
    /// The file of the links does not hold what hive writes.
    #[error("`{}` does not hold links: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The folder holds no expert.
    #[error("`{}` has no `{MANIFEST}`, which every expert's folder has", folder.display())]
    NoExpert {
        /// The folder.
        folder: PathBuf,
        /// Whether the folder exists.
        exists: bool,
    },
    /// Its manifest has faults.
    #[error(transparent)]
    Manifest(#[from] manifest::ManifestError),
    /// Another folder has the name.
    #[error("Expert `{name}` is linked to `{}` already", folder.display())]
    Taken {
        /// The name.
        name: String,
        /// The folder that has it.
        folder: PathBuf,
    },
    /// No folder has the name.
    #[error("No expert `{name}` is linked, expected one of: {}", hive_errors::listed(known.iter().map(String::as_str)))]
    Unknown {
        /// The name.
        name: String,
        /// Those that are linked.
        known: Vec<String>,
    },
    /// What could not be built.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

impl hive_errors::Diagnostic for LinkError {
    fn exit_code(&self) -> u8 {
        match self {
            LinkError::Links(_) => 1,
            LinkError::Damaged { .. } | LinkError::Manifest(_) | LinkError::Plugin(_) => 1,
            LinkError::NoExpert { .. } | LinkError::Taken { .. } | LinkError::Unknown { .. } => 2,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            LinkError::Manifest(error) => error.details(),
            LinkError::Plugin(error) => error.details(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            LinkError::Links(error) => error.hint(),
            LinkError::Damaged { path, .. } => Some(format!("remove `{}` and link the folders again", path.display())),
            LinkError::NoExpert { exists: false, .. } => Some("there is no such folder".to_owned()),
            LinkError::NoExpert { .. } => Some("`hive expert new NAME` makes a folder with one".to_owned()),
            LinkError::Manifest(error) => error.hint(),
            LinkError::Taken { name, .. } => {
                Some(format!("`hive expert unlink {name}` gives the name up; or change `name` in the manifest"))
            }
            LinkError::Unknown { .. } => {
                Some("`hive expert list` shows all experts and where they come from".to_owned())
            }
            LinkError::Plugin(error) => error.hint(),
        }
    }
}

/// The linked folders below `home`, by name.
///
/// # Errors
/// When the file cannot be read.
pub fn links(home: &Path) -> Result<BTreeMap<String, Linked>, LinkError> {
    let folders = read(home)?;
    Ok(folders.into_iter().map(|(name, folder)| (name.clone(), Linked::at(home, &name, &folder))).collect())
}

fn read(home: &Path) -> Result<BTreeMap<String, PathBuf>, LinkError> {
    let path = home.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(LinkError::Links(FileError::io("read", &path, e))),
    };
    serde_json::from_slice(&bytes).map_err(|e| LinkError::Damaged { path, why: e.to_string() })
}

/// The manifest of the expert in `folder`.
///
/// # Errors
/// When there is none, or it has faults.
pub fn manifest_in(folder: &Path) -> Result<Manifest, LinkError> {
    let path = folder.join(MANIFEST);
    if !path.is_file() {
        return Err(LinkError::NoExpert { folder: folder.to_owned(), exists: folder.is_dir() });
    }
    Ok(manifest::check_file(&path)?)
}

/// Links the expert in `folder`: its name, and whether it was linked before.
///
/// # Errors
/// When the folder holds no expert, or another folder has the expert's name.
pub fn link(home: &Path, folder: &Path) -> Result<(String, bool), LinkError> {
    let missing = || LinkError::NoExpert { folder: folder.to_owned(), exists: folder.is_dir() };
    let folder = std::path::absolute(folder).ok().and_then(|f| f.canonicalize().ok()).ok_or_else(missing)?;
    let name = manifest_in(&folder)?.name;
    change(home, |folders| match folders.get(&name) {
        Some(known) if *known == folder => Ok(true),
        // A folder that is gone has no claim to its name.
        Some(known) if known.is_dir() => Err(LinkError::Taken { name: name.clone(), folder: known.clone() }),
        _ => {
            folders.insert(name.clone(), folder.clone());
            Ok(false)
        }
    })
    .map(|again| (name.clone(), again))
}

/// Ends the link of an expert, and removes what was built for it. The folder stays as it is.
///
/// # Errors
/// When no expert of this name is linked.
pub fn unlink(home: &Path, name: &str) -> Result<PathBuf, LinkError> {
    let folder = change(home, |folders| {
        let known = || folders.keys().cloned().collect();
        let unknown = LinkError::Unknown { name: name.to_owned(), known: known() };
        folders.remove(name).ok_or(unknown)
    })?;
    let _ = std::fs::remove_dir_all(Linked::at(home, name, &folder).built);
    Ok(folder)
}

/// Changes the links, one process at a time.
fn change<T>(
    home: &Path,
    change: impl FnOnce(&mut BTreeMap<String, PathBuf>) -> Result<T, LinkError>,
) -> Result<T, LinkError> {
    std::fs::create_dir_all(home).map_err(|e| LinkError::Links(FileError::io("create", home, e)))?;
    let path = home.join(FILE);
    let _lock = Lock::take(&home.join("links.lock"), || ()).map_err(LinkError::Links)?;
    let mut folders = read(home)?;
    let before = folders.clone();
    let result = change(&mut folders)?;
    if folders != before {
        let bytes = serde_json::to_vec_pretty(&folders).unwrap_or_default();
        write_file(&path, &bytes).map_err(LinkError::Links)?;
    }
    Ok(result)
}
