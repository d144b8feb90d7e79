//! Small random models, adapters and records for the tests.

use std::collections::BTreeMap;

use hive_engine::adapter::config::Targets;
use hive_engine::adapter::{Adapter, AdapterConfig, DropoutSemantics, Method, Part};
use hive_engine::data::Example;
use hive_engine::ops::dropout::{key, mix};
use hive_engine::train::{Metric, NonFinite, Schedule, TrainingSpec};
use hive_engine::weights::config::{Architecture, ModelConfig};
use hive_engine::weights::decoder::Decoder;

/// Deterministic values in (-1, 1).
pub fn noise(n: usize, seed: u64) -> Vec<f32> {
    (0..n as u64).map(|i| (mix(key(&[seed, i])) >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
}

pub fn config(architecture: Architecture, tied: bool) -> ModelConfig {
    ModelConfig {
        architecture,
        vocab_size: 61,
        hidden_size: 24,
        intermediate_size: 40,
        num_layers: 2,
        num_heads: 4,
        num_kv_heads: 2,
        head_dim: 8,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        rope_scaling: None,
        max_position_embeddings: 128,
        tie_word_embeddings: tied,
        qkv_bias: architecture == Architecture::Qwen2,
        attention_output_bias: false,
        mlp_bias: false,
        eos_token_ids: vec![2],
    }
}

pub fn decoder(architecture: Architecture, tied: bool) -> Decoder {
    let mut base = Decoder::random(&config(architecture, tied), 7).unwrap();
    // An embedding of the usual magnitude, so that gradients are not negligible.
    base.embedding_mut().iter_mut().for_each(|v| *v *= 20.0);
    base
}

pub fn adapter_config(method: Method) -> AdapterConfig {
    AdapterConfig {
        method,
        rank: 3,
        alpha: 6.0,
        dropout: 0.0,
        dropout_semantics: DropoutSemantics::Branch,
        rslora: false,
        targets: Targets::AllLinear,
        layers: None,
        rank_pattern: BTreeMap::from([("layers.1.mlp.up_proj".to_owned(), 5), ("q_proj".to_owned(), 2)]),
        alpha_pattern: BTreeMap::from([("k_proj".to_owned(), 9.0)]),
    }
}

/// An adapter in the middle of training: B ≠ 0 and m ≠ ‖W‖.
pub fn trained(base: &Decoder, config: AdapterConfig) -> Adapter {
    let mut adapter = Adapter::init(config, base, 3).unwrap();
    let places: Vec<_> = adapter.tensors().map(|(_, part, range, _)| (part, range)).collect();
    for (i, (part, range)) in places.into_iter().enumerate() {
        let noise = noise(range.len(), 100 + i as u64);
        for (p, n) in adapter.params[range].iter_mut().zip(noise) {
            match part {
                Part::A => {}
                Part::B => *p = 0.2 * n,
                Part::Magnitude => *p *= 1.0 + 0.3 * n,
            }
        }
    }
    adapter
}

/// Records of different lengths, prompts and completions.
pub fn examples(n: usize, vocab: usize) -> Vec<Example> {
    (0..n)
        .map(|i| {
            let len = 5 + (i * 7) % 13;
            let ids = (0..len as u64).map(|t| (key(&[i as u64, t]) % vocab as u64) as u32).collect();
            Example::new(ids, 2 + i % 3, i as u64)
        })
        .collect()
}

pub fn train_config() -> TrainingSpec {
    TrainingSpec {
        learning_rate: 1e-2,
        epochs: 1.0,
        steps: None,
        warmup_ratio: 0.0,
        warmup_steps: None,
        schedule: Schedule::Constant,
        effective_batch: 4,
        micro_batch_tokens: 4096,
        micro_batch_records: None,
        packing: false,
        weight_decay: 0.0,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        max_grad_norm: 0.0,
        eval_steps: 5,
        save_steps: 5,
        keep_best: 4,
        best_metric: Metric::EvalLoss,
        greater_is_better: None,
        load_best_at_end: true,
        patience: None,
        non_finite: NonFinite::Stop,
        seed: 11,
        ..TrainingSpec::default()
    }
}

/// ‖got − want‖ / ‖want‖
pub fn distance(got: &[f32], want: &[f32]) -> f64 {
    assert_eq!(got.len(), want.len());
    let square = |it: &mut dyn Iterator<Item = f64>| it.map(|v| v * v).sum::<f64>().sqrt();
    let top = square(&mut got.iter().zip(want).map(|(g, w)| f64::from(*g) - f64::from(*w)));
    top / square(&mut want.iter().map(|w| f64::from(*w))).max(1e-30)
}
