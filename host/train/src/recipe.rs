//! The effective recipe: built-in defaults < manifest < profiles and named recipes < `hive.toml` <
//! `HIVE_*` < `--set`, validated against the manifest's schema after merging. The origin of every
//! value is recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value as Setting};
use figment::{Figment, Provider};
use hive_plugins::manifest::{self, ManifestError};
use hive_sdk::Manifest;
use hive_sdk::manifest::Recipe;
use serde_json::{Map, Value, json};

use super::{TrainError, recipes};

/// Prefix of environment variables that set recipe keys.
const PREFIX: &str = "HIVE_";

/// Sections of a recipe that can be set by variables such as `HIVE_TRAINING__LEARNING_RATE`.
const SECTIONS: [&str; 4] = ["base_model", "adapter", "training", "data"];

/// Mutually exclusive keys: the one in a stronger layer replaces the other.
const EITHER: [(&str, &str); 2] = [("steps", "epochs"), ("warmup_steps", "warmup_ratio")];

/// The sources of the layers above the manifest.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The manifest's profiles, named recipes or TOML files, weakest first.
    pub profiles: Vec<String>,
    /// A TOML file with recipe keys, if it exists.
    pub file: Option<PathBuf>,
    /// Environment variables such as `HIVE_TRAINING__EPOCHS`; those that are not recipe keys are
    /// ignored.
    pub environment: Vec<(String, String)>,
    /// `key=value` pairs, the strongest layer.
    pub sets: Vec<String>,
}

/// A recipe and the origin of each of its values.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The recipe.
    pub recipe: Recipe,
    /// For each value, by its path (`training.learning_rate`), the layer that set it: `default`,
    /// `manifest`, `profile quickstart`, `hive.toml`, `HIVE_TRAINING__EPOCHS`, `--set`.
    pub origins: BTreeMap<String, String>,
}

/// One layer: its name and its values.
struct Layer {
    name: String,
    values: Map<String, Value>,
}

/// Name of the weakest layer: it has every key, including both of two exclusive ones.
const WEAKEST: &str = "default";

/// Resolves the recipe of a run of the expert with this manifest.
///
/// # Errors
/// An unknown profile, a setting that cannot be parsed, or all faults of the merged recipe at once.
pub fn resolve(manifest_json: &str, layers: &Layers) -> Result<Effective, TrainError> {
    let manifest = manifest::check("manifest", manifest_json).map_err(TrainError::Recipe)?;
    let raw: Value = serde_json::from_str(manifest_json).unwrap_or_default();
    let mut stack = vec![Layer { name: WEAKEST.into(), values: object(&defaults(&manifest)) }];
    stack.push(Layer { name: "manifest".into(), values: object(&raw["recipe"]) });
    for name in &layers.profiles {
        stack.push(profile(name, &raw)?);
    }
    if let Some(file) = layers.file.as_ref().filter(|file| file.exists()) {
        // Exactly this file: figment would otherwise search all parent folders too.
        stack.push(read(file.display().to_string(), Toml::file_exact(file))?);
    }
    stack.push(read("environment".into(), Serialized::defaults(environment(&layers.environment)))?);
    stack.extend(command_line(&layers.sets, &manifest)?);
    merged(&manifest, stack, BTreeMap::new())
}

/// A run's recipe with changes from profiles and `key=value` pairs only: the current `hive.toml`
/// and environment must not change an earlier run.
///
/// # Errors
/// As [`resolve`].
pub fn changed(
    manifest_json: &str,
    run: (&Recipe, &BTreeMap<String, String>),
    layers: &Layers,
) -> Result<Effective, TrainError> {
    let manifest = manifest::check("manifest", manifest_json).map_err(TrainError::Recipe)?;
    let raw: Value = serde_json::from_str(manifest_json).unwrap_or_default();
    let (recipe, origins) = run;
    let mut stack = vec![Layer { name: WEAKEST.into(), values: object(&json!(recipe)) }];
    for name in &layers.profiles {
        stack.push(profile(name, &raw)?);
    }
    stack.extend(command_line(&layers.sets, &manifest)?);
    let effective = merged(&manifest, stack, BTreeMap::new())?;
    // Unchanged values keep their origin.
    let origins = effective
        .origins
        .into_iter()
        .filter_map(|(key, layer)| match layer == WEAKEST {
            true => origins.get(&key).map(|origin| (key, origin.clone())),
            false => Some((key, layer)),
        })
        .collect();
    Ok(Effective { recipe: effective.recipe, origins })
}

/// The values set by `HIVE_SECTION__KEY=value` variables; of two that name one key in different
/// case the last wins.
fn environment(variables: &[(String, String)]) -> Dict {
    let mut values = Dict::new();
    for (name, text) in variables {
        let Some(path) = variable_path(name) else { continue };
        // Never fails: what is not a number, list or boolean is text.
        let value = text.parse::<Setting>().unwrap_or_else(|e| match e {});
        insert(&mut values, &path, value);
    }
    values
}

/// The path of the recipe's key that a variable names; `None` if it names none.
fn variable_path(name: &str) -> Option<Vec<String>> {
    let key = name.get(..PREFIX.len()).filter(|p| p.eq_ignore_ascii_case(PREFIX)).map(|p| &name[p.len()..])?;
    let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
    path.first().is_some_and(|section| SECTIONS.contains(&section.as_str())).then_some(path)
}

/// The keys of a recipe that these variables set: each with the variable's name, the key and the value as it is written.
pub fn variable_values(variables: &[(String, String)]) -> Vec<(String, String, String)> {
    let named = variables.iter().filter_map(|(name, value)| Some((name, variable_path(name)?, value)));
    named.map(|(name, path, value)| (name.clone(), path.join("."), value.clone())).collect()
}

/// The keys of a recipe that a TOML file sets, and their values; none if there is no such file.
///
/// # Errors
/// When the file is no TOML.
pub fn file_values(file: &Path) -> Result<Vec<(String, String)>, TrainError> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let layer = read(file.display().to_string(), Toml::file_exact(file))?;
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(leaves(&Value::Object(layer.values)).into_iter().map(|(key, value)| (key, text(value))).collect())
}

fn insert(values: &mut Dict, path: &[String], value: Setting) {
    match path {
        [] => {}
        [key] => drop(values.insert(key.clone(), value)),
        [key, rest @ ..] => {
            let inner = values.entry(key.clone()).or_insert_with(|| Setting::from(Dict::new()));
            if !matches!(inner, Setting::Dict(..)) {
                *inner = Setting::from(Dict::new());
            }
            if let Setting::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// The command line's layers, one per `key=value`. Only one of two exclusive keys may be given
/// there, in any order.
fn command_line(sets: &[String], manifest: &Manifest) -> Result<Vec<Layer>, TrainError> {
    let known = known_keys(manifest);
    let layer = |set: &String| Ok(Layer { name: "--set".into(), values: object(&setting(set, &known)?) });
    let layers = sets.iter().map(layer).collect::<Result<Vec<_>, TrainError>>()?;
    let gives = |key: &str| {
        layers
            .iter()
            .any(|layer| layer.values.get("training").is_some_and(|t| t.get(key).is_some_and(|v| !v.is_null())))
    };
    match EITHER.into_iter().find(|(one, other)| gives(one) && gives(other)) {
        Some((one, other)) => {
            let problem = format!("both `{one}` and `{other}` are given, expected one of them");
            Err(TrainError::Setting { what: "the command line".to_owned(), problem })
        }
        None => Ok(layers),
    }
}

/// Merges the layers, the weakest first.
fn merged(
    manifest: &Manifest,
    stack: Vec<Layer>,
    mut origins: BTreeMap<String, String>,
) -> Result<Effective, TrainError> {
    let mut figment = Figment::new();
    for mut layer in stack {
        // `--set target_modules=all-linear`, as PEFT writes it.
        if let Some(targets) = layer.values.get_mut("adapter").and_then(|a| a.get_mut("target_modules"))
            && targets.is_string()
        {
            *targets = json!([targets.take()]);
        }
        either(&mut layer, &mut origins)?;
        for (path, value) in leaves(&Value::Object(layer.values.clone())) {
            if value.is_null() {
                origins.remove(&path);
                continue;
            }
            let name = match layer.name.as_str() {
                "environment" => format!("HIVE_{}", path.replace('.', "__").to_uppercase()),
                name => name.to_owned(),
            };
            origins.insert(path, name);
        }
        figment = figment.merge(Serialized::defaults(layer.values));
    }
    let merged: Map<String, Value> = figment.extract().map_err(|e| unreadable("the recipe", &e))?;
    Ok(Effective { recipe: check(manifest, merged)?, origins })
}

/// The layer for a name on the command line: a profile of the manifest, a named recipe, or a TOML
/// file.
fn profile(name: &str, manifest: &Value) -> Result<Layer, TrainError> {
    if let Some(profile) = manifest["profiles"].get(name) {
        return Ok(Layer { name: format!("profile {name}"), values: object(profile) });
    }
    if let Some(text) = recipes::named(name) {
        return read(format!("recipe {name}"), Toml::string(text));
    }
    let file = PathBuf::from(name);
    if file.extension().is_some_and(|e| e == "toml") && file.exists() {
        return read(name.to_owned(), Toml::file_exact(file));
    }
    let profiles = manifest["profiles"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let known = profiles.chain(recipes::names().map(str::to_owned)).collect();
    Err(TrainError::UnknownProfile { name: name.to_owned(), known })
}

fn read(name: String, provider: impl Provider) -> Result<Layer, TrainError> {
    let figment = Figment::from(provider);
    // JSON cannot represent NaN and infinity: they would be treated as missing.
    let values: Dict = figment.extract().map_err(|e| unreadable(&name, &e))?;
    if let Some((key, number)) = not_finite(&values) {
        let problem = format!("`{key}` is {number}, expected a finite number");
        return Err(TrainError::Setting { what: format!("`{name}`"), problem });
    }
    let values = figment.extract().map_err(|e| unreadable(&name, &e))?;
    Ok(Layer { name, values })
}

/// The first value that is NaN or infinite, with its key.
fn not_finite(values: &Dict) -> Option<(String, f64)> {
    values.iter().find_map(|(key, value)| match value {
        figment::value::Value::Dict(_, inner) => not_finite(inner).map(|(rest, n)| (format!("{key}.{rest}"), n)),
        other => other.to_num().and_then(|n| n.to_f64()).filter(|n| !n.is_finite()).map(|n| (key.clone(), n)),
    })
}

fn unreadable(layer: &str, error: &figment::Error) -> TrainError {
    let what = match error.metadata.as_ref().map(|m| (&m.name, &m.source)) {
        Some((_, Some(source))) => format!("`{source}`"),
        _ => format!("`{layer}`"),
    };
    TrainError::Setting { what, problem: error.kind.to_string().trim_end().to_owned() }
}

/// Handles exclusive keys: the one in this layer replaces the other in the layers below.
fn either(layer: &mut Layer, origins: &mut BTreeMap<String, String>) -> Result<(), TrainError> {
    if layer.name == WEAKEST {
        return Ok(());
    }
    let Some(training) = layer.values.get_mut("training").and_then(Value::as_object_mut) else { return Ok(()) };
    for (one, other) in EITHER {
        let given = |key: &str| training.get(key).is_some_and(|v| !v.is_null());
        match (given(one), given(other)) {
            (true, true) => {
                let problem = format!("both `{one}` and `{other}` are given, expected one of them");
                return Err(TrainError::Setting { what: format!("`{}`", layer.name), problem });
            }
            (true, false) => drop(origins.remove(&format!("training.{other}"))),
            (false, true) => drop(training.insert(one.to_owned(), Value::Null)),
            (false, false) => {}
        }
    }
    Ok(())
}

/// Every leaf value with its path.
pub fn leaves(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, inner)| match inner {
                Value::Object(_) => leaves(inner).into_iter().map(|(rest, v)| (format!("{key}.{rest}"), v)).collect(),
                other => vec![(key.clone(), other.clone())],
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Validates the merged recipe as part of its manifest: unknown keys, types and ranges.
fn check(manifest: &Manifest, recipe: Map<String, Value>) -> Result<Recipe, TrainError> {
    let mut whole = manifest.clone();
    whole.recipe = Recipe::default();
    let mut value = json!(whole);
    // Missing and null are the same for figment, but not for the schema.
    value["recipe"] = plain(Value::Object(recipe));
    // A manifest must be portable and has no absolute paths; a run is local and may have one.
    let base = value["recipe"]["base_model"].as_str().filter(|base| !base.trim().is_empty()).map(str::to_owned);
    if base.is_some() {
        value["recipe"]["base_model"] = json!("this-run");
    }
    let checked = manifest::check("the recipe", &value.to_string()).map_err(|e| TrainError::Recipe(only_recipe(e)))?;
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

/// A recipe without nulls, and with whole numbers as integers however they were written:
/// `steps=1e3`.
fn plain(value: Value) -> Value {
    /// Below this, an f64 represents every whole number exactly.
    const EXACT: f64 = (1u64 << 53) as f64;
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, plain(v))).collect())
        }
        Value::Number(number) => match number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0) {
            Some(n) if n.abs() < EXACT => json!(n as i64),
            _ => Value::Number(number),
        },
        other => other,
    }
}

/// The built-in recipe; its base model is the manifest's first.
fn defaults(manifest: &Manifest) -> Value {
    let mut value = json!(Recipe::default());
    value["base_model"] = json!(manifest.base_models.first());
    value
}

/// The defaults with every key present, missing ones as null, so that keys can be looked up.
fn known_keys(manifest: &Manifest) -> Value {
    let mut value = defaults(manifest);
    let optional = [
        ("training", &["steps", "warmup_steps", "micro_batch_records", "greater_is_better", "patience"][..]),
        ("adapter", &["layers_to_transform"]),
        ("data", &["lints"]),
    ];
    for (section, keys) in optional {
        for key in keys {
            if value[section].get(key).is_none() {
                value[section][*key] = Value::Null;
            }
        }
    }
    value
}

/// Parses `rank=8` or `adapter.rank=8` into a partial recipe.
fn setting(set: &str, defaults: &Value) -> Result<Value, TrainError> {
    let fault = |problem: String| TrainError::Setting { what: format!("`--set {set}`"), problem };
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
                    let near = hive_errors::nearest(leaf, known.iter().copied());
                    let near = near.map_or_else(String::new, |n| format!(", did you mean `{n}`?"));
                    return Err(fault(format!("unknown key `{leaf}`{near}")));
                }
            }
        }
        _ => path,
    };
    Ok(path.iter().rev().fold(value, |inner, key| json!({ *key: inner })))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hive_errors::Diagnostic as _;
    use hive_tests::check_all;

    const MANIFEST: &str = r#"{"name": "t", "version": "0.1.0", "abi": 3, "description": "d", "license": "MIT", "base_models": ["m"],
                "dataset": {"fields": [{"name": "q"}, {"name": "a", "completion": true}]},
                "recipe": {"adapter": {"rank": 4}},
                "profiles": {"quick": {"training": {"steps": 3}, "adapter": {"rank": 2}}}}"#;

    /// The recipe of a manifest, without profiles.
    pub(crate) fn recipe() -> hive_sdk::manifest::Recipe {
        effective(&[], &[]).unwrap().recipe
    }

    pub(crate) fn effective(profiles: &[&str], sets: &[&str]) -> Result<Effective, TrainError> {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        resolve(MANIFEST, &Layers { profiles: owned(profiles), sets: owned(sets), ..Layers::default() })
    }

    fn with(profile: Option<&str>, sets: &[&str]) -> Result<Recipe, TrainError> {
        Ok(effective(&profile.into_iter().collect::<Vec<_>>(), sets)?.recipe)
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
        let layers = Layers {
            profiles: vec!["quick".into()],
            file: Some(file),
            sets: vec!["steps=6".into()],
            ..Layers::default()
        };
        let recipe = resolve(MANIFEST, &layers).unwrap().recipe;
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

    #[test]
    fn every_number_has_bounds_and_says_them() {
        let numbers = [
            "rank",
            "alpha",
            "dropout",
            "learning_rate",
            "epochs",
            "steps",
            "warmup_ratio",
            "warmup_steps",
            "effective_batch",
            "max_seq_len",
            "micro_batch_tokens",
            "micro_batch_records",
            "weight_decay",
            "beta1",
            "beta2",
            "epsilon",
            "max_grad_norm",
            "eval_steps",
            "save_steps",
            "graded_eval_prompts",
            "keep_best",
            "patience",
            "synthetic_records",
            "validation_fraction",
            "validation_records",
            "graded_prompts",
        ];
        let said = |set: String| match with(None, &[&set]) {
            Ok(_) => String::new(),
            Err(error) => format!("{error}: {}", error.details().join("; ")),
        };
        check_all(numbers, |key| {
            check_all(["-1", "1e17", "100000000000000000000", "1e400", "NaN", "null1", "[]"], |wrong| {
                let said = said(format!("{key}={wrong}"));
                assert!(said.contains(key) && said.contains("expected"), "{key}={wrong}: {said}");
            });
        });
        let fractions = [
            "alpha",
            "dropout",
            "learning_rate",
            "epochs",
            "warmup_ratio",
            "weight_decay",
            "beta1",
            "beta2",
            "epsilon",
            "max_grad_norm",
            "validation_fraction",
        ];
        for key in numbers.iter().filter(|key| !fractions.contains(key)) {
            let said = said(format!("{key}=1.5"));
            assert!(said.contains("got `1.5`, expected a whole number"), "{key}: {said}");
        }
        assert!(said("seed=-1".into()).contains("expected at least 0"));
        assert_eq!(with(None, &["steps=1e3", "seed=18446744073709551615"]).unwrap().training.steps, Some(1000));
        check_all(
            [
                ("adapter.rank_pattern={\"q_proj\": 100000}", "expected at most 4096"),
                ("adapter.alpha_pattern={\"q_proj\": 0}", "expected more"),
                ("adapter.alpha_pattern={\"q_proj\": -1}", "expected more"),
                ("adapter.alpha_pattern={\"q_proj\": 1e30}", "expected at most 1000000"),
            ],
            |(set, expected)| {
                let said = said(set.into());
                assert!(said.contains(expected), "{set}: {said}");
            },
        );
    }

    #[test]
    fn numbers_that_are_none_are_refused_in_a_file_too() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("hive.toml");
        for (text, expected) in [("nan", "NaN"), ("inf", "inf"), ("-inf", "-inf")] {
            std::fs::write(&file, format!("[training]\nlearning_rate = {text}\n")).unwrap();
            let layers = Layers { file: Some(file.clone()), ..Layers::default() };
            let error = resolve(MANIFEST, &layers).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("`training.learning_rate` is {expected}, expected a finite number")),
                "{error}"
            );
        }
    }

    #[test]
    fn every_value_knows_where_it_came_from() {
        let Effective { recipe, origins } =
            effective(&["external", "quick"], &["seed=7", "target_modules=all-linear"]).unwrap();
        let origin = |path: &str| origins.get(path).map(String::as_str);
        assert_eq!(recipe.adapter.target_modules, [hive_sdk::manifest::TargetModule::AllLinear]);
        assert_eq!((recipe.training.learning_rate, recipe.adapter.rank), (5e-5, 2));
        assert_eq!(origin("training.learning_rate"), Some("recipe external"));
        assert_eq!(origin("adapter.rank"), Some("profile quick"));
        assert_eq!(origin("training.seed"), Some("--set"));
        assert_eq!(origin("training.beta1"), Some("default"));
        assert_eq!(origin("base_model"), Some("default"));
        // A replaced value has no origin.
        assert_eq!((origin("training.steps"), origin("training.epochs")), (Some("profile quick"), None));
        assert_eq!(effective(&[], &[]).unwrap().origins["adapter.rank"], "manifest");
    }

    #[test]
    fn of_two_keys_that_exclude_each_other_the_stronger_layers_counts() {
        let recipe = with(Some("quick"), &["epochs=2"]).unwrap();
        assert_eq!((recipe.training.steps, recipe.training.epochs), (None, 2.0));
        let recipe = with(Some("before"), &[]).unwrap();
        assert_eq!(recipe.training.warmup_steps, Some(100));
        let recipe = with(Some("before"), &["warmup_ratio=0.2"]).unwrap();
        assert_eq!((recipe.training.warmup_steps, recipe.training.warmup_ratio), (None, 0.2));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("both.toml");
        std::fs::write(&file, "[training]\nsteps = 5\nepochs = 1\n").unwrap();
        let error = with(Some(&file.display().to_string()), &[]).unwrap_err().to_string();
        assert!(error.contains("both `steps` and `epochs` are given"), "{error}");
    }

    #[test]
    fn of_two_keys_that_exclude_each_other_the_command_line_gives_one() {
        for sets in [&["steps=3", "epochs=1"][..], &["epochs=1", "steps=3"], &["warmup_steps=1", "warmup_ratio=0.5"]] {
            let error = with(None, sets).unwrap_err().to_string();
            assert!(error.contains("the command line") && error.contains("are given"), "{error}");
        }
        // The last of equal keys wins.
        assert_eq!(with(None, &["steps=3", "steps=4"]).unwrap().training.steps, Some(4));
    }

    #[test]
    fn the_named_recipes_are_sound() {
        for name in recipes::names() {
            with(Some(name), &[]).unwrap();
        }
        let optimized = with(Some("optimized"), &[]).unwrap();
        assert_eq!((optimized.adapter.rank, optimized.training.keep_best), (12, 4));
        let known = with(Some("optimised"), &[]).unwrap_err();
        assert!(known.hint().unwrap().contains("optimized"), "{known}");
    }
}
