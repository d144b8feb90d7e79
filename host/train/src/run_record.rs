//! `run.json`: what a run is of, so that it can be gone on with, and what may not have changed when
//! it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_engine::adapter::peft::BaseRef;
use hive_files::hex;
use hive_sdk::manifest::Recipe;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::TrainError;
use super::prompt_sample::PromptSample;
use super::recipe::leaves;
use super::run_folder::RunFolder;

/// What to train, and on what. Written into the run folder, so that a run can be resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRequest {
    /// The effective recipe.
    pub recipe: Recipe,
    /// Where each value of the recipe came from.
    #[serde(default)]
    pub origins: BTreeMap<String, String>,
    /// Files, folders, prepared sets, data sets of the hub; none: the expert's own data.
    pub datasets: Vec<PathBuf>,
    /// `field=column` pairs that override the mapping, as on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// Values of fields for every record that lacks them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Settings of the domain's own for judging. They decide where records are judged, not how, and
    /// may hold a password: a run does not record them.
    #[serde(skip)]
    pub options: Map<String, Value>,
}

/// Digests of everything that a run's steps depend on, lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Of the base's weights.
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
    /// As a checkpoint records them.
    pub fn map(&self) -> BTreeMap<String, String> {
        let Self { base, tokenizer, template, data, recipe } = self.clone();
        let names = ["base", "tokenizer", "template", "data", "recipe"].map(str::to_owned);
        names.into_iter().zip([base, tokenizer, template, data, recipe]).collect()
    }
}

/// sha256 over the recipe's values, lower-case hex.
pub fn recipe_digest(recipe: &Recipe) -> String {
    hex(&Sha256::digest(json!(recipe).to_string()))
}

/// A recipe that a run followed up to a step, then no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Steps made under it.
    pub at_step: u64,
    /// The recipe until then.
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
    /// What was asked for.
    pub request: TrainRequest,
    /// The base; not known before the data is prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseRef>,
    /// What the steps depend on; not known before the data is prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// Prompts as they were rendered; not known before the data is prepared, and in no run of an older
    /// hive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PromptSample>,
    /// Recipes that the run followed before this one.
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

    /// The record of a run of this expert.
    ///
    /// # Errors
    /// As [`Self::read`], and when the run is of another expert.
    pub fn read_of(path: &Path, expert: &str) -> Result<Self, TrainError> {
        let record = Self::read(path)?;
        if record.expert != expert {
            let problem = format!("it is a run of expert `{}`, got `{expert}`", record.expert);
            return Err(TrainError::NotARun { path: path.to_owned(), problem });
        }
        Ok(record)
    }
}

/// Keys of the recipe that may change in the middle of a run, with `--force-recipe`. They decide how
/// the run goes on; the others decide what its steps so far were steps of.
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
    // Only its name: the digest of its weights is compared as well.
    "base_model",
];

/// What differs between two recipes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Keys that may change, each with both values.
    pub forcible: Vec<String>,
    /// Keys that may not.
    pub fixed: Vec<String>,
}

/// Holds a run's recipe against the one that it is to go on with.
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
        for key in MAY_CHANGE {
            assert!(keys.iter().any(|k| k == key), "{key}");
        }
    }
}
