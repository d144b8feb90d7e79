//! The metadata of an exported GGUF file: copied from the base's GGUF file, or composed for a base that is none, with the keys
//! that `weights/source/gguf_config.rs` reads.

use std::collections::HashMap;

use super::special_tokens::SpecialTokens;
use crate::error::{EngineError, Result};
use crate::ops::rope::RopeScaling;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::gguf::Value;
use crate::weights::source::floats::FloatKind;
use crate::weights::source::gguf_config::llama3_divisor;
use crate::weights::source::{BaseModel, gguf_tokenizer};

/// Prefixes of keys that describe how the base's file was quantised, aligned or split, which does not apply to another file.
const FILE_SPECIFIC: [&str; 4] = ["general.quantization_version", "general.alignment", "quantize.", "split."];

/// The metadata of the base's file, for weights of this type.
pub(super) fn carried(mut metadata: HashMap<String, Value>, dtype: FloatKind) -> HashMap<String, Value> {
    metadata.retain(|key, _| !FILE_SPECIFIC.iter().any(|start| key.starts_with(start)));
    metadata.insert("general.file_type".to_owned(), file_type(dtype));
    metadata
}

/// Composes the metadata of a model.
///
/// # Errors
/// [`EngineError::Unsupported`] when GGUF cannot represent its tokenizer.
pub(super) fn composed(model: &BaseModel, tokens: &SpecialTokens, dtype: FloatKind) -> Result<HashMap<String, Value>> {
    let config = &model.config;
    let name = config.architecture.name();
    let text = |text: &str| Value::String(text.to_owned());
    let mut out = HashMap::from([
        ("general.architecture".to_owned(), text(name)),
        ("general.type".to_owned(), text("model")),
        ("general.name".to_owned(), text(&model.name)),
        ("general.file_type".to_owned(), file_type(dtype)),
    ]);
    let mut put = |key: &str, value: Value| drop(out.insert(format!("{name}.{key}"), value));
    put("vocab_size", size(config.vocab_size));
    put("block_count", size(config.num_layers));
    put("context_length", size(config.max_position_embeddings));
    put("embedding_length", size(config.hidden_size));
    put("feed_forward_length", size(config.intermediate_size));
    put("attention.head_count", size(config.num_heads));
    put("attention.head_count_kv", size(config.num_kv_heads));
    put("attention.key_length", size(config.head_dim));
    put("attention.value_length", size(config.head_dim));
    put("attention.layer_norm_rms_epsilon", Value::F32(config.rms_norm_eps));
    put("rope.dimension_count", size(config.head_dim));
    put("rope.freq_base", Value::F32(config.rope_theta as f32));
    if let Some(RopeScaling::Linear { factor }) = config.rope_scaling {
        put("rope.scaling.type", text("linear"));
        put("rope.scaling.factor", Value::F32(factor as f32));
    }
    match &model.tokenizer {
        Some(tokenizer) => out.extend(gguf_tokenizer::write(tokenizer, config.vocab_size)?),
        // llama.cpp's name for none; it then accepts token ids only.
        None => drop(out.insert("tokenizer.ggml.model".to_owned(), text("none"))),
    }
    out.extend(tokens.gguf(model.tokenizer.as_ref()));
    out.extend(model.chat_template.as_ref().map(|t| ("tokenizer.chat_template".to_owned(), text(t.source()))));
    Ok(out)
}

/// The divisors of the rotary frequencies `[head_dim / 2]`, if the model's scaling cannot be expressed by a key.
pub(super) fn rope_frequencies(config: &ModelConfig) -> Option<Vec<f32>> {
    let Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) = config.rope_scaling
    else {
        return None;
    };
    let divisor = |i| {
        llama3_divisor(
            i,
            config.head_dim,
            config.rope_theta,
            factor,
            low_freq_factor,
            high_freq_factor,
            original_context,
        ) as f32
    };
    Some((0..config.head_dim / 2).map(divisor).collect())
}

/// Refuses models that llama.cpp does not load: it rejects files with tensors that it does not expect.
///
/// # Errors
/// [`EngineError::Unsupported`], with the reason.
pub(super) fn check(config: &ModelConfig) -> Result<()> {
    let unsupported = match config.architecture {
        Architecture::Llama => None,
        _ if config.attention_output_bias => Some("a bias on the attention's output"),
        _ if config.mlp_bias => Some("biases on the feed-forward layer"),
        Architecture::Qwen3 if config.qkv_bias => Some("biases on q, k and v"),
        _ if matches!(config.rope_scaling, Some(RopeScaling::Llama3 { .. })) => Some("Llama 3's rotary frequencies"),
        _ => None,
    };
    match unsupported {
        None => Ok(()),
        Some(unsupported) => Err(EngineError::unsupported(format!(
            "Failed to write the model as GGUF: it is a {} with {unsupported}, which llama.cpp does not load; a Hugging Face \
             folder holds it",
            config.architecture.name()
        ))),
    }
}

/// The `llama_ftype` number of a file with matrices of this type.
fn file_type(dtype: FloatKind) -> Value {
    Value::U32(match dtype {
        FloatKind::F32 => 0,
        FloatKind::F16 => 1,
        FloatKind::Bf16 => 32,
    })
}

/// A size, in the integer width that llama.cpp reads.
fn size(n: usize) -> Value {
    u32::try_from(n).map_or(Value::U64(n as u64), Value::U32)
}
