//! The cached answers, per model and prompt, and grades, per answer. Each entry is a small file of its own, so that a killed run loses nothing and two concurrent runs do not get in each other's way.

use std::path::Path;
use std::time::Duration;

use hive_files::{Cache, CacheLimits, cache_kind, hex};
use hive_runtime::opened::OpenExpert;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::EvalError;

/// Format number of both kinds of entry. Increase it when answers depend on something that is not in their key.
const FORMAT: u32 = 1;

/// Answers and grades that are kept for one expert, of each kind.
const KEPT: CacheLimits =
    CacheLimits { entries: 200_000, bytes: 5_000_000_000, age: Duration::from_secs(180 * 24 * 3600) };

/// Cached answers and grades of one expert.
#[derive(Debug)]
pub(super) struct EvalCache {
    answers: Cache,
    grades: Cache,
    /// sha256 of the expert's library, because another build may render and grade differently.
    library: String,
}

impl EvalCache {
    /// The expert's cache below the home folder.
    ///
    /// # Errors
    /// When there is no home folder, or the library cannot be read.
    pub(super) fn open(open: &OpenExpert) -> Result<Self, EvalError> {
        let folder = open.context.cache()?.join(cache_kind::EVAL).join(open.expert.name());
        Ok(Self::below(&folder, open.place.sha256()?))
    }

    fn below(folder: &Path, library: String) -> Self {
        let [answers, grades] = ["answers", "grades"].map(|kind| Cache::new(folder.join(kind), KEPT));
        answers.evict();
        grades.evict();
        Self { answers, grades, library }
    }

    /// The value under `key`, if there is one that can be read.
    pub(super) fn get<T: DeserializeOwned>(&self, kind: CacheKind, key: &Value) -> Option<T> {
        let (cache, name) = self.entry(kind, key);
        serde_json::from_slice(&cache.get(&name)?).ok()
    }

    /// Stores `value` under `key`. A failure is logged only: it costs time at the next run and nothing else.
    pub(super) fn put(&self, kind: CacheKind, key: &Value, value: &impl Serialize) {
        let (cache, name) = self.entry(kind, key);
        let bytes = serde_json::to_vec(value).map_err(|e| e.to_string());
        if let Err(error) = bytes.and_then(|bytes| cache.put(&name, &bytes).map_err(|e| e.to_string())) {
            tracing::warn!(error, "not kept in the cache");
        }
    }

    /// The cache of this kind, and the name of the entry in it.
    fn entry(&self, kind: CacheKind, key: &Value) -> (&Cache, String) {
        let (cache, library) = match kind {
            CacheKind::Answers => (&self.answers, ""),
            CacheKind::Grades => (&self.grades, self.library.as_str()),
        };
        let full_key = serde_json::json!([FORMAT, env!("CARGO_PKG_VERSION"), library, key]);
        (cache, format!("{}.json", hex(&Sha256::digest(full_key.to_string()))))
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
