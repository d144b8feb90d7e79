//! The recipe's words in the engine's: the shape of the adapter and the numbers of a run. The engine
//! does not know the SDK's types.

use hive_engine::adapter::config::Targets;
use hive_engine::adapter::{AdapterConfig, DropoutSemantics, Method};
use hive_engine::train::{Metric, NonFinite, Schedule, TrainConfig};
use hive_sdk::manifest::{
    AdapterSpec, Metric as SdkMetric, NonFinite as SdkNonFinite, Schedule as SdkSchedule, TargetModule, TrainingSpec,
};
use serde_json::json;

/// The engine's shape of an adapter.
pub fn adapter_config(spec: &AdapterSpec) -> AdapterConfig {
    let name = |module: &TargetModule| {
        // A unit variant of a serde enum always becomes a string.
        json!(module).as_str().unwrap_or_default().to_owned()
    };
    let all = spec.target_modules.contains(&TargetModule::AllLinear);
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
        targets: match all {
            true => Targets::AllLinear,
            false => Targets::Names(spec.target_modules.iter().map(name).collect()),
        },
        layers: spec.layers_to_transform.clone(),
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
        micro_batch_records: spec.micro_batch_records,
        packing: spec.packing,
        weight_decay: spec.weight_decay,
        beta1: spec.beta1,
        beta2: spec.beta2,
        epsilon: spec.epsilon,
        max_grad_norm: spec.max_grad_norm,
        eval_steps: spec.eval_steps,
        save_steps: spec.save_steps,
        keep_best: spec.keep_best,
        metric: match spec.best_metric {
            SdkMetric::EvalLoss => Metric::EvalLoss,
            SdkMetric::TokenAccuracy => Metric::TokenAccuracy,
            SdkMetric::Score => Metric::Score,
        },
        greater_is_better: spec.greater_is_better,
        patience: spec.patience,
        non_finite: match spec.non_finite {
            SdkNonFinite::Stop => NonFinite::Stop,
            SdkNonFinite::Skip => NonFinite::Skip,
        },
        load_best_at_end: spec.load_best_at_end,
        seed: spec.seed,
    }
}
