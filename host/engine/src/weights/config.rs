//! The shape of a decoder, without weights. `source/` reads it from a Hugging Face `config.json` or from GGUF metadata.

use crate::error::{EngineError, Result};
use crate::ops::rope::{Rope, RopeScaling};

/// Model families that the engine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Llama 2 and 3, SmolLM2, and others of the same architecture.
    Llama,
    /// Qwen2: Llama with biases on q, k and v.
    Qwen2,
    /// Qwen3: RMS norms over each head of q and k before rotation.
    Qwen3,
}

impl Architecture {
    /// The name that `config.json` (`model_type`) and GGUF (`general.architecture`) use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    /// The architecture of this name.
    ///
    /// # Errors
    /// When the engine does not compute it.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "llama" => Ok(Self::Llama),
            "qwen2" => Ok(Self::Qwen2),
            "qwen3" => Ok(Self::Qwen3),
            other => Err(EngineError::unsupported(format!(
                "The architecture `{other}` is not supported, expected one of llama, qwen2, qwen3"
            ))),
        }
    }
}

/// The shape of a decoder. Sizes are element counts.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Model family.
    pub architecture: Architecture,
    /// Number of rows of the embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Number of decoder layers.
    pub num_layers: usize,
    /// Number of query heads.
    pub num_heads: usize,
    /// Number of key/value heads; divides `num_heads`.
    pub num_kv_heads: usize,
    /// Width of one head; even.
    pub head_dim: usize,
    /// Epsilon of every RMS norm.
    pub rms_norm_eps: f32,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Scaling of the rotary frequencies.
    pub rope_scaling: Option<RopeScaling>,
    /// Longest context the model was made for, in tokens.
    pub max_position_embeddings: usize,
    /// True when the output projection is the embedding itself.
    pub tie_word_embeddings: bool,
    /// Biases on q, k and v.
    pub qkv_bias: bool,
    /// Bias on the attention's output projection.
    pub attention_output_bias: bool,
    /// Biases on gate, up and down.
    pub mlp_bias: bool,
    /// Tokens that end a text, according to the model's metadata; may be empty.
    pub eos_token_ids: Vec<u32>,
}

impl ModelConfig {
    /// Parameters of the rotary embedding.
    pub fn rope(&self) -> Rope {
        Rope { head_dim: self.head_dim, theta: self.rope_theta, scaling: self.rope_scaling }
    }

    /// Width of all query heads together.
    pub fn q_size(&self) -> usize {
        self.num_heads * self.head_dim
    }

    /// Width of all key heads together.
    pub fn kv_size(&self) -> usize {
        self.num_kv_heads * self.head_dim
    }

    /// Whether q and k are normalised per head before rotation.
    pub fn has_qk_norm(&self) -> bool {
        self.architecture == Architecture::Qwen3
    }

    /// Checks the sizes against each other.
    ///
    /// # Errors
    /// The first contradiction, with both numbers.
    pub fn check(&self) -> Result<()> {
        let fail = |problem: String| {
            Err(EngineError::unsupported(format!("The model's configuration contradicts itself: {problem}")))
        };
        for (name, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_layers),
            ("num_attention_heads", self.num_heads),
            ("num_key_value_heads", self.num_kv_heads),
            ("head_dim", self.head_dim),
        ] {
            if value == 0 {
                return fail(format!("{name} is 0"));
            }
        }
        if !self.num_heads.is_multiple_of(self.num_kv_heads) {
            return fail(format!(
                "{} attention heads cannot share {} key/value heads evenly",
                self.num_heads, self.num_kv_heads
            ));
        }
        if !self.head_dim.is_multiple_of(2) {
            return fail(format!("head_dim {} is odd, rotation needs pairs", self.head_dim));
        }
        Ok(())
    }
}
