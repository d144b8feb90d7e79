//! `package.json`: a package's name and version, the base it is for, its adapter, and the machines for which
//! it has a plugin. Everything in it is checked against the other files.

use std::collections::BTreeMap;

use hive_engine::adapter::Adapter;
use hive_engine::adapter::config::{AdapterConfig, Targets};
use serde::{Deserialize, Serialize};

use super::layout::EXTENSION;

/// A package's description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Number of the package format.
    pub format: u32,
    /// The expert's name.
    pub name: String,
    /// The package's version. It may differ from the manifest's when the same plugin was trained again.
    pub version: String,
    /// The expert's description, one sentence.
    pub description: String,
    /// SPDX expression of the adapter's licence.
    pub license: String,
    /// Version of hive that built it.
    pub hive: String,
    /// The base model that it is for.
    pub base: BaseFacts,
    /// The adapter.
    pub adapter: AdapterFacts,
    /// File names of the plugin's libraries, by target triple.
    #[serde(default)]
    pub libraries: BTreeMap<String, String>,
}

/// The base model of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseFacts {
    /// Its id in the catalogue of base models, or a name.
    pub id: String,
    /// Digest of its weights, as [`hive_engine::weights::source::BaseModel::digest`] computes it.
    pub digest: String,
    /// Digest of its tokenizer.
    pub tokenizer: String,
    /// sha256 of its chat template.
    pub template: String,
}

/// The adapter of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterFacts {
    /// `dora` or `lora`.
    pub method: String,
    /// Rank, unless a pattern overrides it.
    pub rank: usize,
    /// Alpha, unless a pattern overrides it.
    pub alpha: f64,
    /// Whether the scaling is alpha / √rank.
    pub rslora: bool,
    /// Target modules, sorted.
    pub target_modules: Vec<String>,
    /// Number of tensors.
    pub tensors: usize,
    /// Number of values in the tensors.
    pub parameters: usize,
}

/// The target modules of a configuration, sorted.
pub(super) fn target_modules(config: &AdapterConfig) -> Vec<String> {
    let mut names = match &config.targets {
        Targets::Names(names) => names.clone(),
        Targets::Pattern(pattern) => vec![pattern.clone()],
        Targets::AllLinear => vec!["all-linear".to_owned()],
    };
    names.sort();
    names
}

impl AdapterFacts {
    /// The facts about this adapter.
    pub fn of(adapter: &Adapter) -> Self {
        let config = &adapter.config;
        Self {
            method: config.method.name().to_owned(),
            rank: config.rank,
            alpha: config.alpha,
            rslora: config.rslora,
            target_modules: target_modules(config),
            tensors: adapter.tensors().count(),
            parameters: adapter.params.len(),
        }
    }
}

impl Description {
    /// The name of the package's file: `expert-sql-smollm2-135m-instruct.v0.1.0.expert`.
    pub fn file_name(&self) -> String {
        format!("expert-{}-{}.v{}.{EXTENSION}", self.name, self.base.id, self.version)
    }

    /// `sql 0.1.0 for smollm2-135m-instruct`, for messages.
    pub fn title(&self) -> String {
        format!("{} {} for {}", self.name, self.version, self.base.id)
    }
}
