//! A folder as a registry: the package files, and an index of them. Several processes may publish at the same time:
//! they take a lock, and writes are atomic.
//!
//! ```text
//! ROOT/index.json                        all packages
//! ROOT/NAME/expert-NAME-BASE.vX.Y.Z.expert
//! ```

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hive_files::{PARTIAL_PREFIX, remove_leftovers, sha256_of, sha256_of_file, write_file};
use hive_net::TransferReporter;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::error::{RegistryError, Result};
use super::reference::Which;
use super::registry::{Listed, Published, Registry, choose};
use crate::layout::is_plain;
use crate::{Package, unpack_file};

const INDEX: &str = "index.json";
const FORMAT: u32 = 1;

/// Limit on the size of the index, in bytes, enough for tens of thousands of packages.
const MAX_INDEX: u64 = 16 << 20;

/// `index.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    packages: Vec<Entry>,
}

/// A package in the index.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// Its identity.
    package: Listed,
    /// The name of its file, in the expert's folder.
    file: String,
}

/// A folder of packages.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// The only expert to consider, if one is named.
    name: Option<String>,
}

impl Directory {
    /// The registry in this folder, which publishing creates if necessary.
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), name: None }
    }

    /// The same registry, restricted to one expert.
    pub(super) fn only(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn place(&self) -> String {
        match &self.name {
            Some(name) => format!("dir:{}", self.root.join(name).display()),
            None => format!("dir:{}", self.root.display()),
        }
    }

    fn damaged(&self, problem: String) -> RegistryError {
        RegistryError::Damaged { place: self.place(), problem }
    }

    fn index(&self) -> Result<Index> {
        let path = self.root.join(INDEX);
        let text = match fs::metadata(&path).and_then(|about| Ok((about.len(), fs::read(&path)?))) {
            Ok((length, _)) if length > MAX_INDEX => {
                return Err(self.damaged(format!("`{INDEX}` has {length} bytes, expected at most {MAX_INDEX}")));
            }
            Ok((_, text)) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Index { format: FORMAT, packages: Vec::new() }),
            Err(e) => return Err(RegistryError::io("read", &path, e)),
        };
        let mut index: Index = serde_json::from_slice(&text).map_err(|e| self.damaged(format!("`{INDEX}`: {e}")))?;
        if index.format != FORMAT {
            return Err(self.damaged(format!("`{INDEX}` has the format {}, this hive reads {FORMAT}", index.format)));
        }
        // Names become paths, so that entries with other names are ignored.
        index.packages.retain(|entry| is_plain(&entry.file) && is_plain(&entry.package.name));
        Ok(index)
    }

    fn file(&self, entry: &Entry) -> PathBuf {
        self.root.join(&entry.package.name).join(&entry.file)
    }

    /// Locks the registry against other publishers, until the returned file is dropped.
    fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.root).map_err(|e| RegistryError::io("create", &self.root, e))?;
        let path = self.root.join(".lock");
        let fault = |e| RegistryError::io("lock", &path, e);
        // Anybody with write access to the folder may publish, even if another user owns the lock file.
        let file = File::open(&path).or_else(|_| File::create(&path)).map_err(fault)?;
        file.lock().map_err(fault)?;
        Ok(file)
    }
}

impl Registry for Directory {
    fn publish(&self, package: &Package, file: &Path, _reporter: &mut dyn TransferReporter) -> Result<Published> {
        let description = &package.description;
        let version = Version::parse(&description.version).map_err(|e| self.damaged(e.to_string()))?;
        let _lock = self.lock()?;
        let mut index = self.index()?;
        let digest = format!("sha256:{}", sha256_of_file(file)?);
        let reference = format!("dir:{}:{version}", self.root.join(&description.name).display());
        let same = |e: &&Entry| {
            let p = &e.package;
            p.name == description.name && p.version == version && p.base == description.base.id
        };
        if let Some(published) = index.packages.iter().find(same) {
            // An entry whose file is missing is published again.
            if published.package.digest == digest && self.file(published).is_file() {
                return Ok(Published { reference, digest, was_there: true });
            }
            if published.package.digest != digest {
                return Err(RegistryError::Taken {
                    place: self.place(),
                    title: description.title(),
                    published: published.package.digest.clone(),
                    new: digest,
                });
            }
        }
        let entry = Entry {
            package: Listed {
                name: description.name.clone(),
                version,
                base: description.base.id.clone(),
                description: description.description.clone(),
                key: package.signature.as_ref().map(|signature| signature.key),
                digest: digest.clone(),
                summary: package.summary(),
            },
            file: description.file_name(),
        };
        let target = self.file(&entry);
        let folder = self.root.join(&description.name);
        fs::create_dir_all(&folder).map_err(|e| RegistryError::io("create", &folder, e))?;
        remove_leftovers(&folder)?;
        copy_atomically(file, &target)?;
        index.packages.retain(|e| e.file != entry.file || e.package.name != entry.package.name);
        index.packages.push(entry);
        index.packages.sort_by(|a, b| (&a.package.name, &a.file).cmp(&(&b.package.name, &b.file)));
        let text = serde_json::to_string_pretty(&index).map_err(|e| self.damaged(e.to_string()))?;
        write_file(&self.root.join(INDEX), (text + "\n").as_bytes())?;
        Ok(Published { reference, digest, was_there: false })
    }

    fn find(&self, which: &Which) -> Result<Listed> {
        choose(self.list()?, which, &self.place())
    }

    fn fetch(&self, listed: &Listed, into: &Path, _reporter: &mut dyn TransferReporter) -> Result<()> {
        let index = self.index()?;
        let entry = index.packages.iter().find(|entry| entry.package == *listed);
        let entry = entry.ok_or_else(|| self.damaged(format!("{} is no longer listed", listed.digest)))?;
        let path = self.file(entry);
        // The same open file is hashed and unpacked, even if another file takes its name meanwhile.
        let mut file = File::open(&path).map_err(|e| RegistryError::io("open", &path, e))?;
        let got = format!("sha256:{}", sha256_of(&mut file).map_err(|e| RegistryError::io("read", &path, e))?);
        if got != listed.digest {
            let what = format!("`{}`", entry.file);
            return Err(RegistryError::Digest { place: self.place(), what, got, expected: listed.digest.clone() });
        }
        unpack_file(file, &path, into)?;
        Ok(())
    }

    fn list(&self) -> Result<Vec<Listed>> {
        if !self.root.is_dir() {
            return Err(RegistryError::NoFolder { place: self.place(), folder: self.root.clone() });
        }
        let packages = self.index()?.packages.into_iter().map(|entry| entry.package);
        Ok(packages.filter(|p| self.name.as_ref().is_none_or(|name| p.name == *name)).collect())
    }
}

/// Copies a file atomically: to a temporary file, then renamed.
fn copy_atomically(from: &Path, to: &Path) -> Result<()> {
    let fault = |e| RegistryError::io("write", to, e);
    let folder = to.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(folder).map_err(fault)?;
    // `fs::copy` also copies the permissions, with which everybody can read the file.
    fs::copy(from, temporary.path()).map_err(fault)?;
    temporary.as_file().sync_all().map_err(fault)?;
    temporary.persist(to).map_err(|e| fault(e.error))?;
    Ok(())
}
