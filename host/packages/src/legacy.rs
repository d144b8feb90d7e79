//! Packages in the format of hive's predecessor: a flat gzip tar with `manifest.json` (schema 2.0, with
//! `base_models[].adapters[]`) and PEFT's two files, without digests. They are converted to hive packages as far as
//! possible, and what cannot be converted is reported.

use std::path::Path;

use hive_engine::adapter::peft;
use hive_files::Staging;
use hive_plugins::declared;
use hive_runtime::base::Base;
use hive_runtime::models::Catalogue;
use hive_sdk::{ABI_VERSION, Record};
use serde_json::{Value, json};

use super::archive::{Rules, Take, shown, unpack_with};
use super::build::{Assembled, Ingredients, assemble};
use super::error::{PackageError, Result};
use super::layout::{CARD, CONFIG_FILE, LICENSE, MANIFEST, TENSOR_FILE, is_version, limit};
use super::package::Package;

/// Keys of the predecessor's manifest that have a counterpart in hive's.
const USED: [&str; 6] = ["name", "version", "schema_version", "description", "license", "base_models"];

/// Extensions of files that contain Python pickles.
const PICKLES: [&str; 5] = [".bin", ".pt", ".pth", ".pkl", ".ckpt"];

/// A package in the predecessor's format, unpacked.
#[derive(Debug)]
pub struct Legacy {
    /// Its name in messages.
    pub shown: String,
    /// The expert's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The base's name in its manifest.
    pub base: String,
    /// Fields and files that are not converted, and false statements in its manifest.
    pub lost: Vec<String>,
    description: String,
    license: String,
    dir: Staging,
}

impl Legacy {
    /// Unpacks `path` in `staging`; `None` if it is not a package of that kind.
    ///
    /// # Errors
    /// When it is one, but is damaged or contains pickles.
    pub fn open(path: &Path, staging: &Path) -> Result<Option<Self>> {
        let dir = Staging::new(staging)?;
        let take = |name: &str| match name {
            MANIFEST | CONFIG_FILE | TENSOR_FILE | CARD | LICENSE => Take::UpTo(limit(name).unwrap_or(0)),
            name if PICKLES.iter().any(|ending| name.ends_with(ending)) => {
                Take::Never(format!("`{name}` is a pickle, which runs code when it is read; expected `{TENSOR_FILE}`"))
            }
            _ => Take::Not,
        };
        let unpacked = match unpack_with(path, dir.path(), &Rules { strict: false, take: &take }) {
            Ok(unpacked) => unpacked,
            // Pickles are reported only if the manifest shows that it is such a package.
            Err(error) if !has_old_manifest(dir.path()) => {
                tracing::debug!("not an older package either: {error}");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if !has_old_manifest(dir.path()) {
            return Ok(None);
        }
        let package = shown(path);
        let fault = |problem: String| PackageError::Archive { package: package.clone(), problem };
        for name in [CONFIG_FILE, TENSOR_FILE] {
            if !unpacked.files.contains_key(name) {
                return Err(fault(format!("`{name}` is missing")));
            }
        }
        let manifest = read(dir.path()).ok_or_else(|| fault(format!("`{MANIFEST}` cannot be read")))?;
        // Without control characters, and within a package's limit.
        let text = |value: &Value| {
            let text = value.as_str()?;
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(250).collect();
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let named = text(&manifest["name"]).unwrap_or_default();
        let model = &manifest["base_models"][0];
        let config = peft::read_config(dir.path())?;
        let base = text(&model["name"]).unwrap_or(config.base_name.clone());
        let mut lost: Vec<String> =
            unpacked.passed.iter().map(|name| format!("file `{}`", name.escape_debug())).collect();
        lost.extend(lost_fields(&manifest));
        lost.extend(differences(&model["adapters"][0], &config.adapter));
        Ok(Some(Self {
            name: plain_name(&named),
            version: text(&manifest["version"]).filter(|v| is_version(v)).unwrap_or("0.0.0".into()),
            description: text(&manifest["description"]).unwrap_or_else(|| format!("Imported: {named}")),
            license: text(&manifest["license"]).unwrap_or_else(|| "unknown".to_owned()),
            base,
            lost,
            shown: package,
            dir,
        }))
    }

    /// The id of its base in the catalogue, according to the last part of its name.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub fn base_id(&self) -> Result<Option<String>> {
        let catalogue = Catalogue::embedded()?;
        let last = self.base.rsplit(['/', '\\']).next().unwrap_or(&self.base).to_lowercase();
        let model = catalogue.of_repository(&self.base).or_else(|| catalogue.get(&last));
        Ok(model.map(|model| model.id.clone()))
    }

    /// Converts it to a hive package, which is unpacked in `staging`.
    ///
    /// # Errors
    /// When its adapter does not fit the base, or the package cannot be written.
    pub fn convert(&self, base: &Base, staging: &Path) -> Result<Package> {
        let assembled = self.assemble(base)?;
        let dir = Staging::new(staging)?;
        Package::open(&assembled.write(dir.path(), |_| Ok::<(), PackageError>(()))?, staging)
    }

    /// The files of the hive package. The recorded outputs are computed now, because it has none.
    fn assemble(&self, base: &Base) -> Result<Assembled> {
        let manifest = json!({
            "name": self.name, "version": self.version, "abi": ABI_VERSION, "description": self.description,
            "license": self.license, "base_models": [self.base_id()?.unwrap_or_else(|| base.model.name.clone())],
            // It does not say how prompts were rendered in training, so the question is used as it is.
            "dataset": {"fields": [{"name": "text"}, {"name": "answer", "completion": true}]},
            "prompt": [{"role": "user", "content": "{text|trim}"}],
        });
        let expert = declared(&self.name, &manifest.to_string())?;
        let asked = Record::from_pairs([("text", self.description.clone())]);
        assemble(&Ingredients {
            expert: &expert,
            base,
            adapter: self.dir.path(),
            version: Some(self.version.clone()),
            license: std::fs::read_to_string(self.dir.path().join(LICENSE)).ok(),
            graders: Vec::new(),
            libraries: Default::default(),
            evaluation: None,
            checks: None,
            receipt: None,
            golden: Some(vec![("imported".to_owned(), asked)]),
        })
    }
}

fn read(dir: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(dir.join(MANIFEST)).ok()?).ok()
}

/// Whether the folder has a manifest of the older schema.
fn has_old_manifest(dir: &Path) -> bool {
    let Some(manifest) = read(dir) else { return false };
    let version = &manifest["schema_version"];
    let is_two = version.as_str().is_some_and(|v| v.starts_with("2.")) || version.as_f64() == Some(2.0);
    // Some do not state the schema, but have its adapters.
    is_two || manifest["base_models"][0]["adapters"].is_array()
}

/// Fields that are not converted.
fn lost_fields(manifest: &Value) -> Vec<String> {
    let keys = |value: &Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut lost: Vec<String> = keys(manifest)
        .into_iter()
        .filter(|key| !USED.contains(&key.as_str()))
        .map(|key| format!("field `{key}`"))
        .collect();
    for (i, model) in manifest["base_models"].as_array().into_iter().flatten().enumerate() {
        if i > 0 {
            lost.push(format!("field `base_models[{i}]`: only the first base is taken"));
            continue;
        }
        let unused = keys(model).into_iter().filter(|key| !["name", "adapters"].contains(&key.as_str()));
        lost.extend(unused.map(|key| format!("field `base_models[0].{key}`")));
        for (j, adapter) in model["adapters"].as_array().into_iter().flatten().enumerate() {
            if j > 0 {
                lost.push(format!("field `base_models[0].adapters[{j}]`: only the first adapter is taken"));
                continue;
            }
            let told = ["type", "r", "rank", "alpha", "target_modules"];
            let unused = keys(adapter).into_iter().filter(|key| !told.contains(&key.as_str()));
            lost.extend(unused.map(|key| format!("field `base_models[0].adapters[0].{key}`")));
        }
    }
    lost
}

/// Statements of the manifest about the adapter that contradict the adapter's configuration.
fn differences(stated: &Value, actual: &hive_engine::adapter::AdapterConfig) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |key: &str, got: String, expected: String| {
        found.push(format!("`adapters[0].{key}` says {got}, `{CONFIG_FILE}` {expected}: that is what counts"));
    };
    if let Some(kind) = stated["type"].as_str()
        && !kind.eq_ignore_ascii_case(actual.method.name())
    {
        differ("type", format!("`{kind}`"), format!("`{}`", actual.method.name()));
    }
    if let Some(rank) = stated["r"].as_u64().or(stated["rank"].as_u64())
        && rank != actual.rank as u64
    {
        differ("r", rank.to_string(), actual.rank.to_string());
    }
    if let Some(alpha) = stated["alpha"].as_f64()
        && alpha != actual.alpha
    {
        differ("alpha", alpha.to_string(), actual.alpha.to_string());
    }
    found
}

/// A valid expert name: `expert-sql` becomes `sql`.
fn plain_name(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("expert-").unwrap_or(&name);
    let name: String =
        name.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let name: String = name.trim_matches('-').chars().take(63).collect();
    if name.starts_with(|c: char| c.is_ascii_lowercase()) { name } else { "imported".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_told() {
        let manifest = json!({
            "name": "expert-sql", "version": "0.3.0", "schema_version": "2.0", "capabilities": ["a"],
            "base_models": [
                {"name": "F:/models/Qwen3-0.6B", "quantization": "int4",
                 "adapters": [{"type": "dora", "r": 12, "sha256": ""}, {"type": "lora"}]},
                {"name": "other"},
            ],
        });
        assert_eq!(
            lost_fields(&manifest),
            [
                "field `capabilities`",
                "field `base_models[0].quantization`",
                "field `base_models[0].adapters[0].sha256`",
                "field `base_models[0].adapters[1]`: only the first adapter is taken",
                "field `base_models[1]`: only the first base is taken",
            ]
        );
        assert_eq!(plain_name("expert-sql"), "sql");
        assert_eq!(plain_name("Expert-My SQL!"), "my-sql");
        assert_eq!(plain_name("../.."), "imported");
        assert_eq!(plain_name("42"), "imported");
    }
}
