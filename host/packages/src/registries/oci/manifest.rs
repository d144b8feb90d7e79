//! The manifest of a package in an OCI registry: an image manifest (OCI image-spec 1.1,
//! <https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md>) that is a model artifact as
//! the CNCF's ModelPack specification has it (<https://github.com/modelpack/model-spec>): one layer per
//! file, uncompressed, named by an annotation. Annotations of hive's own say which base it is for.

use std::collections::BTreeMap;

use hive_files::hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::layout::{self, is_grader, is_library};
use crate::{Description, Package, Summary};

/// Media type of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What kind of artifact it is.
pub(super) const ARTIFACT: &str = "application/vnd.cncf.model.manifest.v1+json";
/// Media type of the configuration.
const CONFIG: &str = "application/vnd.cncf.model.config.v1+json";
/// The layer annotation with the file's name.
const FILE_PATH: &str = "org.cncf.model.filepath";
/// Annotations of the manifest.
const NAME: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";
const DESCRIPTION: &str = "org.opencontainers.image.description";
const LICENSES: &str = "org.opencontainers.image.licenses";
const EXPERT: &str = "dev.hive.expert.name";
const BASE_ID: &str = "dev.hive.base.id";
const BASE_DIGEST: &str = "dev.hive.base.digest";
const KEY: &str = "dev.hive.signature.key";
const KIND: &str = "dev.hive.expert.kind";
const CHECKS: &str = "dev.hive.checks.passed";
const ANSWERS: &str = "dev.hive.answers.right";

/// Limit on the size of a manifest, in bytes, which registries have as well.
pub(super) const MAX_MANIFEST: u64 = 4 << 20;

/// The digest of these bytes as OCI writes it: `sha256:…`.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// A reference to bytes in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// The name of a layer's file.
    pub(super) fn file(&self) -> Option<&str> {
        self.annotations.get(FILE_PATH).map(String::as_str)
    }

    /// The digest's hexadecimal part, if it is a sha256.
    pub(super) fn sha256(&self) -> Option<&str> {
        let hex = self.digest.strip_prefix("sha256:")?;
        (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
    }
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    /// Optional (image-spec 1.1).
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of a package, and the bytes of its configuration.
    pub(super) fn of(package: &Package) -> (Self, Vec<u8>) {
        let d = &package.description;
        let layers: Vec<Descriptor> = package
            .files
            .iter()
            .map(|(name, file)| Descriptor {
                media_type: media_type(name).to_owned(),
                digest: format!("sha256:{}", file.sha256),
                size: file.size,
                annotations: BTreeMap::from([(FILE_PATH.to_owned(), name.clone())]),
            })
            .collect();
        let config = config(d, &layers);
        let descriptor = Descriptor {
            media_type: CONFIG.to_owned(),
            digest: digest_of(&config),
            size: config.len() as u64,
            annotations: BTreeMap::new(),
        };
        let mut annotations: BTreeMap<String, String> = [
            (NAME, format!("{} {}", d.name, d.version)),
            (VERSION, d.version.clone()),
            (DESCRIPTION, d.description.clone()),
            (LICENSES, d.license.clone()),
            (EXPERT, d.name.clone()),
            (BASE_ID, d.base.id.clone()),
            (BASE_DIGEST, format!("sha256:{}", d.base.digest)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        annotations.extend(package.signature.as_ref().map(|s| (KEY.to_owned(), s.key.encoded())));
        let Summary { kind, checks, answers, .. } = package.summary();
        let stated = [(KIND, word(kind)), (CHECKS, word(checks)), (ANSWERS, answers.map(|right| right.to_string()))];
        annotations.extend(stated.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        let manifest = Self {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            artifact_type: Some(ARTIFACT.to_owned()),
            config: descriptor,
            layers,
            annotations,
        };
        (manifest, config)
    }

    /// The facts in the annotations: name, version, base, description, key.
    pub(super) fn facts(&self) -> Result<Facts, String> {
        let annotation =
            |key: &str| self.annotations.get(key).cloned().ok_or_else(|| format!("it has no annotation `{key}`"));
        if self.artifact_type.as_deref() != Some(ARTIFACT) {
            let got = self.artifact_type.as_deref().unwrap_or("none");
            return Err(format!("its artifact type is `{got}`, expected `{ARTIFACT}`"));
        }
        let version = annotation(VERSION)?;
        Ok(Facts {
            name: annotation(EXPERT)?,
            version: version.parse().map_err(|_| format!("`{version}` is no version"))?,
            base: annotation(BASE_ID)?,
            description: annotation(DESCRIPTION)?,
            key: self.annotations.get(KEY).and_then(|key| key.parse().ok()),
            summary: Summary {
                kind: self.annotations.get(KIND).and_then(|word| of_word(word)),
                checks: self.annotations.get(CHECKS).and_then(|word| of_word(word)),
                answers: self.annotations.get(ANSWERS).and_then(|right| right.parse().ok()),
                license: self.annotations.get(LICENSES).cloned(),
            },
        })
    }
}

/// What a manifest says about its package.
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) version: semver::Version,
    pub(super) base: String,
    pub(super) description: String,
    pub(super) key: Option<crate::trust::PublicKey>,
    pub(super) summary: Summary,
}

/// The word of a value without content, as JSON writes it.
fn word(value: Option<impl Serialize>) -> Option<String> {
    serde_json::to_value(value?).ok()?.as_str().map(str::to_owned)
}

/// The value of a word; `None` if there is none, perhaps because a newer hive wrote it.
fn of_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(json!(word)).ok()
}

/// The model's configuration (ModelPack's `config.md`).
fn config(d: &Description, layers: &[Descriptor]) -> Vec<u8> {
    let digests: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    let value = json!({
        "descriptor": {
            "name": d.name, "version": d.version, "title": format!("{} {}", d.name, d.version),
            "description": d.description, "family": d.base.id, "licenses": [d.license],
        },
        "config": {
            "architecture": "transformer", "format": "safetensors", "precision": "float32",
            "capabilities": {"inputTypes": ["text"], "outputTypes": ["text"]},
        },
        "modelfs": {"type": "layers", "diffIds": digests},
    });
    value.to_string().into_bytes()
}

/// The media type of a file's layer.
fn media_type(name: &str) -> &'static str {
    match name {
        layout::TENSOR_FILE => "application/vnd.cncf.model.weight.v1.raw",
        layout::CARD | layout::LICENSE => "application/vnd.cncf.model.doc.v1.raw",
        layout::GOLDEN | layout::PROBE => "application/vnd.cncf.model.dataset.v1.raw",
        name if is_library(name) || is_grader(name) => "application/vnd.cncf.model.code.v1.raw",
        _ => "application/vnd.cncf.model.weight.config.v1.raw",
    }
}
