//! Installs, finds, switches and removes releases. One process at a time changes them; reading needs
//! no lock, because every change is a rename.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hive_files::{PARTIAL_PREFIX, remove_folder, remove_leftovers, write_file, write_folder};
use hive_plugins::LibraryRecord;
use semver::Version;

use super::error::{InstallError, Result};
use super::paths::{CURRENT, RELEASES, current_release, release_folders, release_name};
use super::record::{BESIDE, FILE, InstallRecord};
use super::rollback_guard::RollbackGuard;
use crate::layout::{is_library, is_plain};
use crate::{Description, Package, PackageError};

/// The installed experts.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A release that is installed.
#[derive(Debug, Clone)]
pub struct Release {
    /// What it is.
    pub description: Description,
    /// How it came here.
    pub record: InstallRecord,
    /// Its folder.
    pub dir: PathBuf,
    /// Whether it is what the expert's name alone means.
    pub current: bool,
}

/// What comes with a package that is to be installed.
#[derive(Debug)]
pub struct Installing<'a> {
    /// The package, proved.
    pub package: &'a Package,
    /// How it came.
    pub record: InstallRecord,
    /// Whether it may be older than what was here.
    pub allow_downgrade: bool,
}

/// What a removal took away.
#[derive(Debug)]
pub struct Removed {
    /// The release.
    pub release: Release,
    /// What is current now, if anything of the expert is left.
    pub now: Option<Release>,
    /// Whether nothing that is installed needs its base any longer.
    pub base_unused: bool,
}

impl Release {
    /// `sql@0.1.0 for smollm2-135m-instruct`
    pub fn title(&self) -> String {
        format!("{}@{} for {}", self.description.name, self.description.version, self.description.base.id)
    }

    fn version(&self) -> Option<Version> {
        Version::parse(&self.description.version).ok()
    }

    /// Opens its package again: every file is checked.
    ///
    /// # Errors
    /// When a file was changed since.
    pub fn package(&self) -> Result<Package> {
        let shown = format!("{}@{}", self.description.name, self.description.version);
        Ok(Package::of_folder(shown, &self.dir, &BESIDE)?)
    }
}

impl Store {
    /// What is kept below `home`.
    pub fn of(home: &Path) -> Self {
        Self { root: home.join("experts") }
    }

    /// What is below this folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Makes a folder in which packages are unpacked before they are installed, on the same disk.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn staging(&self) -> Result<PathBuf> {
        fs::create_dir_all(&self.root).map_err(|e| InstallError::io("create", &self.root, e))?;
        Ok(self.root.clone())
    }

    /// All releases, by name, then version, then base.
    ///
    /// # Errors
    /// When the folder cannot be read. A release that cannot be read is passed over: `hive expert
    /// list` tells of it.
    pub fn releases(&self) -> Result<Vec<Release>> {
        let mut found = Vec::new();
        for expert in folders(&self.root)? {
            let current = current_release(&expert);
            for dir in release_folders(&expert.join(RELEASES)) {
                let is_current = current.as_ref() == Some(&dir);
                if let Some((description, record)) = of_folder(&dir) {
                    found.push(Release { description, record, dir, current: is_current });
                }
            }
        }
        found.sort_by_cached_key(|r| (r.description.name.clone(), r.version(), r.description.base.id.clone()));
        Ok(found)
    }

    /// Folders of this expert's releases that are damaged: what they are cannot be read.
    pub fn damaged(&self, name: &str) -> Vec<PathBuf> {
        if !is_plain(name) {
            return Vec::new();
        }
        let mut all = release_folders(&self.root.join(name).join(RELEASES));
        all.retain(|dir| of_folder(dir).is_none());
        all
    }

    /// Removes a damaged release.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_damaged(&self, name: &str, dir: &Path) -> Result<()> {
        let _lock = self.lock()?;
        remove_folder(dir)?;
        self.tidy(&self.root.join(name));
        Ok(())
    }

    /// Removes what is left of an expert of which no release is.
    fn tidy(&self, expert: &Path) {
        let releases = expert.join(RELEASES);
        if release_folders(&releases).is_empty() {
            drop(remove_leftovers(&releases));
            drop(fs::remove_file(expert.join(CURRENT)));
            // Neither is removed when something else is in it.
            drop(fs::remove_dir(&releases));
            drop(fs::remove_dir(expert));
        }
    }

    /// The release that `asked` means: `NAME`, which is the current one, or `NAME@VERSION`; `base`
    /// says which where a version is there for several.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn find(&self, asked: &str, base: Option<&str>) -> Result<Release> {
        let (name, version) = asked.split_once('@').map_or((asked, None), |(name, version)| (name, Some(version)));
        let all = self.releases()?;
        let fits = |r: &&Release| {
            let d = &r.description;
            d.name == name && version.is_none_or(|v| d.version == v) && base.is_none_or(|b| d.base.id == b)
        };
        let fitting: Vec<&Release> = all.iter().filter(fits).collect();
        let chosen = match (fitting.as_slice(), version.or(base)) {
            ([], _) => None,
            ([one], _) => Some(*one),
            (several, None) => several.iter().find(|r| r.current).copied(),
            // Of several versions for one base, the highest; they are sorted.
            (several, Some(_)) if version.is_none() => several.last().copied(),
            (several, Some(_)) => match several.iter().find(|r| r.current) {
                Some(current) => Some(*current),
                None => {
                    let bases = several.iter().map(|r| r.description.base.id.clone()).collect();
                    return Err(InstallError::SeveralBases { asked: asked.to_owned(), bases });
                }
            },
        };
        chosen.cloned().ok_or_else(|| InstallError::NotInstalled {
            asked: asked.to_owned(),
            there: all.iter().map(Release::title).collect(),
        })
    }

    /// Whether a package may be installed: it is not older than what was here, and no other of its
    /// version is. To be asked before what takes long.
    ///
    /// # Errors
    /// When not.
    pub fn check(&self, package: &Package, allow_downgrade: bool) -> Result<()> {
        let Description { name, version, base, .. } = &package.description;
        let dir = self.dir_of(package);
        if let Some(there) = read::<InstallRecord>(&dir.join(FILE))
            && there.digest != package.digest
        {
            let title = package.description.title();
            return Err(InstallError::OtherFiles { title, there: there.digest, new: package.digest.clone() });
        }
        let guard = RollbackGuard::open(&self.root)?;
        // What is here counts as well: who installed it may have been ended before it was remembered.
        let mut here = self.releases()?;
        here.retain(|r| r.description.name == *name && r.description.base.id == base.id);
        let highest = here.iter().filter_map(Release::version).chain(guard.highest(name, &base.id).cloned()).max();
        if let (Some(highest), Ok(version)) = (highest, Version::parse(version))
            && version < highest
            && !allow_downgrade
        {
            let title = package.description.title();
            return Err(InstallError::Rollback { title, highest: highest.to_string() });
        }
        Ok(())
    }

    /// Installs a proved package and makes it current.
    ///
    /// # Errors
    /// As [`Store::check`], and when it cannot be written; nothing has then changed.
    pub fn install(&self, installing: &Installing<'_>) -> Result<Release> {
        let _lock = self.lock()?;
        let package = installing.package;
        self.check(package, installing.allow_downgrade)?;
        let dir = self.dir_of(package);
        if let Some(releases) = dir.parent() {
            remove_leftovers(releases)?;
        }
        let plugin = installing.record.plugin.then(|| package.own_library()).flatten();
        write_folder(&dir, |aside| fill(aside, package, plugin.as_deref(), &installing.record))?;
        let description = package.description.clone();
        if let Ok(version) = Version::parse(&description.version) {
            RollbackGuard::open(&self.root)?.record(&description.name, &description.base.id, &version)?;
        }
        let mut release = Release { description, record: installing.record.clone(), dir, current: false };
        self.set_current(&mut release)?;
        Ok(release)
    }

    /// Makes a release what the expert's name alone means.
    ///
    /// # Errors
    /// When it cannot be written down; the former one is then still current.
    pub fn switch(&self, mut release: Release) -> Result<Release> {
        let _lock = self.lock()?;
        self.set_current(&mut release)?;
        Ok(release)
    }

    /// Removes a release. When it was current, the highest version that is left becomes so.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, release: Release) -> Result<Removed> {
        let _lock = self.lock()?;
        let expert = self.root.join(&release.description.name);
        let mut left: Vec<Release> = self.releases()?;
        left.retain(|r| r.dir != release.dir);
        // Of a damaged release nobody knows which base it needs.
        let known = folders(&self.root)?.iter().all(|expert| self.damaged(&name_of(expert)).is_empty());
        let base_unused = known && left.iter().all(|r| r.description.base.digest != release.description.base.digest);
        left.retain(|r| r.description.name == release.description.name);
        let now = match left.iter().find(|r| r.current).or(left.last()).cloned() {
            None => None,
            // First the name, so that it never means what is gone.
            Some(mut next) => {
                self.set_current(&mut next)?;
                Some(next)
            }
        };
        if now.is_none() {
            match fs::remove_file(expert.join(CURRENT)) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(InstallError::io("remove", &expert.join(CURRENT), e));
                }
                _ => {}
            }
        }
        remove_folder(&release.dir)?;
        if now.is_none() {
            self.tidy(&expert);
        }
        Ok(Removed { release, now, base_unused })
    }

    fn dir_of(&self, package: &Package) -> PathBuf {
        let Description { name, version, base, .. } = &package.description;
        self.root.join(name).join(RELEASES).join(release_name(version, &base.id))
    }

    fn set_current(&self, release: &mut Release) -> Result<()> {
        let Description { name, version, base, .. } = &release.description;
        write_file(&self.root.join(name).join(CURRENT), release_name(version, &base.id).as_bytes())?;
        release.current = true;
        Ok(())
    }

    /// Keeps other processes from changing what is installed, until what is returned is dropped.
    fn lock(&self) -> Result<File> {
        let path = self.staging()?.join(".lock");
        let fault = |e| InstallError::io("lock", &path, e);
        let file = File::create(&path).map_err(fault)?;
        file.lock().map_err(fault)?;
        Ok(file)
    }
}

/// Fills the folder of a release.
fn fill(aside: &Path, package: &Package, plugin: Option<&Path>, record: &InstallRecord) -> Result<()> {
    for name in package.files.keys() {
        let (from, to) = (package.dir().join(name), aside.join(name));
        // Native code that is not to be used is not kept either.
        if is_library(name) && plugin != Some(from.as_path()) {
            continue;
        }
        let copied = fs::copy(&from, &to).and_then(|_| File::open(&to)?.sync_all());
        copied.map_err(|e| InstallError::io("write", &to, e))?;
    }
    if let Some(name) = plugin.and_then(Path::file_name) {
        let library = aside.join(name);
        let recorded = LibraryRecord::of(&library).map_err(|e| InstallError::io("read", &library, e))?;
        let expected = package.files.get(&*name.to_string_lossy()).map(|file| &file.sha256);
        if Some(&recorded.sha256) != expected {
            let problem = format!("`{}` changed while it was copied", name.display());
            return Err(PackageError::Archive { package: package.shown.clone(), problem }.into());
        }
        recorded
            .write(&aside.join(BESIDE[1]), &library, SystemTime::now())
            .map_err(|e| InstallError::io("write", &library, e))?;
    }
    let path = aside.join(FILE);
    let text = serde_json::to_string_pretty(record).map_err(|e| InstallError::io("write", &path, e.into()))?;
    Ok(write_file(&path, (text + "\n").as_bytes())?)
}

/// The folders in `folder`, but for those of writers at work; none when it does not exist.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(InstallError::io("read", folder, e)),
    };
    let named = |path: &PathBuf| path.file_name().is_some_and(|n| !n.to_string_lossy().starts_with(PARTIAL_PREFIX));
    Ok(entries.flatten().map(|e| e.path()).filter(|p| p.is_dir() && named(p)).collect())
}

/// What a release's folder says of itself.
fn of_folder(dir: &Path) -> Option<(Description, InstallRecord)> {
    read(&dir.join("package.json")).zip(read(&dir.join(FILE)))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
