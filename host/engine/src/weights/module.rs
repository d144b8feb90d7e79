//! The linear layers of a decoder, by name.

use serde::{Deserialize, Serialize};

use super::config::ModelConfig;

/// A linear layer of the decoder that can carry an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Module {
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
}

impl Module {
    /// All modules, in the order of the forward pass.
    pub const ALL: [Self; 7] =
        [Self::QProj, Self::KProj, Self::VProj, Self::OProj, Self::GateProj, Self::UpProj, Self::DownProj];

    /// The last part of the module's name: `q_proj`.
    pub fn name(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
        }
    }

    /// The full name in a Hugging Face model: `model.layers.3.self_attn.q_proj`.
    pub fn path(self, layer: usize) -> String {
        let block = match self {
            Self::QProj | Self::KProj | Self::VProj | Self::OProj => "self_attn",
            Self::GateProj | Self::UpProj | Self::DownProj => "mlp",
        };
        format!("model.layers.{layer}.{block}.{}", self.name())
    }

    /// The decoder layer and the module of a full name.
    pub fn from_path(path: &str) -> Option<(usize, Self)> {
        let (layer, _) = path.strip_prefix("model.layers.")?.split_once('.')?;
        let layer = layer.parse().ok()?;
        Self::ALL.into_iter().find(|module| module.path(layer) == path).map(|module| (layer, module))
    }

    /// Output and input features of the module's weight.
    pub fn shape(self, config: &ModelConfig) -> (usize, usize) {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        match self {
            Self::QProj => (config.q_size(), hidden),
            Self::KProj | Self::VProj => (config.kv_size(), hidden),
            Self::OProj => (hidden, config.q_size()),
            Self::GateProj | Self::UpProj => (inner, hidden),
            Self::DownProj => (hidden, inner),
        }
    }
}
