//! The source tree of hive, from which experts are built. Knows which files belong to an expert;
//! runs nothing.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The root of the sources that this program was built from.
pub(super) fn built_in() -> Option<&'static Path> {
    // This crate is `host/plugins`.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()
}

/// File name of an expert's library on this platform: `libexpert_sql.so`.
pub(super) fn library_name(expert: &str) -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("{DLL_PREFIX}expert_{}{DLL_SUFFIX}", expert.replace('-', "_"))
}

/// A source checkout: a folder with `Cargo.toml`, `sdk/`, `experts/` and `manifests/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout around the current folder, else the one that this binary was built from, if it
    /// still exists.
    pub fn find() -> Option<Self> {
        std::env::current_dir().ok().and_then(|dir| Self::around(&dir)).or_else(|| built_in().and_then(Self::at))
    }

    /// The checkout that contains `dir`.
    pub fn around(dir: &Path) -> Option<Self> {
        dir.ancestors().find_map(Self::at)
    }

    /// The checkout whose root is `root`.
    pub fn at(root: &Path) -> Option<Self> {
        let is_one = root.join("Cargo.toml").is_file()
            && ["sdk", "experts", "manifests"].iter().all(|folder| root.join(folder).is_dir());
        is_one.then(|| Self { root: root.to_owned() })
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of an expert's crate.
    pub fn crate_dir(&self, expert: &str) -> PathBuf {
        self.root.join("experts").join(expert)
    }

    /// An expert's manifest.
    pub fn manifest(&self, expert: &str) -> PathBuf {
        self.root.join("manifests").join(format!("{expert}.json"))
    }

    /// Names of the experts: the folders of `experts/` that are crates. Sorted.
    pub fn experts(&self) -> Vec<String> {
        let Ok(folders) = std::fs::read_dir(self.root.join("experts")) else { return Vec::new() };
        let mut names: Vec<String> = folders
            .flatten()
            .filter(|entry| entry.path().join("Cargo.toml").is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The modification time of the newest file that an expert's library is built from.
    pub fn newest_source(&self, expert: &str) -> Option<SystemTime> {
        let places =
            [self.crate_dir(expert), self.root.join("sdk"), self.manifest(expert), self.root.join("Cargo.lock")];
        places.iter().filter_map(|place| newest(place)).max()
    }
}

fn newest(path: &Path) -> Option<SystemTime> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_dir() {
        return meta.modified().ok();
    }
    std::fs::read_dir(path)
        .ok()?
        .flatten()
        // Build outputs and editors' files do not make a library stale.
        .filter(|entry| entry.file_name() != "target" && !entry.file_name().to_string_lossy().starts_with('.'))
        .filter_map(|entry| newest(&entry.path()))
        .max()
}
