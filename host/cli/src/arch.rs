//! Model shapes that are available with random weights, for timing and planning without a base
//! model.

use clap::ValueEnum;
use hive_engine::adapter::peft::BaseRef;
use hive_engine::weights::config::ModelConfig;
use hive_engine::weights::shapes;

/// A known shape.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Arch {
    #[value(name = "qwen3-0.6b")]
    Qwen3,
    #[value(name = "smollm2-135m")]
    SmolLm2,
}

impl Arch {
    /// The shape.
    pub fn config(self) -> ModelConfig {
        match self {
            Self::Qwen3 => shapes::qwen3_0_6b(),
            Self::SmolLm2 => shapes::smollm2_135m(),
        }
    }

    /// The base model reference of adapters on random weights of this shape.
    pub fn reference(self, seed: u64) -> BaseRef {
        let id = match self {
            Self::Qwen3 => "qwen3-0.6b",
            Self::SmolLm2 => "smollm2-135m",
        };
        BaseRef { id: format!("random-{id}"), digest: format!("random, seed {seed}") }
    }
}
