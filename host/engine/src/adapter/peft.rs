//! Reads and writes PEFT's adapter folders: `adapter_config.json` and `adapter_model.safetensors`. The only place where
//! PEFT's terms (`r`, `lora_alpha`) occur.
//!
//! Format: Hugging Face PEFT, `LoraConfig` and "Checkpoint format" in its documentation. Loading is strict: every tensor
//! must belong to a linear layer of the base and have its shape, every target module must have its tensors, and every value
//! must be finite; all faults are listed at once. Where the pattern of target modules is not usable, the target layers are
//! those that have tensors.

mod fit;
mod keys;

use std::collections::BTreeMap;
use std::path::Path;

use hive_files::{refuse_lfs_pointer, write_file};
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::fit::problems;
use self::fit::{Faults, not_finite_values};
use self::keys::Keys;
pub use self::keys::tensor_name;
use crate::adapter::config::{AdapterConfig, Targets};
use crate::adapter::params::{Adapter, Part};
use crate::adapter::{DropoutSemantics, Method};
use crate::error::{EngineError, MismatchSubject, Result};
use crate::weights::Module;
use crate::weights::config::ModelConfig;
use crate::weights::source::TensorSource;
use crate::weights::source::safetensors::SafetensorsSource;

/// Name of the configuration file.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// Name of the tensor file.
pub const TENSOR_FILE: &str = "adapter_model.safetensors";
/// Name of the file that records the adapter's base. PEFT ignores it.
pub const BASE_FILE: &str = "hive_base.json";

/// The base model an adapter was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseRef {
    /// Catalogue id or path.
    pub id: String,
    /// sha256 of its weights, in hexadecimal.
    pub digest: String,
}

/// The parts of an adapter folder's configuration that hive reads.
#[derive(Debug, Clone)]
pub struct PeftConfig {
    /// The adapter's shape.
    pub adapter: AdapterConfig,
    /// `base_model_name_or_path`; may be empty.
    pub base_name: String,
    /// The recorded base, if hive wrote the folder.
    pub base: Option<BaseRef>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    lora_dropout: f64,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    target_modules: Value,
    #[serde(default)]
    layers_to_transform: Value,
    #[serde(default)]
    rank_pattern: Option<BTreeMap<String, usize>>,
    #[serde(default)]
    alpha_pattern: Option<BTreeMap<String, f64>>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Maximum magnitude of alpha: with a larger one, the first product overflows.
const MAX_ALPHA: f64 = 1e9;

/// Settings that change the meaning of the tensors and are not supported: refused unless they have a neutral value.
const NEUTRAL: [(&str, &[&str]); 17] = [
    ("bias", &["\"none\""]),
    // Others (PiSSA, OLoRA, CorDA, LoftQ, …) modify the base, unless PEFT has converted the adapter.
    ("init_lora_weights", &["true", "false", "null", "\"gaussian\"", "\"eva\"", "\"orthogonal\""]),
    ("fan_in_fan_out", &["false"]),
    ("modules_to_save", &["null", "[]"]),
    ("layer_replication", &["null"]),
    ("lora_bias", &["false"]),
    ("trainable_token_indices", &["null", "[]", "{}"]),
    ("target_parameters", &["null", "[]"]),
    ("exclude_modules", &["null", "[]"]),
    ("alora_invocation_tokens", &["null"]),
    ("use_qalora", &["false"]),
    ("use_bdlora", &["null", "false"]),
    ("arrow_config", &["null"]),
    ("monteclora_config", &["null"]),
    ("velora_config", &["null"]),
    ("kasa_config", &["null"]),
    ("megatron_config", &["null"]),
];

/// Reads `adapter_config.json` and, if there is one, the record of the base.
///
/// # Errors
/// When a file is missing or not valid, or a setting is not supported.
pub fn read_config(dir: &Path) -> Result<PeftConfig> {
    let path = dir.join(CONFIG_FILE);
    let text = std::fs::read_to_string(&path).map_err(|e| unreadable(dir, CONFIG_FILE, e))?;
    refuse_lfs_pointer(&path, text.as_bytes())?;
    let no_lora = |e: serde_json::Error| EngineError::format(&path, format!("not a PEFT LoRA configuration: {e}"));
    let value: Value = serde_json::from_str(&text).map_err(no_lora)?;
    let refuse = |problem: String| Err(EngineError::format(&path, problem));
    // First, because other methods have other keys, and a missing key of LoRA would be a misleading error.
    if let Some(problem) = other_method(&value) {
        return refuse(problem);
    }
    let raw: Raw = serde_json::from_value(value).map_err(no_lora)?;
    if !raw.lora_alpha.is_finite() || raw.lora_alpha.abs() > MAX_ALPHA {
        return refuse(format!("`lora_alpha` is {}, expected at most {MAX_ALPHA}", raw.lora_alpha));
    }
    for (name, neutral) in NEUTRAL {
        if let Some(value) = raw.rest.get(name)
            && !neutral.contains(&value.to_string().as_str())
        {
            return refuse(format!(
                "`{name}` is {value}, which hive does not compute; expected {}",
                neutral.join(" or ")
            ));
        }
    }
    let targets = match &raw.target_modules {
        Value::String(s) if s == "all-linear" => Targets::AllLinear,
        Value::String(s) => Targets::Pattern(s.clone()),
        Value::Array(items) => {
            let names: Option<Vec<String>> = items.iter().map(|i| i.as_str().map(str::to_owned)).collect();
            match names {
                Some(names) => Targets::Names(names),
                None => return refuse(format!("`target_modules` is {}, expected names", raw.target_modules)),
            }
        }
        other => return refuse(format!("`target_modules` is {other}, expected a list of names or a pattern")),
    };
    let layers = match &raw.layers_to_transform {
        Value::Null => None,
        Value::Number(n) => n.as_u64().map(|n| vec![n as usize]),
        value => match serde_json::from_value(value.clone()) {
            Ok(layers) => Some(layers),
            Err(_) => {
                return refuse(format!("`layers_to_transform` is {value}, expected a number or a list of numbers"));
            }
        },
    };
    Ok(PeftConfig {
        adapter: AdapterConfig {
            method: if raw.use_dora { Method::Dora } else { Method::Lora },
            rank: raw.r,
            alpha: raw.lora_alpha,
            dropout: raw.lora_dropout,
            dropout_semantics: DropoutSemantics::default(),
            rslora: raw.use_rslora,
            targets,
            layers,
            rank_pattern: raw.rank_pattern.unwrap_or_default(),
            alpha_pattern: raw.alpha_pattern.unwrap_or_default(),
        },
        base_name: raw.base_model_name_or_path.unwrap_or_default(),
        base: read_base(dir)?,
    })
}

/// Why a configuration is not that of a LoRA or DoRA adapter of PEFT, if it is not.
fn other_method(config: &Value) -> Option<String> {
    match &config["peft_type"] {
        Value::String(name) if name == "LORA" => None,
        Value::String(name) => Some(format!("`peft_type` is `{name}`, expected `LORA`")),
        Value::Null => {
            let mlx_sign = |key: &str| {
                config.get(key).map(|value| match value.as_str() {
                    Some(text) => format!("`{key}` is `{text}`"),
                    None => format!("it has `{key}`"),
                })
            };
            Some(match mlx_sign("fine_tune_type").or_else(|| mlx_sign("lora_parameters")) {
                Some(sign) => format!(
                    "it is of an adapter of mlx-lm ({sign}), whose tensors are named and laid out otherwise; expected \
                     one of PEFT (`peft_type` is `LORA`)"
                ),
                None => "`peft_type` is missing, expected `LORA`".to_owned(),
            })
        }
        other => Some(format!("`peft_type` is {other}, expected `LORA`")),
    }
}

fn read_base(dir: &Path) -> Result<Option<BaseRef>> {
    let path = dir.join(BASE_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|e| EngineError::format(&path, e.to_string())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(EngineError::io("read", &path, e)),
    }
}

/// Opens the tensors of an adapter folder.
///
/// # Errors
/// When they are missing, damaged, or stored as a pickle.
pub fn open_tensors(dir: &Path) -> Result<SafetensorsSource> {
    let path = dir.join(TENSOR_FILE);
    if path.exists() {
        return SafetensorsSource::open(&path);
    }
    let pickle = dir.join("adapter_model.bin");
    if pickle.exists() {
        let problem = format!(
            "it is a pickle, which can run any code when it is read; expected `{TENSOR_FILE}` (PEFT's \
             `save_pretrained` writes it)"
        );
        return Err(EngineError::format(&pickle, problem));
    }
    if dir.join("adapters.safetensors").exists() {
        let problem = format!("it has `adapters.safetensors`, as mlx-lm writes it, expected PEFT's `{TENSOR_FILE}`");
        return Err(EngineError::format(dir, problem));
    }
    Err(unreadable(dir, TENSOR_FILE, std::io::ErrorKind::NotFound.into()))
}

/// The error for an unreadable file of an adapter folder; most often the folder is not an adapter at all.
fn unreadable(dir: &Path, file: &str, error: std::io::Error) -> EngineError {
    match error.kind() {
        std::io::ErrorKind::NotFound if dir.is_dir() => {
            EngineError::format(dir, format!("it has no `{file}`, expected an adapter folder as PEFT writes it"))
        }
        std::io::ErrorKind::NotFound => EngineError::NoAdapter { dir: dir.to_owned() },
        _ => EngineError::io("read", &dir.join(file), error),
    }
}

/// A loaded adapter.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The adapter.
    pub adapter: Adapter,
    /// The configuration of its folder.
    pub config: PeftConfig,
    /// Number of tensors in the file, all of which were loaded.
    pub tensors: usize,
}

/// Loads an adapter folder for a base of this shape.
///
/// # Errors
/// When a file is missing or damaged, or the folder records a base other than `base`; or lists every tensor that is missing,
/// unexpected, of another shape or not finite.
pub fn load(dir: &Path, model: &ModelConfig, base: Option<&BaseRef>) -> Result<Loaded> {
    let config = read_config(dir)?;
    if let (Some(recorded), Some(base)) = (&config.base, base)
        && recorded.digest != base.digest
    {
        return Err(EngineError::WrongBase {
            dir: dir.to_owned(),
            trained_on: recorded.id.clone(),
            problem: format!(
                "it was trained on base model `{}` (weights sha256 {}), got `{}` (weights sha256 {})",
                recorded.id, recorded.digest, base.id, base.digest
            ),
        });
    }
    let file = open_tensors(dir)?;
    let keys = Keys::new(file.names());
    let mut shape = config.adapter.clone();
    if !shape.targets.can_be_read(model) {
        shape.targets = Targets::Names(modules_with_tensors(&keys, model));
    }
    let mut adapter = Adapter::without_values(shape, model)?;
    let tensors = file.names().len();
    let against = base.map_or_else(|| "the base model".to_owned(), |b| format!("base model `{}`", b.id));
    if let Some(error) =
        Faults::find(&adapter, model, &file, &keys).error(dir, &config.adapter.targets, tensors, &against)
    {
        return Err(error);
    }
    adapter.fill_zeros();
    let places: Vec<_> = adapter
        .tensors()
        .filter_map(|(slot, part, range, _)| {
            Some((range, keys.by_name.get(&tensor_name(slot.site.layer, slot.site.module, part))?))
        })
        .collect();
    let mut problems = Vec::new();
    for (range, key) in places {
        let values = &mut adapter.params[range];
        file.read_rows(key, 0, values)?;
        let not_finite = values.iter().filter(|value| !value.is_finite()).count();
        problems.extend((not_finite > 0).then(|| not_finite_values(key, not_finite, values.len())));
    }
    if !problems.is_empty() {
        let summary = format!(
            "Failed to load adapter `{}`: {} of its {tensors} tensors hold what is no number",
            dir.display(),
            problems.len()
        );
        return Err(EngineError::Mismatch { subject: MismatchSubject::Adapter, summary, problems });
    }
    Ok(Loaded { adapter, config, tensors })
}

/// The linear layers of a base that a file has tensors for.
fn modules_with_tensors(keys: &Keys, model: &ModelConfig) -> Vec<String> {
    let paths = (0..model.num_layers).flat_map(|layer| Module::ALL.map(|module| (layer, module)));
    let is_there = |&(layer, module): &(usize, Module)| {
        [Part::A, Part::B, Part::Magnitude]
            .iter()
            .any(|part| keys.by_name.contains_key(&tensor_name(layer, module, *part)))
    };
    paths.filter(is_there).map(|(layer, module)| module.path(layer)).collect()
}

/// Writes `adapter` to `dir`, which must exist. Writes of each file are atomic.
///
/// # Errors
/// When a file cannot be written.
pub fn save(dir: &Path, adapter: &Adapter, base: &BaseRef) -> Result<()> {
    let config = &adapter.config;
    let targets = match &config.targets {
        Targets::Names(names) => json!(names),
        Targets::Pattern(pattern) => json!(pattern),
        Targets::AllLinear => json!("all-linear"),
    };
    let text = json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "auto_mapping": null,
        "base_model_name_or_path": base.id,
        "revision": null,
        "inference_mode": true,
        "r": config.rank,
        "lora_alpha": whole(config.alpha),
        "lora_dropout": config.dropout,
        "use_dora": config.method == Method::Dora,
        "use_rslora": config.rslora,
        "target_modules": targets,
        "layers_to_transform": config.layers,
        "layers_pattern": null,
        "rank_pattern": config.rank_pattern,
        "alpha_pattern": config.alpha_pattern.iter().map(|(k, v)| (k.clone(), whole(*v))).collect::<BTreeMap<_, _>>(),
        "bias": "none",
        "fan_in_fan_out": false,
        "init_lora_weights": true,
        "modules_to_save": null,
        "layer_replication": null,
        "loftq_config": {},
        "megatron_config": null,
        "megatron_core": "megatron.core",
    });
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = adapter
        .tensors()
        .map(|(slot, part, range, shape)| {
            let bytes = adapter.params[range].iter().flat_map(|v| v.to_le_bytes()).collect();
            (tensor_name(slot.site.layer, slot.site.module, part), shape, bytes)
        })
        .collect();
    write_file(&dir.join(TENSOR_FILE), &tensor_bytes(&dir.join(TENSOR_FILE), &tensors)?)?;
    write_file(&dir.join(CONFIG_FILE), pretty(&text).as_bytes())?;
    Ok(write_file(&dir.join(BASE_FILE), pretty(&json!(base)).as_bytes())?)
}

/// Serialises f32 tensors (name, shape, little-endian bytes) with PEFT's metadata.
pub(crate) fn tensor_bytes(path: &Path, tensors: &[(String, Vec<usize>, Vec<u8>)]) -> Result<Vec<u8>> {
    let fault =
        |e: safetensors::SafeTensorError| EngineError::format(path, format!("the tensors cannot be written: {e}"));
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    serialize(views, Some(metadata)).map_err(fault)
}

/// As an integer where the value is one, as PEFT writes alpha.
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

fn pretty(value: &Value) -> String {
    // Serialising a `Value` cannot fail: its keys are strings.
    serde_json::to_string_pretty(value).map(|t| t + "\n").unwrap_or_default()
}
