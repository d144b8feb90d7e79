//! Composes `config.json` and `generation_config.json` for a model whose base has none, with the keys that
//! `weights/source/hf_config.rs` reads; and sets the type of the weights in a copied `config.json`.

use std::path::Path;

use serde_json::{Value, json};

use super::special_tokens::SpecialTokens;
use crate::error::{EngineError, Result};
use crate::ops::rope::RopeScaling;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::source::floats::FloatKind;
use crate::weights::source::hf_config::model_config;

/// A `config.json` of this shape.
///
/// # Errors
/// [`EngineError::Unsupported`] when transformers has no model of this shape.
pub(super) fn config_json(config: &ModelConfig, tokens: &SpecialTokens, dtype: FloatKind) -> Result<Value> {
    let class = match config.architecture {
        Architecture::Llama => "LlamaForCausalLM",
        Architecture::Qwen2 => "Qwen2ForCausalLM",
        Architecture::Qwen3 => "Qwen3ForCausalLM",
    };
    let mut out = json!({
        "architectures": [class],
        "model_type": config.architecture.name(),
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_position_embeddings,
        "rms_norm_eps": shortest(config.rms_norm_eps),
        "rope_theta": config.rope_theta,
        "rope_scaling": rope_scaling(config.rope_scaling),
        "tie_word_embeddings": config.tie_word_embeddings,
        "use_cache": true,
    });
    match config.architecture {
        Architecture::Llama => {
            out["attention_bias"] = json!(config.qkv_bias);
            out["mlp_bias"] = json!(config.mlp_bias);
        }
        // Its biases are not configurable.
        Architecture::Qwen2 => {}
        Architecture::Qwen3 => out["attention_bias"] = json!(config.qkv_bias),
    }
    if let Some(object) = out.as_object_mut() {
        object.extend(tokens.ids());
    }
    let out = with_dtype(out, dtype);
    let mut read = model_config(Path::new("config.json"), &out, None)?;
    read.eos_token_ids.clone_from(&config.eos_token_ids);
    if read == *config {
        return Ok(out);
    }
    let with = |bias: bool| if bias { "with" } else { "without" };
    Err(EngineError::unsupported(format!(
        "Failed to write the model as a Hugging Face folder: it is a {} {} biases on q, k and v, {} one on the \
         attention's output and {} those of the feed-forward layer, and `{class}` has no such form; a GGUF file holds \
         it",
        config.architecture.name(),
        with(config.qkv_bias),
        with(config.attention_output_bias),
        with(config.mlp_bias)
    )))
}

/// The same `config.json` for weights of this type, under the key that it has already: the newer `dtype`, or else the older
/// `torch_dtype`.
pub(super) fn with_dtype(mut config: Value, dtype: FloatKind) -> Value {
    let name = match dtype {
        FloatKind::F32 => "float32",
        FloatKind::F16 => "float16",
        FloatKind::Bf16 => "bfloat16",
    };
    let newer = config.get("dtype").is_some();
    if newer {
        config["dtype"] = json!(name);
    }
    if !newer || config.get("torch_dtype").is_some() {
        config["torch_dtype"] = json!(name);
    }
    config
}

/// A `generation_config.json`, if there are special tokens.
pub(super) fn generation_json(tokens: &SpecialTokens) -> Option<Value> {
    let ids = tokens.ids();
    (!ids.is_empty()).then_some(Value::Object(ids))
}

fn rope_scaling(scaling: Option<RopeScaling>) -> Value {
    match scaling {
        None => Value::Null,
        Some(RopeScaling::Linear { factor }) => json!({"rope_type": "linear", "factor": factor}),
        Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => json!({
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": low_freq_factor,
            "high_freq_factor": high_freq_factor,
            // A number of tokens, which transformers requires to be an integer.
            "original_max_position_embeddings": original_context as u64,
        }),
    }
}

/// The shortest decimal that parses to this float: 0.00001, not 0.0000099999997.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(value.into())
}
