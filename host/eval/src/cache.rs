//! What is known already: answers per model and prompt, grades per answer. One small file each, so
//! that a run that is killed loses nothing and two runs at once do not disturb each other.

use std::path::PathBuf;

use hive_files::{hex, write_file};
use hive_runtime::opened::OpenExpert;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::ExamError;

/// Number of the format of both kinds of file, and of what answers depend on beside their key.
const FORMAT: u32 = 1;

/// A cache.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// sha256 of the expert's library: another one may render and grade otherwise.
    library: String,
}

impl Cache {
    /// The cache of this expert in its context.
    ///
    /// # Errors
    /// When there is no home, or the library cannot be read.
    pub(super) fn open(open: &OpenExpert) -> Result<Self, ExamError> {
        let library = open.place.sha256()?;
        Ok(Self { folder: open.context.cache()?.join("exams").join(open.expert.name()), library })
    }

    /// What is known of `key` in `kind`.
    pub(super) fn get<T: DeserializeOwned>(&self, kind: Kind, key: &Value) -> Option<T> {
        let text = std::fs::read(self.path(kind, key)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps `value`. A cache that cannot be written costs time at the next run and nothing else.
    pub(super) fn put(&self, kind: Kind, key: &Value, value: &impl Serialize) {
        let path = self.path(kind, key);
        let kept = || -> Option<()> {
            std::fs::create_dir_all(path.parent()?).ok()?;
            write_file(&path, &serde_json::to_vec(value).ok()?).ok()
        };
        if kept().is_none() {
            tracing::warn!(path = %path.display(), "not kept in the cache");
        }
    }

    fn path(&self, kind: Kind, key: &Value) -> PathBuf {
        let library = if kind == Kind::Grades { self.library.as_str() } else { "" };
        let whole = serde_json::json!([FORMAT, env!("CARGO_PKG_VERSION"), library, key]);
        let name = hex(&Sha256::digest(whole.to_string()));
        self.folder.join(kind.name()).join(&name[..2]).join(format!("{}.json", &name[2..]))
    }
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers.
    Answers,
    /// Grades, and what the gate says of prompts.
    Grades,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Answers => "answers",
            Kind::Grades => "grades",
        }
    }
}
