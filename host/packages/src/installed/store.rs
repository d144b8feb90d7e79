//! Installs, finds, switches and removes releases. A lock admits one writer at a time; reading needs no lock, because
//! every change is a rename.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hive_files::{KnownDigests, PARTIAL_PREFIX, remove_folder, remove_leftovers, write_file, write_folder};
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

/// An installed release.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its description.
    pub description: Description,
    /// Its installation record.
    pub record: InstallRecord,
    /// Its folder.
    pub dir: PathBuf,
    /// Whether it is the default version of its expert.
    pub current: bool,
}

/// A proved package to be installed.
#[derive(Debug)]
pub struct Installing<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its installation record.
    pub record: InstallRecord,
    /// Whether it may be older than a version that was installed before.
    pub allow_downgrade: bool,
}

/// The result of removing a release.
#[derive(Debug)]
pub struct Removed {
    /// The removed release.
    pub release: Release,
    /// The release that is now current; `None` if the expert has no other.
    pub now: Option<Release>,
    /// Whether no installed release needs its base any more.
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

    /// Opens its package, checking every file again.
    ///
    /// # Errors
    /// When a file has changed.
    pub fn package(&self) -> Result<Package> {
        let shown = format!("{}@{}", self.description.name, self.description.version);
        Ok(Package::of_folder(shown, &self.dir, &BESIDE)?)
    }
}

impl Release {
    /// As [`Self::package`], where digests that were computed before count as long as the files have not changed since.
    ///
    /// # Errors
    /// When a file has changed.
    pub fn known_package(&self, known: &KnownDigests) -> Result<Package> {
        let shown = format!("{}@{}", self.description.name, self.description.version);
        Ok(Package::of_known_folder(shown, &self.dir, &BESIDE, known)?)
    }
}

impl Store {
    /// The experts below `home`.
    pub fn of(home: &Path) -> Self {
        Self { root: home.join("experts") }
    }

    /// The experts in this folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder in which packages are unpacked before they are installed, on the same disk; creates it.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn staging(&self) -> Result<PathBuf> {
        fs::create_dir_all(&self.root).map_err(|e| InstallError::io("create", &self.root, e))?;
        Ok(self.root.clone())
    }

    /// All releases, by name, then version, then base.
    ///
    /// # Errors
    /// When the folder cannot be read. A release that cannot be read is skipped; `hive expert list` reports it.
    pub fn releases(&self) -> Result<Vec<Release>> {
        let mut found = Vec::new();
        for expert in folders(&self.root)? {
            let current = current_release(&expert);
            for dir in release_folders(&expert.join(RELEASES)) {
                let is_current = current.as_ref() == Some(&dir);
                if let Some((description, record)) = read_release(&dir) {
                    found.push(Release { description, record, dir, current: is_current });
                }
            }
        }
        found.sort_by_cached_key(|r| (r.description.name.clone(), r.version(), r.description.base.id.clone()));
        Ok(found)
    }

    /// The folders of this expert's damaged releases, whose descriptions cannot be read.
    pub fn damaged(&self, name: &str) -> Vec<PathBuf> {
        if !is_plain(name) {
            return Vec::new();
        }
        let mut folders = release_folders(&self.root.join(name).join(RELEASES));
        folders.retain(|dir| read_release(dir).is_none());
        folders
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

    /// Removes the remains of an expert that has no release any more.
    fn tidy(&self, expert: &Path) {
        let releases = expert.join(RELEASES);
        if release_folders(&releases).is_empty() {
            drop(remove_leftovers(&releases));
            drop(fs::remove_file(expert.join(CURRENT)));
            // These fail if there is anything else in the folder.
            drop(fs::remove_dir(&releases));
            drop(fs::remove_dir(expert));
        }
    }

    /// Finds the release that `asked` names: `NAME` for the current one, or `NAME@VERSION`. `base` selects one if a
    /// version is installed for several bases.
    ///
    /// # Errors
    /// When there is none, or more than one.
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
            ([only], _) => Some(*only),
            (several, None) => several.iter().find(|r| r.current).copied(),
            // Of several versions for one base, the highest. They are sorted.
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
            installed: all.iter().map(Release::title).collect(),
        })
    }

    /// Checks that a package is not older than a version that was installed before, and that its version is
    /// not installed with other files. Call it before anything that takes long.
    ///
    /// # Errors
    /// When a check fails.
    pub fn check(&self, package: &Package, allow_downgrade: bool) -> Result<()> {
        let Description { name, version, base, .. } = &package.description;
        let dir = self.dir_of(package);
        if let Some(installed) = read::<InstallRecord>(&dir.join(FILE))
            && installed.digest != package.digest
        {
            let title = package.description.title();
            return Err(InstallError::OtherFiles { title, installed: installed.digest, new: package.digest.clone() });
        }
        let guard = RollbackGuard::open(&self.root)?;
        // Installed releases count as well, because an installation may have been interrupted before it
        // recorded its version.
        let mut installed = self.releases()?;
        installed.retain(|r| r.description.name == *name && r.description.base.id == base.id);
        let highest = installed.iter().filter_map(Release::version).chain(guard.highest(name, &base.id).cloned()).max();
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
    /// As [`Store::check`], or when it cannot be written. Nothing has then changed.
    pub fn install(&self, installing: &Installing<'_>) -> Result<Release> {
        let _lock = self.lock()?;
        let package = installing.package;
        self.check(package, installing.allow_downgrade)?;
        let dir = self.dir_of(package);
        if let Some(releases) = dir.parent() {
            remove_leftovers(releases)?;
        }
        let plugin = installing.record.plugin.then(|| package.own_library()).flatten();
        write_folder(&dir, |staging| fill(staging, package, plugin.as_deref(), &installing.record))?;
        let description = package.description.clone();
        if let Ok(version) = Version::parse(&description.version) {
            RollbackGuard::open(&self.root)?.record(&description.name, &description.base.id, &version)?;
        }
        let mut release = Release { description, record: installing.record.clone(), dir, current: false };
        self.set_current(&mut release)?;
        Ok(release)
    }

    /// Makes a release the default version of its expert.
    ///
    /// # Errors
    /// When this cannot be written. The previous one is then still current.
    pub fn switch(&self, mut release: Release) -> Result<Release> {
        let _lock = self.lock()?;
        self.set_current(&mut release)?;
        Ok(release)
    }

    /// Removes a release. If it was current, the highest remaining version becomes current.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, release: Release) -> Result<Removed> {
        let _lock = self.lock()?;
        let expert = self.root.join(&release.description.name);
        let mut left: Vec<Release> = self.releases()?;
        left.retain(|r| r.dir != release.dir);
        // It is not known which base a damaged release needs.
        let bases_known = folders(&self.root)?.iter().all(|expert| self.damaged(&name_of(expert)).is_empty());
        let base_unused =
            bases_known && left.iter().all(|r| r.description.base.digest != release.description.base.digest);
        left.retain(|r| r.description.name == release.description.name);
        let now = match left.iter().find(|r| r.current).or(left.last()).cloned() {
            None => None,
            // First the name of the current release, so that it never refers to a removed one.
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

    /// Locks the store against changes by other processes, until the returned file is dropped.
    fn lock(&self) -> Result<File> {
        let path = self.staging()?.join(".lock");
        let fault = |e| InstallError::io("lock", &path, e);
        let file = File::create(&path).map_err(fault)?;
        file.lock().map_err(fault)?;
        Ok(file)
    }
}

/// Writes the files of a release to its staging folder.
fn fill(staging: &Path, package: &Package, plugin: Option<&Path>, record: &InstallRecord) -> Result<()> {
    for name in package.files.keys() {
        let (from, to) = (package.dir().join(name), staging.join(name));
        // Native code that may not be used is not stored either.
        if is_library(name) && plugin != Some(from.as_path()) {
            continue;
        }
        let copied = fs::copy(&from, &to).and_then(|_| File::open(&to)?.sync_all());
        copied.map_err(|e| InstallError::io("write", &to, e))?;
    }
    if let Some(name) = plugin.and_then(Path::file_name) {
        let library = staging.join(name);
        let recorded = LibraryRecord::of(&library).map_err(|e| InstallError::io("read", &library, e))?;
        let expected = package.files.get(&*name.to_string_lossy()).map(|file| &file.sha256);
        if Some(&recorded.sha256) != expected {
            let problem = format!("`{}` changed while it was copied", name.display());
            return Err(PackageError::Archive { package: package.shown.clone(), problem }.into());
        }
        recorded
            .write(&staging.join(BESIDE[1]), &library, SystemTime::now())
            .map_err(|e| InstallError::io("write", &library, e))?;
    }
    let path = staging.join(FILE);
    let text = serde_json::to_string_pretty(record).map_err(|e| InstallError::io("write", &path, e.into()))?;
    Ok(write_file(&path, (text + "\n").as_bytes())?)
}

/// The folders in `folder`, except those of writes in progress; none if it does not exist.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(InstallError::io("read", folder, e)),
    };
    let named = |path: &PathBuf| path.file_name().is_some_and(|n| !n.to_string_lossy().starts_with(PARTIAL_PREFIX));
    Ok(entries.flatten().map(|e| e.path()).filter(|p| p.is_dir() && named(p)).collect())
}

/// The description and the record in a release's folder.
fn read_release(dir: &Path) -> Option<(Description, InstallRecord)> {
    read(&dir.join("package.json")).zip(read(&dir.join(FILE)))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
