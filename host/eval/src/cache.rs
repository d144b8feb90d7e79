//! The cache of answers, per model and prompt, and of grades, per answer. Each entry is a small file of
//! its own, so that a killed run loses nothing and two concurrent runs do not get in each other's way.

use std::path::PathBuf;

use hive_files::{hex, write_file};
use hive_runtime::opened::OpenExpert;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::EvalError;

/// Format number of both kinds of entry. Increase it when answers depend on something that is not in their key.
const FORMAT: u32 = 1;

/// Cached answers and grades of one expert.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    /// sha256 of the expert's library, because another build may render and grade differently.
    library: String,
}

impl Cache {
    /// The expert's cache below the home folder.
    ///
    /// # Errors
    /// When there is no home folder, or the library cannot be read.
    pub(super) fn open(open: &OpenExpert) -> Result<Self, EvalError> {
        let library = open.place.sha256()?;
        Ok(Self { folder: open.context.cache()?.join("exams").join(open.expert.name()), library })
    }

    /// The value under `key`, if there is one that can be read.
    pub(super) fn get<T: DeserializeOwned>(&self, kind: CacheKind, key: &Value) -> Option<T> {
        let text = std::fs::read(self.path(kind, key)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Stores `value` under `key`. A failure is logged only: it costs time at the next run and nothing else.
    pub(super) fn put(&self, kind: CacheKind, key: &Value, value: &impl Serialize) {
        let path = self.path(kind, key);
        let store = || -> Option<()> {
            std::fs::create_dir_all(path.parent()?).ok()?;
            write_file(&path, &serde_json::to_vec(value).ok()?).ok()
        };
        if store().is_none() {
            tracing::warn!(path = %path.display(), "not kept in the cache");
        }
    }

    fn path(&self, kind: CacheKind, key: &Value) -> PathBuf {
        let library = if kind == CacheKind::Grades { self.library.as_str() } else { "" };
        let full_key = serde_json::json!([FORMAT, env!("CARGO_PKG_VERSION"), library, key]);
        let name = hex(&Sha256::digest(full_key.to_string()));
        self.folder.join(kind.name()).join(&name[..2]).join(format!("{}.json", &name[2..]))
    }
}

/// A kind of cache entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CacheKind {
    /// Answers, and losses of gold answers.
    Answers,
    /// Grades, and the results of checking prompts.
    Grades,
}

impl CacheKind {
    fn name(self) -> &'static str {
        match self {
            CacheKind::Answers => "answers",
            CacheKind::Grades => "grades",
        }
    }
}
