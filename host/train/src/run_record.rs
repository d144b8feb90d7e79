//! `run.json`: the inputs of a run, needed to resume it, and which of them may change on resume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_engine::adapter::peft::BaseRef;
use hive_files::hex;
use hive_sdk::Manifest;
use hive_sdk::manifest::Recipe;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::TrainError;
pub use super::data_sources::DataSource;
use super::prompt_sample::PromptSample;
use super::recipe::leaves;
use super::run_folder::RunFolder;

/// What to train on, and how. Stored in the run folder, so that a run can be resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRequest {
    /// The effective recipe.
    pub recipe: Recipe,
    /// The origin of each value of the recipe.
    #[serde(default)]
    pub origins: BTreeMap<String, String>,
    /// Files, folders, prepared sets, data sets of the hub; none: the expert's synthetic data.
    pub datasets: Vec<PathBuf>,
    /// `field=column` pairs that override the mapping, as on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// Field values for every record that lacks them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Domain-specific settings for judging. They decide where records are judged, not how, and may
    /// contain a password: they are not recorded.
    #[serde(skip)]
    pub options: Map<String, Value>,
}

impl TrainRequest {
    /// The manifest's notes on the profiles that the recipe was merged from.
    pub fn profile_notes(&self, manifest: &Manifest) -> Vec<String> {
        let used = |name: &str| self.origins.values().any(|origin| *origin == format!("profile {name}"));
        let notes = manifest.profile_notes.iter().filter(|(name, _)| used(name));
        notes.map(|(name, text)| format!("{name}: {text}")).collect()
    }
}

/// Digests of all inputs of a run's steps, lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Of the base model's weights.
    pub base: String,
    /// Of its tokenizer.
    pub tokenizer: String,
    /// Of its chat template.
    pub template: String,
    /// Of the tokens and loss masks of all records.
    pub data: String,
    /// Of the recipe.
    pub recipe: String,
}

impl Digests {
    /// In the form that checkpoints record.
    pub fn map(&self) -> BTreeMap<String, String> {
        let Self { base, tokenizer, template, data, recipe } = self.clone();
        let names = ["base", "tokenizer", "template", "data", "recipe"].map(str::to_owned);
        names.into_iter().zip([base, tokenizer, template, data, recipe]).collect()
    }
}

/// SHA-256 digest over the recipe's values, lower-case hex.
pub fn recipe_digest(recipe: &Recipe) -> String {
    hex(&Sha256::digest(json!(recipe).to_string()))
}

/// A recipe that was used up to a step and then changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Steps completed with it.
    pub at_step: u64,
    /// The old recipe.
    pub recipe: Recipe,
}

/// `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// The expert's name.
    pub expert: String,
    /// Its version.
    pub expert_version: String,
    /// The request.
    pub request: TrainRequest,
    /// The base model; unknown before the data is prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseRef>,
    /// Digests of the steps' inputs; unknown before the data is prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// The data sets; unknown before they are read, and missing in runs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<DataSource>>,
    /// Rendered prompts; unknown before the data is prepared, and missing in runs of older
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PromptSample>,
    /// Earlier recipes of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl RunRecord {
    /// Reads the record of the run in `path`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let fault = |problem: String| TrainError::NotARun { path: path.to_owned(), problem };
        if !path.exists() {
            return Err(fault("there is no such folder".into()));
        }
        if !path.join("run.json").is_file() {
            return Err(fault("there is no `run.json` in it, so it is not a run folder".into()));
        }
        let value = RunFolder::open(path).read_json("run.json")?.unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|e| fault(format!("its `run.json` is not readable: {e}")))
    }

    /// Reads the record of a run of this expert.
    ///
    /// # Errors
    /// As [`Self::read`], and when the run belongs to another expert.
    pub fn read_of(path: &Path, expert: &str) -> Result<Self, TrainError> {
        let record = Self::read(path)?;
        if record.expert != expert {
            let problem = format!("it is a run of expert `{}`, got `{expert}`", record.expert);
            return Err(TrainError::NotARun { path: path.to_owned(), problem });
        }
        Ok(record)
    }
}

/// Recipe keys that may change during a run, with `--force-recipe`. They affect how the run
/// continues; the others determine what the steps so far have computed.
const MAY_CHANGE: [&str; 20] = [
    "training.epochs",
    "training.steps",
    "training.learning_rate",
    "training.warmup_ratio",
    "training.warmup_steps",
    "training.schedule",
    "training.weight_decay",
    "training.max_grad_norm",
    "training.micro_batch_tokens",
    "training.micro_batch_records",
    "training.packing",
    "training.eval_steps",
    "training.save_steps",
    "training.keep_best",
    "training.load_best_at_end",
    "training.patience",
    "training.non_finite",
    "training.graded_eval_prompts",
    "data.graded_prompts",
    // Only its name may change: the digest of its weights is compared as well.
    "base_model",
];

/// The differences between two recipes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Keys that may change, each with both values.
    pub forcible: Vec<String>,
    /// Keys that may not.
    pub fixed: Vec<String>,
}

/// Compares a run's recipe with the one it is to be resumed with.
pub fn differences(then: &Recipe, now: &Recipe) -> Differences {
    let (then, now) = (leaves(&json!(then)), leaves(&json!(now)));
    let of = |all: &[(String, Value)]| all.iter().cloned().collect::<BTreeMap<_, _>>();
    let (then, now) = (of(&then), of(&now));
    let keys: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let mut found = Differences::default();
    for key in keys {
        let shown = |v: Option<&Value>| v.map_or("not set".to_owned(), Value::to_string);
        if then.get(key) != now.get(key) {
            let line = format!("`{key}` was {}, now {}", shown(then.get(key)), shown(now.get(key)));
            if MAY_CHANGE.contains(&key.as_str()) { found.forcible.push(line) } else { found.fixed.push(line) }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn some_keys_may_change_and_others_may_not() {
        let then = Recipe::default();
        let mut now = then.clone();
        assert_eq!(differences(&then, &now), Differences::default());
        now.training.epochs = 3.0;
        now.training.patience = Some(2);
        now.adapter.rank = 4;
        now.training.seed = 1;
        let found = differences(&then, &now);
        assert_eq!(found.forcible, ["`training.epochs` was 1.5, now 3.0", "`training.patience` was not set, now 2"]);
        assert_eq!(found.fixed, ["`adapter.rank` was 12, now 4", "`training.seed` was 42, now 1"]);
    }

    #[test]
    fn every_key_that_may_change_is_one_of_the_recipe() {
        let mut recipe = Recipe::default();
        recipe.training.steps = Some(1);
        recipe.training.warmup_steps = Some(1);
        recipe.training.micro_batch_records = Some(1);
        recipe.training.patience = Some(1);
        let keys: Vec<String> = leaves(&json!(recipe)).into_iter().map(|(key, _)| key).collect();
        check_all(MAY_CHANGE, |key| {
            assert!(keys.iter().any(|k| k == key), "{key}");
        });
    }
}
