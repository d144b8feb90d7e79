//! Reads a decoder's shape from `config.json` (and the end tokens of `generation_config.json`), with the defaults of
//! transformers' `LlamaConfig`, `Qwen2Config` and `Qwen3Config`. Settings that change the computation and are not supported
//! are refused by name, never ignored.

use std::path::Path;

use serde_json::Value;

use crate::error::{EngineError, Result};
use crate::ops::rope::RopeScaling;
use crate::weights::config::{Architecture, ModelConfig};

/// transformers' default for Qwen's `num_key_value_heads`; Llama's is one per query head.
const QWEN_KV_HEADS: usize = 32;
/// transformers' default for Qwen3's `head_dim`; the others divide the width by the heads.
const QWEN3_HEAD_DIM: usize = 128;

/// The shape that `config` (read from `path`) describes.
///
/// # Errors
/// [`FileError::Format`](hive_files::FileError::Format) for a missing or wrong key, [`EngineError::Unsupported`] for what the
/// engine does not compute.
pub(crate) fn model_config(path: &Path, config: &Value, generation: Option<(&Path, &Value)>) -> Result<ModelConfig> {
    let keys = Keys { path, object: config };
    let Some(model_type) = config["model_type"].as_str() else {
        return Err(keys.wrong("model_type", "a text such as `llama`, `qwen2`, `qwen3`"));
    };
    let architecture = Architecture::from_name(model_type)?;
    refuse_unsupported(&keys, architecture)?;

    let hidden_size = keys.size("hidden_size")?;
    let num_heads = keys.size("num_attention_heads")?;
    let num_kv_heads = match (config.get("num_key_value_heads"), architecture) {
        (None, Architecture::Qwen2 | Architecture::Qwen3) => QWEN_KV_HEADS,
        (None | Some(Value::Null), _) => num_heads,
        (Some(_), _) => keys.size("num_key_value_heads")?,
    };
    let head_dim = match (config.get("head_dim"), architecture) {
        (None, Architecture::Qwen3) => QWEN3_HEAD_DIM,
        (None | Some(Value::Null), _) => hidden_size.checked_div(num_heads).unwrap_or(0),
        (Some(_), _) => keys.size("head_dim")?,
    };
    let (rope_theta, rope_scaling) = rope(&keys)?;
    let attention_bias = keys.flag("attention_bias")?.unwrap_or(false);

    let mut eos_token_ids = keys.token_ids("eos_token_id")?;
    if let Some((path, object)) = generation {
        for id in (Keys { path, object }).token_ids("eos_token_id")? {
            if !eos_token_ids.contains(&id) {
                eos_token_ids.push(id);
            }
        }
    }
    let model = ModelConfig {
        architecture,
        vocab_size: keys.size("vocab_size")?,
        hidden_size,
        intermediate_size: keys.size("intermediate_size")?,
        num_layers: keys.size("num_hidden_layers")?,
        num_heads,
        num_kv_heads,
        head_dim,
        rms_norm_eps: keys.number("rms_norm_eps")?.unwrap_or(1e-6) as f32,
        rope_theta,
        rope_scaling,
        max_position_embeddings: match config.get("max_position_embeddings") {
            Some(_) => keys.size("max_position_embeddings")?,
            None if architecture == Architecture::Llama => 2048,
            None => 32768,
        },
        tie_word_embeddings: keys.flag("tie_word_embeddings")?.unwrap_or(false),
        // Qwen2 always has these biases, whatever its config says, and no others.
        qkv_bias: attention_bias || architecture == Architecture::Qwen2,
        attention_output_bias: attention_bias && architecture != Architecture::Qwen2,
        mlp_bias: architecture == Architecture::Llama && keys.flag("mlp_bias")?.unwrap_or(false),
        eos_token_ids,
    };
    model.check().map_err(|e| EngineError::format(path, e.to_string()))?;
    Ok(model)
}

fn refuse_unsupported(keys: &Keys<'_>, architecture: Architecture) -> Result<()> {
    let config = keys.object;
    let name = architecture.name();
    let refuse = |problem: String| Err(EngineError::format(keys.path, problem));
    if let Some(activation) = config.get("hidden_act").and_then(Value::as_str)
        && activation != "silu"
    {
        return refuse(format!("`hidden_act` is `{activation}`, {name} is supported with `silu` only"));
    }
    let sliding_layer = config["layer_types"]
        .as_array()
        .and_then(|layers| layers.iter().find(|layer| layer.as_str() != Some("full_attention")));
    if keys.flag("use_sliding_window")? == Some(true) {
        return refuse("`use_sliding_window` is true, attention within a window is not supported".into());
    }
    if let Some(layer) = sliding_layer {
        return refuse(format!("`layer_types` holds {layer}, only `full_attention` is supported"));
    }
    if config.get("quantization_config").is_some_and(|q| !q.is_null()) {
        let method = config["quantization_config"]["quant_method"].as_str().unwrap_or("unnamed");
        return refuse(format!(
            "`quantization_config` says that the weights are quantised (`{method}`), expected F32, F16 or BF16"
        ));
    }
    let rotary = &config["rope_parameters"]["partial_rotary_factor"];
    for factor in [&config["partial_rotary_factor"], rotary] {
        if factor.as_f64().is_some_and(|factor| factor != 1.0) {
            return refuse(format!("`partial_rotary_factor` is {factor}, only whole heads are rotated (1.0)"));
        }
    }
    Ok(())
}

/// Theta and scaling of the rotary embedding, from the older keys (`rope_theta`, `rope_scaling`) or the newer
/// `rope_parameters`, which has both.
fn rope(keys: &Keys<'_>) -> Result<(f64, Option<RopeScaling>)> {
    let key = if keys.object.get("rope_parameters").is_some_and(|r| !r.is_null()) {
        "rope_parameters"
    } else {
        "rope_scaling"
    };
    let object = &keys.object[key];
    let default_theta = keys.number("rope_theta")?.unwrap_or(10_000.0);
    if object.is_null() {
        return Ok((default_theta, None));
    }
    if !object.is_object() {
        return Err(keys.wrong(key, "an object or null"));
    }
    let rope = Keys { path: keys.path, object };
    let theta = rope.number("rope_theta")?.unwrap_or(default_theta);
    // Early files call it `type`.
    let kind = object.get("rope_type").or_else(|| object.get("type")).and_then(Value::as_str);
    let needed = |name: &str| {
        rope.number(name)?.ok_or_else(|| EngineError::format(keys.path, format!("`{key}.{name}` is missing")))
    };
    let scaling = match kind {
        Some("default") => None,
        Some("linear") => Some(RopeScaling::Linear { factor: needed("factor")? }),
        Some("llama3") => Some(RopeScaling::Llama3 {
            factor: needed("factor")?,
            low_freq_factor: needed("low_freq_factor")?,
            high_freq_factor: needed("high_freq_factor")?,
            original_context: needed("original_max_position_embeddings")?,
        }),
        // `{"rope_theta": …}` alone scales nothing.
        None if object.as_object().is_some_and(|o| o.keys().all(|k| k == "rope_theta")) => None,
        other => {
            return Err(EngineError::format(
                keys.path,
                format!(
                    "`{key}` is of type `{}`, expected one of default, linear, llama3",
                    other.unwrap_or("(not given)")
                ),
            ));
        }
    };
    Ok((theta, scaling))
}

/// Typed access to a JSON object; errors name the file, the key and the value.
struct Keys<'a> {
    path: &'a Path,
    object: &'a Value,
}

impl Keys<'_> {
    fn wrong(&self, key: &str, expected: &str) -> EngineError {
        match self.object.get(key) {
            None => EngineError::format(self.path, format!("`{key}` is missing, expected {expected}")),
            Some(got) => EngineError::format(self.path, format!("`{key}` is {got}, expected {expected}")),
        }
    }

    fn size(&self, key: &str) -> Result<usize> {
        let value = self.object.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        value.ok_or_else(|| self.wrong(key, "a whole number"))
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| self.wrong(key, "a number")),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_bool().map(Some).ok_or_else(|| self.wrong(key, "true or false")),
        }
    }

    /// One token id, a list of them, or nothing.
    fn token_ids(&self, key: &str) -> Result<Vec<u32>> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        let ids = match self.object.get(key) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(ids)) => ids.iter().map(id).collect(),
            Some(single) => id(single).map(|id| vec![id]),
        };
        ids.ok_or_else(|| self.wrong(key, "a token id or a list of token ids"))
    }
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;
    use serde_json::json;

    use super::*;

    fn read(config: Value) -> Result<ModelConfig> {
        model_config(Path::new("config.json"), &config, None)
    }

    fn base(model_type: &str, more: Value) -> Value {
        let mut config = json!({
            "model_type": model_type, "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_act": "silu",
        });
        for (key, value) in more.as_object().expect("an object") {
            config[key] = value.clone();
        }
        config
    }

    fn problem(config: Value) -> String {
        read(config).expect_err("refused").to_string()
    }

    #[test]
    fn llama_defaults() {
        let config = read(base("llama", json!({}))).expect("reads");
        assert_eq!(config.head_dim, 16);
        assert_eq!(config.rope_theta, 10_000.0);
        assert_eq!(config.rms_norm_eps, 1e-6);
        assert_eq!(config.max_position_embeddings, 2048);
        assert!(!config.tie_word_embeddings && !config.qkv_bias && !config.attention_output_bias && !config.mlp_bias);
        let heads = read(base("llama", json!({"num_key_value_heads": null}))).expect("reads");
        assert_eq!(heads.num_kv_heads, 4);
    }

    #[test]
    fn biases_by_architecture() {
        let biased = json!({"attention_bias": true, "mlp_bias": true});
        let llama = read(base("llama", biased.clone())).expect("reads");
        assert!(llama.qkv_bias && llama.attention_output_bias && llama.mlp_bias);
        let qwen2 = read(base("qwen2", json!({}))).expect("reads");
        assert!(qwen2.qkv_bias && !qwen2.attention_output_bias && !qwen2.mlp_bias);
        let qwen3 = read(base("qwen3", biased)).expect("reads");
        assert!(qwen3.qkv_bias && qwen3.attention_output_bias && !qwen3.mlp_bias);
        assert_eq!(qwen3.head_dim, 128);
    }

    #[test]
    fn rope_in_either_form() {
        let old = json!({"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2.0}});
        let new = json!({"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 2.0}});
        for form in [old, new] {
            let config = read(base("llama", form)).expect("reads");
            assert_eq!(config.rope_theta, 5e5);
            assert_eq!(config.rope_scaling, Some(RopeScaling::Linear { factor: 2.0 }));
        }
        let llama3 = json!({"rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}});
        let config = read(base("llama", llama3)).expect("reads");
        let expected =
            RopeScaling::Llama3 { factor: 32.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 8192.0 };
        assert_eq!(config.rope_scaling, Some(expected));
        let plain = json!({"rope_parameters": {"rope_theta": 7.0, "rope_type": "default"}});
        let config = read(base("llama", plain)).expect("reads");
        assert_eq!((config.rope_theta, config.rope_scaling), (7.0, None));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        check_all(
            [
                (
                    json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}),
                    "`rope_scaling` is of type `yarn`, expected one of default, linear, llama3",
                ),
                (json!({"hidden_act": "gelu"}), "`hidden_act` is `gelu`, qwen2 is supported with `silu` only"),
                (json!({"use_sliding_window": true}), "`use_sliding_window` is true"),
                (
                    json!({"layer_types": ["full_attention", "sliding_attention"]}),
                    "`layer_types` holds \"sliding_attention\"",
                ),
                (json!({"quantization_config": {"quant_method": "gptq"}}), "(`gptq`)"),
                (json!({"partial_rotary_factor": 0.5}), "`partial_rotary_factor` is 0.5"),
                (json!({"hidden_size": "64"}), "`hidden_size` is \"64\", expected a whole number"),
                (json!({"num_key_value_heads": 3}), "4 attention heads cannot share 3 key/value heads evenly"),
                (json!({"eos_token_id": [1, "x"]}), "`eos_token_id` is [1,\"x\"], expected a token id or a list"),
            ],
            |(more, expected)| {
                let got = problem(base("qwen2", more));
                assert!(got.contains(expected), "got {got}, expected {expected}");
            },
        );
        let mut missing = base("llama", json!({}));
        missing.as_object_mut().expect("an object").remove("vocab_size");
        assert!(problem(missing).contains("`vocab_size` is missing"));
        assert!(problem(json!({"model_type": "mamba"})).contains("The architecture `mamba` is not supported"));
    }

    #[test]
    fn end_tokens_of_both_files() {
        let config = base("qwen3", json!({"eos_token_id": 7}));
        let generation = json!({"eos_token_id": [7, 3]});
        let read = model_config(Path::new("c"), &config, Some((Path::new("g"), &generation))).expect("reads");
        assert_eq!(read.eos_token_ids, [7, 3]);
    }
}
