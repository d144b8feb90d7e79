//! The source tree of hive, from which experts are built. Knows which files belong to an expert;
//! runs nothing.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of this crate in a checkout.
const THIS_CRATE: &str = "host/plugins";

/// A digest of the folder that this crate was built in. The path itself is not compiled in: a program that is passed on
/// does not say where it was built.
const BUILT_IN: u64 = fnv1a(env!("CARGO_MANIFEST_DIR").as_bytes());

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>), as it can be computed by the compiler.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
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
    /// The checkout around the current folder, else the one in which this program lies, as cargo puts it there. A copy of
    /// the program elsewhere knows no checkout.
    pub fn find() -> Option<Self> {
        std::env::current_dir().ok().and_then(|dir| Self::around(&dir)).or_else(Self::of_program)
    }

    /// The checkout in which this program lies.
    pub fn of_program() -> Option<Self> {
        Self::around(&std::env::current_exe().ok()?)
    }

    /// Whether this program was built from this checkout.
    pub(super) fn is_own(&self) -> bool {
        fnv1a(self.root.join(THIS_CRATE).as_os_str().as_encoded_bytes()) == BUILT_IN
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

    /// Whether the sources of this expert are in the checkout around the current folder, where cargo can be called.
    pub fn has_here(expert: &str) -> bool {
        let here = std::env::current_dir().ok().and_then(|folder| Self::around(&folder));
        here.is_some_and(|here| here.has(expert))
    }

    /// Whether the sources of this expert are in it.
    pub(super) fn has(&self, expert: &str) -> bool {
        self.crate_dir(expert).is_dir()
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

/// The modification time of the newest file below `path`.
pub(super) fn newest(path: &Path) -> Option<SystemTime> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_program_knows_the_checkout_that_it_was_built_from() {
        let own = Checkout::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("these sources");
        assert!(own.is_own());
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["sdk", "experts", "manifests"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        std::fs::write(folder.path().join("Cargo.toml"), "").expect("written");
        assert!(!Checkout::at(folder.path()).expect("one").is_own());
    }
}
