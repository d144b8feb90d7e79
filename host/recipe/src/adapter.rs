//! The shape of an adapter.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The adaptation method for a linear layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Weight-decomposed low-rank adaptation (arXiv 2402.09353).
    #[default]
    Dora,
    /// Low-rank adaptation (arXiv 2106.09685).
    Lora,
}

/// What dropout is applied to in training. The two differ only for DoRA with a non-zero dropout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DropoutSemantics {
    /// The input of the adapter's branch.
    #[default]
    Branch,
    /// PEFT's rule, for comparisons: also the input of the base product that DoRA scales. Slower:
    /// three more base products per layer.
    Peft,
}

/// A linear layer of the decoder that can carry an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetModule {
    /// Attention query projection.
    QProj,
    /// Attention key projection.
    KProj,
    /// Attention value projection.
    VProj,
    /// Attention output projection.
    OProj,
    /// Feed-forward gate projection.
    GateProj,
    /// Feed-forward up projection.
    UpProj,
    /// Feed-forward down projection.
    DownProj,
    /// All of these.
    #[serde(rename = "all-linear")]
    AllLinear,
}

/// Shape of the adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdapterSpec {
    /// DoRA or LoRA.
    pub method: Method,
    /// Rank of A and B.
    #[schemars(range(min = 1, max = 4096))]
    pub rank: u32,
    /// Scaling is alpha / rank (alpha / √rank with rsLoRA).
    #[schemars(range(min = 0.0, max = 1e6))]
    pub alpha: f64,
    /// Dropout probability for inputs in training.
    #[schemars(range(min = 0.0, max = 0.99))]
    pub dropout: f64,
    /// What dropout is applied to.
    pub dropout_semantics: DropoutSemantics,
    /// Scale by alpha / √rank (arXiv 2312.03732).
    pub rslora: bool,
    /// The linear layers that carry an adapter.
    #[schemars(length(min = 1))]
    pub target_modules: Vec<TargetModule>,
    /// Only these decoder layers, counted from 0; all layers unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers_to_transform: Option<Vec<usize>>,
    /// Ranks for modules whose name ends with the key: `{"layers.1.mlp.up_proj": 6}`.
    pub rank_pattern: BTreeMap<String, u32>,
    /// Alphas for modules whose name ends with the key.
    pub alpha_pattern: BTreeMap<String, f64>,
}

impl Method {
    /// The name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dora => "dora",
            Self::Lora => "lora",
        }
    }
}

impl DropoutSemantics {
    /// The name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Peft => "peft",
        }
    }
}

impl TargetModule {
    /// The name in recipes: `q_proj`, `all-linear`.
    pub fn name(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
            Self::AllLinear => "all-linear",
        }
    }
}

impl Default for AdapterSpec {
    fn default() -> Self {
        use TargetModule::{DownProj, KProj, OProj, QProj, UpProj, VProj};
        Self {
            method: Method::Dora,
            rank: 12,
            alpha: 24.0,
            dropout: 0.1,
            dropout_semantics: DropoutSemantics::Branch,
            rslora: false,
            target_modules: vec![QProj, KProj, VProj, OProj, UpProj, DownProj],
            layers_to_transform: None,
            rank_pattern: BTreeMap::new(),
            alpha_pattern: BTreeMap::new(),
        }
    }
}
