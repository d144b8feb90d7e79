//! Packages of the older ecosystem: a flat gzip tar with `manifest.json` (schema 2.0, with
//! `base_models[].adapters[]`) and PEFT's two files; nothing vouches for their bytes. They are read,
//! and made into packages of ours as far as they can be; what is lost is told.

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

/// Keys of the older manifest that say what ours says too.
const USED: [&str; 6] = ["name", "version", "schema_version", "description", "license", "base_models"];

/// Endings of files that hold Python's pickles.
const PICKLES: [&str; 5] = [".bin", ".pt", ".pth", ".pkl", ".ckpt"];

/// A package of the older ecosystem, unpacked.
#[derive(Debug)]
pub struct Legacy {
    /// What it is called in messages.
    pub shown: String,
    /// The expert's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the base is called in it.
    pub base: String,
    /// Fields and files that nothing becomes of, and what of its manifest is not so.
    pub lost: Vec<String>,
    description: String,
    license: String,
    dir: Staging,
}

impl Legacy {
    /// Unpacks `path` below `staging`; `None` when it is no package of that kind.
    ///
    /// # Errors
    /// When it is one and damaged, or holds pickles.
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
            // Whatever it is, its manifest tells: pickles are worth telling of only then.
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
        // Without what does something to a terminal, and no longer than a package may say it.
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

    /// The id of its base in the catalogue, going by the last part of its name.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub fn base_id(&self) -> Result<Option<String>> {
        let catalogue = Catalogue::embedded()?;
        let last = self.base.rsplit(['/', '\\']).next().unwrap_or(&self.base).to_lowercase();
        let model = catalogue.of_repository(&self.base).or_else(|| catalogue.get(&last));
        Ok(model.map(|model| model.id.clone()))
    }

    /// Makes a package of ours of it. Its proof is what this machine computes now: nothing was recorded
    /// when it was made.
    ///
    /// # Errors
    /// When its adapter does not fit the base.
    pub fn assemble(&self, base: &Base) -> Result<Assembled> {
        let manifest = json!({
            "name": self.name, "version": self.version, "abi": ABI_VERSION, "description": self.description,
            "license": self.license, "base_models": [self.base_id()?.unwrap_or_else(|| base.model.name.clone())],
            // How it was asked in training is not written down in it: the words as they are, then.
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
            libraries: Default::default(),
            evaluation: None,
            receipt: None,
            golden: Some(vec![("imported".to_owned(), asked)]),
        })
    }
}

fn read(dir: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(dir.join(MANIFEST)).ok()?).ok()
}

/// Whether there is a manifest of the older schema.
fn has_old_manifest(dir: &Path) -> bool {
    let Some(manifest) = read(dir) else { return false };
    let version = &manifest["schema_version"];
    let is_two = version.as_str().is_some_and(|v| v.starts_with("2.")) || version.as_f64() == Some(2.0);
    // Some say nothing of the schema; the form is told by its adapters.
    is_two || manifest["base_models"][0]["adapters"].is_array()
}

/// Fields that nothing becomes of.
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

/// What the manifest says of the adapter that its own configuration says otherwise.
fn differences(says: &Value, is: &hive_engine::adapter::AdapterConfig) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |key: &str, got: String, expected: String| {
        found.push(format!("`adapters[0].{key}` says {got}, `{CONFIG_FILE}` {expected}: that is what counts"));
    };
    if let Some(kind) = says["type"].as_str()
        && !kind.eq_ignore_ascii_case(is.method.name())
    {
        differ("type", format!("`{kind}`"), format!("`{}`", is.method.name()));
    }
    if let Some(rank) = says["r"].as_u64().or(says["rank"].as_u64())
        && rank != is.rank as u64
    {
        differ("r", rank.to_string(), is.rank.to_string());
    }
    if let Some(alpha) = says["alpha"].as_f64()
        && alpha != is.alpha
    {
        differ("alpha", alpha.to_string(), is.alpha.to_string());
    }
    found
}

/// A name that an expert may have: `expert-sql` is `sql`.
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
