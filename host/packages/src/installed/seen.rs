//! The highest version of every expert that was ever installed here, so that nobody can serve an old
//! one in place of a new one unnoticed. It outlives what it remembers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_files::write_file;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::error::{InstallError, Result};

const FILE: &str = ".seen.json";
const FORMAT: u32 = 1;

/// Versions by expert and base.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    highest: BTreeMap<String, BTreeMap<String, Version>>,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    path: PathBuf,
    list: List,
}

impl Seen {
    /// What was seen below this folder.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let list = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| InstallError::Memory { path: path.clone(), problem: e.to_string() })?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => List { format: FORMAT, ..List::default() },
            Err(e) => return Err(InstallError::io("read", &path, e)),
        };
        Ok(Self { path, list })
    }

    /// The highest version of `name` for `base`.
    pub(super) fn highest(&self, name: &str, base: &str) -> Option<&Version> {
        self.list.highest.get(name)?.get(base)
    }

    /// Remembers that this version is here.
    pub(super) fn add(&mut self, name: &str, base: &str, version: &Version) -> Result<()> {
        let of_name = self.list.highest.entry(name.to_owned()).or_default();
        if of_name.get(base).is_none_or(|highest| highest < version) {
            of_name.insert(base.to_owned(), version.clone());
            let text = serde_json::to_string_pretty(&self.list);
            let text = text.map_err(|e| InstallError::io("write", &self.path, e.into()))?;
            write_file(&self.path, text.as_bytes())?;
        }
        Ok(())
    }
}
