//! Reads a decoder's shape from GGUF metadata. Keys as in
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#llm>; biases and tied embeddings have
//! no key and are inferred from the tensors.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{EngineError, Result};
use crate::ops::rope::RopeScaling;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::gguf::Value;

/// Typed access to GGUF metadata; errors name the file, the key and the value.
pub(crate) struct Metadata<'a> {
    path: &'a Path,
    values: &'a HashMap<String, Value>,
}

impl<'a> Metadata<'a> {
    /// The metadata of the file at `path`.
    pub(crate) fn new(path: &'a Path, values: &'a HashMap<String, Value>) -> Self {
        Self { path, values }
    }

    /// The path of the file, for messages.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// The raw value of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key)
    }

    /// A text, or `None` when the key is absent.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, other, "a text")),
        }
    }

    /// A whole number of any stored width, or `None` when the key is absent.
    pub(crate) fn whole(&self, key: &str) -> Result<Option<u64>> {
        self.get(key).map(|value| value.whole().ok_or_else(|| self.wrong(key, value, "a whole number"))).transpose()
    }

    /// A list, or `None` when the key is absent.
    pub(crate) fn list(&self, key: &str) -> Result<Option<&'a [Value]>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(self.wrong(key, other, "a list")),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::F32(n)) => Ok(Some(f64::from(*n))),
            Some(Value::F64(n)) => Ok(Some(*n)),
            Some(other) => Err(self.wrong(key, other, "a number")),
        }
    }

    fn size(&self, key: &str) -> Result<usize> {
        let value = self.whole(key)?.ok_or_else(|| EngineError::format(self.path, format!("`{key}` is missing")))?;
        usize::try_from(value).map_err(|_| EngineError::format(self.path, format!("`{key}` is {value}, too large")))
    }

    fn wrong(&self, key: &str, got: &Value, expected: &str) -> EngineError {
        // A list may be a whole vocabulary, so only its length is shown.
        let got = match got {
            Value::Array(list) => format!("a list of {}", list.len()),
            other => format!("{other:?}"),
        };
        EngineError::format(self.path, format!("`{key}` is {got}, expected {expected}"))
    }
}

/// Facts about the tensors that the configuration depends on.
pub(super) struct TensorFacts<'a> {
    /// Number of rows of the embedding.
    pub(super) vocab_size: usize,
    /// Whether there is a tensor of this GGUF name.
    pub(super) has: &'a dyn Fn(&str) -> bool,
    /// The values of `rope_freqs.weight`.
    pub(super) rope_frequencies: Option<Vec<f32>>,
}

/// The shape that the metadata describes.
///
/// # Errors
/// [`FileError::Format`](hive_files::FileError::Format) for a missing or wrong key, [`EngineError::Unsupported`] for what the
/// engine does not compute.
pub(super) fn model_config(metadata: &Metadata<'_>, tensors: &TensorFacts<'_>) -> Result<ModelConfig> {
    let path = metadata.path;
    let name = metadata
        .text("general.architecture")?
        .ok_or_else(|| EngineError::format(path, "`general.architecture` is missing"))?;
    let architecture = Architecture::from_name(name)?;
    let key = |rest: &str| format!("{name}.{rest}");

    let experts = metadata.whole(&key("expert_count"))?.unwrap_or(0);
    if experts > 0 {
        return Err(EngineError::format(path, format!("it is a mixture of {experts} experts, which is not supported")));
    }
    let hidden_size = metadata.size(&key("embedding_length"))?;
    let num_heads = metadata.size(&key("attention.head_count"))?;
    let num_kv_heads = match metadata.get(&key("attention.head_count_kv")) {
        Some(_) => metadata.size(&key("attention.head_count_kv"))?,
        None => num_heads,
    };
    let head_dim = match metadata.get(&key("attention.key_length")) {
        Some(_) => metadata.size(&key("attention.key_length"))?,
        None => hidden_size.checked_div(num_heads).unwrap_or(0),
    };
    for same in ["attention.value_length", "rope.dimension_count"] {
        if let Some(length) = metadata.whole(&key(same))?
            && length != head_dim as u64
        {
            return Err(EngineError::format(
                path,
                format!("`{}` is {length}, expected the width of a head, {head_dim}", key(same)),
            ));
        }
    }
    let rope_theta = metadata.number(&key("rope.freq_base"))?.unwrap_or(10_000.0);
    let mut eos_token_ids = Vec::new();
    for end in ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
        if let Some(id) = metadata.whole(end)?.and_then(|id| u32::try_from(id).ok())
            && !eos_token_ids.contains(&id)
        {
            eos_token_ids.push(id);
        }
    }
    let config = ModelConfig {
        architecture,
        vocab_size: tensors.vocab_size,
        hidden_size,
        intermediate_size: metadata.size(&key("feed_forward_length"))?,
        num_layers: metadata.size(&key("block_count"))?,
        num_heads,
        num_kv_heads,
        head_dim,
        rms_norm_eps: metadata.number(&key("attention.layer_norm_rms_epsilon"))?.ok_or_else(|| {
            EngineError::format(path, format!("`{}` is missing", key("attention.layer_norm_rms_epsilon")))
        })? as f32,
        rope_theta,
        rope_scaling: rope_scaling(metadata, name, head_dim, rope_theta, tensors.rope_frequencies.as_deref())?,
        max_position_embeddings: metadata.size(&key("context_length"))?,
        tie_word_embeddings: !(tensors.has)("output.weight"),
        qkv_bias: (tensors.has)("blk.0.attn_q.bias"),
        attention_output_bias: (tensors.has)("blk.0.attn_output.bias"),
        mlp_bias: (tensors.has)("blk.0.ffn_gate.bias"),
        eos_token_ids,
    };
    config.check().map_err(|e| EngineError::format(path, e.to_string()))?;
    Ok(config)
}

fn rope_scaling(
    metadata: &Metadata<'_>,
    name: &str,
    head_dim: usize,
    theta: f64,
    frequencies: Option<&[f32]>,
) -> Result<Option<RopeScaling>> {
    let path = metadata.path;
    let factor_key = format!("{name}.rope.scaling.factor");
    let scaling = match metadata.text(&format!("{name}.rope.scaling.type"))? {
        // Files from before the `type` key have only the factor.
        None => metadata.number(&format!("{name}.rope.scale_linear"))?.map(|factor| RopeScaling::Linear { factor }),
        Some("none") => None,
        Some("linear") => {
            let factor = metadata.number(&factor_key)?;
            let factor = factor.ok_or_else(|| EngineError::format(path, format!("`{factor_key}` is missing")))?;
            Some(RopeScaling::Linear { factor })
        }
        Some(other) => {
            return Err(EngineError::format(
                path,
                format!("`{name}.rope.scaling.type` is `{other}`, expected one of none, linear"),
            ));
        }
    }
    // A factor of 1 scales nothing.
    .filter(|scaling| *scaling != RopeScaling::Linear { factor: 1.0 });
    match (scaling, frequencies) {
        (scaling, None) => Ok(scaling),
        (None, Some(frequencies)) => llama3_scaling(path, head_dim, theta, frequencies).map(Some),
        (Some(_), Some(_)) => Err(EngineError::format(
            path,
            "it scales rotary frequencies twice: by `rope_freqs.weight` and by its metadata",
        )),
    }
}

/// Llama 3.1's scaling, recovered from the divisors that conversion to GGUF computes from it. Its bounds are the same in
/// every published model (low 1, high 4, original context 8192). Only the factor differs, and it equals the divisor of the
/// lowest frequency. Any other divisors are refused.
fn llama3_scaling(path: &Path, head_dim: usize, theta: f64, divisors: &[f32]) -> Result<RopeScaling> {
    let (low, high, context) = (1.0, 4.0, 8192.0);
    if divisors.len() != head_dim / 2 {
        return Err(EngineError::format(
            path,
            format!("`rope_freqs.weight` has {} values, expected {}", divisors.len(), head_dim / 2),
        ));
    }
    let factor = divisors.iter().copied().fold(f32::MIN, f32::max).into();
    for (i, &got) in divisors.iter().enumerate() {
        let expected = llama3_divisor(i, head_dim, theta, factor, low, high, context);
        if (f64::from(got) - expected).abs() > 1e-3 * expected {
            return Err(EngineError::format(
                path,
                format!(
                    "`rope_freqs.weight` is not Llama 3's scaling by {factor}: value {i} is {got}, expected {expected}"
                ),
            ));
        }
    }
    Ok(RopeScaling::Llama3 { factor, low_freq_factor: low, high_freq_factor: high, original_context: context })
}

/// The divisor of rotary frequency `i`, as llama.cpp's `convert_hf_to_gguf.py` writes it.
pub(crate) fn llama3_divisor(
    i: usize,
    head_dim: usize,
    theta: f64,
    factor: f64,
    low: f64,
    high: f64,
    context: f64,
) -> f64 {
    let wavelength = 2.0 * std::f64::consts::PI * theta.powf(2.0 * i as f64 / head_dim as f64);
    if wavelength < context / high {
        1.0
    } else if wavelength > context / low {
        factor
    } else {
        let smooth = (context / wavelength - low) / (high - low);
        1.0 / ((1.0 - smooth) / factor + smooth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divisors(factor: f64) -> Vec<f32> {
        (0..64).map(|i| llama3_divisor(i, 128, 500_000.0, factor, 1.0, 4.0, 8192.0) as f32).collect()
    }

    #[test]
    fn llama3_scaling_is_found_again() {
        for factor in [8.0, 32.0] {
            let got = llama3_scaling(Path::new("m.gguf"), 128, 500_000.0, &divisors(factor)).expect("found");
            let expected =
                RopeScaling::Llama3 { factor, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 8192.0 };
            assert_eq!(got, expected);
        }
        // Spelled out once: Llama 3.1 8B keeps the first 29 frequencies and divides the last 29 by 8.
        let values = divisors(8.0);
        assert_eq!(values.iter().filter(|d| **d == 1.0).count(), 29);
        assert_eq!(values.iter().filter(|d| **d == 8.0).count(), 29);
    }

    #[test]
    fn other_divisors_are_refused() {
        let mut values = divisors(8.0);
        values[32] *= 1.1;
        let error = llama3_scaling(Path::new("m.gguf"), 128, 500_000.0, &values).expect_err("refused").to_string();
        assert!(error.contains("`rope_freqs.weight` is not Llama 3's scaling by 8: value 32"), "{error}");
    }
}
