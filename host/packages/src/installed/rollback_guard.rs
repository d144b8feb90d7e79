//! Protection against rollback: the highest version of every expert that was ever installed on this
//! machine, so that an old version cannot be served in place of a newer one unnoticed. The record stays when
//! the expert is removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_files::write_file;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::error::{InstallError, Result};

const FILE: &str = ".seen.json";
const FORMAT: u32 = 1;

/// The content of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HighestVersions {
    format: u32,
    /// By expert, then by base.
    highest: BTreeMap<String, BTreeMap<String, Version>>,
}

/// The highest versions that were ever installed.
#[derive(Debug)]
pub(super) struct RollbackGuard {
    path: PathBuf,
    versions: HighestVersions,
}

impl RollbackGuard {
    /// Reads the record in `root`; without one, nothing was installed before.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let versions = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| InstallError::RollbackRecord { path: path.clone(), problem: e.to_string() })?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                HighestVersions { format: FORMAT, ..HighestVersions::default() }
            }
            Err(e) => return Err(InstallError::io("read", &path, e)),
        };
        Ok(Self { path, versions })
    }

    /// The highest version of `name` for `base` so far.
    pub(super) fn highest(&self, name: &str, base: &str) -> Option<&Version> {
        self.versions.highest.get(name)?.get(base)
    }

    /// Records that this version was installed.
    pub(super) fn record(&mut self, name: &str, base: &str, version: &Version) -> Result<()> {
        let by_base = self.versions.highest.entry(name.to_owned()).or_default();
        if by_base.get(base).is_none_or(|highest| highest < version) {
            by_base.insert(base.to_owned(), version.clone());
            let text = serde_json::to_string_pretty(&self.versions);
            let text = text.map_err(|e| InstallError::io("write", &self.path, e.into()))?;
            write_file(&self.path, text.as_bytes())?;
        }
        Ok(())
    }
}
