//! The effective recipe: built-in defaults < manifest < profile < `hive.toml` < `HIVE_*` <
//! `--set`, checked against the manifest's schema after all layers are on each other.

use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use hive_engine::adapter::config::Targets;
use hive_engine::adapter::{AdapterConfig, DropoutSemantics, Method};
use hive_engine::train::{Schedule, TrainConfig};
use hive_sdk::Manifest;
use hive_sdk::manifest::{AdapterSpec, Recipe, Schedule as SdkSchedule, TrainingSpec};
use serde_json::{Map, Value, json};

use super::ExpertError;
use crate::manifest::{self, ManifestError};

/// Sections of a recipe that `HIVE_TRAINING__LEARNING_RATE=…` may set.
const SECTIONS: [&str; 4] = ["base_model", "adapter", "training", "data"];

/// Where the layers above the manifest come from.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Name of one of the manifest's profiles.
    pub profile: Option<String>,
    /// A TOML file with recipe keys, if it exists.
    pub file: Option<PathBuf>,
    /// `key=value` pairs, the strongest.
    pub sets: Vec<String>,
}

/// The recipe that a run follows.
///
/// # Errors
/// An unknown profile, a setting that cannot be read, or all faults of the result at once.
pub fn resolve(manifest: &Manifest, layers: &Layers) -> Result<Recipe, ExpertError> {
    let defaults = complete(&manifest.recipe, manifest);
    let mut figment = Figment::from(Serialized::defaults(defaults.clone()));
    if let Some(name) = &layers.profile {
        let profile = manifest.profiles.get(name).ok_or_else(|| ExpertError::UnknownProfile {
            name: name.clone(),
            known: manifest.profiles.keys().cloned().collect(),
        })?;
        figment = figment.merge(Serialized::defaults(profile));
    }
    if let Some(file) = layers.file.as_ref().filter(|file| file.exists()) {
        // Exactly this file: figment would otherwise look for it in every parent folder too.
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(
        Env::prefixed("HIVE_")
            .filter(|key| {
                SECTIONS
                    .iter()
                    .any(|section| key.as_str().split("__").next().is_some_and(|s| s.eq_ignore_ascii_case(section)))
            })
            .split("__"),
    );
    for set in &layers.sets {
        figment = figment.merge(Serialized::defaults(setting(set, &defaults)?));
    }
    let merged: Map<String, Value> = figment.extract().map_err(|e| ExpertError::Setting {
        what: match e.metadata.as_ref().map(|m| (&m.name, &m.source)) {
            Some((_, Some(source))) => format!("`{source}`"),
            Some((name, None)) => name.to_string(),
            None => "the recipe".to_owned(),
        },
        problem: e.kind.to_string().trim_end().to_owned(),
    })?;
    check(manifest, merged)
}

/// Checks the merged recipe as part of its manifest: unknown keys, types and ranges.
fn check(manifest: &Manifest, recipe: Map<String, Value>) -> Result<Recipe, ExpertError> {
    let mut whole = manifest.clone();
    whole.recipe = Recipe::default();
    let mut value = json!(whole);
    // Absent and null are the same to figment's layers, not to the schema.
    value["recipe"] = without_nulls(Value::Object(recipe));
    // A manifest serves every machine and names no absolute path; a run is on this one and may.
    let base = value["recipe"]["base_model"].as_str().filter(|base| !base.trim().is_empty()).map(str::to_owned);
    if base.is_some() {
        value["recipe"]["base_model"] = json!("this-run");
    }
    let checked = manifest::check("the recipe", &value.to_string()).map_err(|e| ExpertError::Recipe(only_recipe(e)))?;
    let mut recipe = checked.recipe;
    if let Some(base) = base {
        recipe.base_model = base;
    }
    Ok(recipe)
}

fn only_recipe(error: ManifestError) -> ManifestError {
    match error {
        ManifestError::Faulty { file, faults } => {
            let inside: Vec<_> =
                faults.iter().filter(|f| f.path.to_string().starts_with("$.recipe")).cloned().collect();
            ManifestError::Faulty { file, faults: if inside.is_empty() { faults } else { inside } }
        }
        other => other,
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect())
        }
        other => other,
    }
}

/// The manifest's recipe with every key present, absent ones as null, so that keys can be found.
fn complete(recipe: &Recipe, manifest: &Manifest) -> Value {
    let mut value = json!(recipe);
    if recipe.base_model.is_empty() {
        value["base_model"] = json!(manifest.base_models.first());
    }
    for key in ["steps", "warmup_steps"] {
        if value["training"].get(key).is_none() {
            value["training"][key] = Value::Null;
        }
    }
    value
}

/// `rank=8` or `adapter.rank=8` as a partial recipe.
fn setting(set: &str, defaults: &Value) -> Result<Value, ExpertError> {
    let fault = |problem: String| ExpertError::Setting { what: format!("`--set {set}`"), problem };
    let (key, text) = set.split_once('=').ok_or_else(|| fault("expected `key=value`".into()))?;
    let value: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let path: Vec<&str> = key.split('.').collect();
    let path: Vec<&str> = match path[..] {
        [leaf] if defaults.get(leaf).is_none() => {
            let sections = ["adapter", "training", "data"];
            match sections.iter().find(|s| defaults[**s].get(leaf).is_some()) {
                Some(section) => vec![section, leaf],
                None => {
                    let known: Vec<&str> = sections
                        .iter()
                        .filter_map(|s| defaults[*s].as_object())
                        .flat_map(|m| m.keys().map(String::as_str))
                        .collect();
                    let near = crate::suggest::nearest(leaf, known.iter().copied());
                    let near = near.map_or_else(String::new, |n| format!(", did you mean `{n}`?"));
                    return Err(fault(format!("unknown key `{leaf}`{near}")));
                }
            }
        }
        _ => path,
    };
    Ok(path.iter().rev().fold(value, |inner, key| json!({ *key: inner })))
}

/// The engine's shape of an adapter.
pub fn adapter_config(spec: &AdapterSpec) -> AdapterConfig {
    let name = |module: &hive_sdk::manifest::TargetModule| {
        // A unit variant of a serde enum always becomes a string.
        json!(module).as_str().unwrap_or_default().to_owned()
    };
    AdapterConfig {
        method: match spec.method {
            hive_sdk::Method::Dora => Method::Dora,
            hive_sdk::Method::Lora => Method::Lora,
        },
        rank: spec.rank as usize,
        alpha: spec.alpha,
        dropout: spec.dropout,
        dropout_semantics: match spec.dropout_semantics {
            hive_sdk::DropoutSemantics::Branch => DropoutSemantics::Branch,
            hive_sdk::DropoutSemantics::Peft => DropoutSemantics::Peft,
        },
        rslora: spec.rslora,
        targets: Targets::Names(spec.target_modules.iter().map(name).collect()),
        layers: None,
        rank_pattern: spec.rank_pattern.iter().map(|(k, v)| (k.clone(), *v as usize)).collect(),
        alpha_pattern: spec.alpha_pattern.clone(),
    }
}

/// The engine's numbers of a run.
pub fn train_config(spec: &TrainingSpec) -> TrainConfig {
    TrainConfig {
        learning_rate: spec.learning_rate,
        epochs: spec.epochs,
        steps: spec.steps,
        warmup_ratio: spec.warmup_ratio,
        warmup_steps: spec.warmup_steps,
        schedule: match spec.schedule {
            SdkSchedule::Cosine => Schedule::Cosine,
            SdkSchedule::Linear => Schedule::Linear,
            SdkSchedule::Constant => Schedule::Constant,
        },
        effective_batch: spec.effective_batch,
        micro_batch_tokens: spec.micro_batch_tokens,
        weight_decay: spec.weight_decay,
        beta1: spec.beta1,
        beta2: spec.beta2,
        epsilon: spec.epsilon,
        max_grad_norm: spec.max_grad_norm,
        eval_steps: spec.eval_steps,
        save_steps: spec.save_steps,
        load_best_at_end: spec.load_best_at_end,
        seed: spec.seed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            r#"{"name": "t", "version": "0.1.0", "abi": 2, "description": "d", "license": "MIT", "base_models": ["m"],
                "dataset": {"fields": [{"name": "q"}, {"name": "a", "completion": true}]},
                "recipe": {"adapter": {"rank": 4}},
                "profiles": {"quick": {"training": {"steps": 3}, "adapter": {"rank": 2}}}}"#,
        )
        .unwrap()
    }

    fn with(profile: Option<&str>, sets: &[&str]) -> Result<Recipe, ExpertError> {
        let sets = sets.iter().map(|s| (*s).to_owned()).collect();
        resolve(&manifest(), &Layers { profile: profile.map(str::to_owned), file: None, sets })
    }

    #[test]
    fn stronger_layers_win_key_by_key() {
        let recipe = with(None, &[]).unwrap();
        assert_eq!((recipe.adapter.rank, recipe.adapter.alpha, recipe.training.steps), (4, 24.0, None));
        assert_eq!(recipe.base_model, "m");
        let recipe =
            with(Some("quick"), &["learning_rate=0.5", "training.steps=9", "target_modules=[\"q_proj\"]"]).unwrap();
        assert_eq!((recipe.adapter.rank, recipe.training.steps, recipe.training.learning_rate), (2, Some(9), 0.5));
        assert_eq!(recipe.adapter.target_modules.len(), 1);
    }

    #[test]
    fn a_base_may_lie_anywhere_on_this_machine() {
        assert_eq!(with(None, &["base_model=/models/tiny"]).unwrap().base_model, "/models/tiny");
    }

    #[test]
    fn a_file_is_a_layer_between_profile_and_sets() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hive.toml");
        std::fs::write(&file, "[adapter]\nrank = 7\nalpha = 3\n[training]\nsteps = 5\n").unwrap();
        let layers = Layers { profile: Some("quick".into()), file: Some(file), sets: vec!["steps=6".into()] };
        let recipe = resolve(&manifest(), &layers).unwrap();
        assert_eq!((recipe.adapter.rank, recipe.adapter.alpha, recipe.training.steps), (7, 3.0, Some(6)));
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_name() {
        let error = with(None, &["lerning_rate=1"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `learning_rate`"), "{error}");
        let error = with(None, &["training.lerning_rate=1", "adapter.rank=0"]).unwrap_err();
        let details = error.details().join("\n");
        assert!(details.contains("learning_rate") && details.contains("rank"), "{details}");
        assert!(with(Some("quik"), &[]).unwrap_err().hint().unwrap().contains("quick"));
        assert!(with(None, &["rank"]).unwrap_err().to_string().contains("expected `key=value`"));
        assert!(with(None, &["rank=many"]).is_err());
    }
}
