//! Shapes of well-known models, from their `config.json`, for benchmarks and plans without the model's files.

use crate::weights::config::{Architecture, ModelConfig};

/// SmolLM2-135M and its Instruct version.
pub fn smollm2_135m() -> ModelConfig {
    ModelConfig {
        architecture: Architecture::Llama,
        vocab_size: 49_152,
        hidden_size: 576,
        intermediate_size: 1536,
        num_layers: 30,
        num_heads: 9,
        num_kv_heads: 3,
        head_dim: 64,
        rms_norm_eps: 1e-5,
        rope_theta: 1e5,
        rope_scaling: None,
        max_position_embeddings: 8192,
        tie_word_embeddings: true,
        qkv_bias: false,
        attention_output_bias: false,
        mlp_bias: false,
        eos_token_ids: Vec::new(),
    }
}

/// Qwen3-0.6B.
pub fn qwen3_0_6b() -> ModelConfig {
    ModelConfig {
        architecture: Architecture::Qwen3,
        vocab_size: 151_936,
        hidden_size: 1024,
        intermediate_size: 3072,
        num_layers: 28,
        num_heads: 16,
        num_kv_heads: 8,
        head_dim: 128,
        rms_norm_eps: 1e-6,
        rope_theta: 1e6,
        max_position_embeddings: 40_960,
        ..smollm2_135m()
    }
}
