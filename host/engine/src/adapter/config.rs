//! The shape of an adapter: method, ranks, scaling, which linear layers carry one. It knows no
//! file format: PEFT's names are translated in [`super::peft`].

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::error::{EngineError, MismatchOf, Result};
use crate::model::config::ModelConfig;

/// How the adapter acts on a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Weight-decomposed low-rank adaptation (arXiv 2402.09353).
    Dora,
    /// Low-rank adaptation (arXiv 2106.09685).
    Lora,
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

/// What dropout drops in training. The two differ for DoRA alone, and not at dropout 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DropoutSemantics {
    /// The input of the adapter's branch.
    #[default]
    Branch,
    /// PEFT's rule: also the input of the base product that DoRA scales by m/n − 1. Costs three more
    /// base products per layer and step, one forward and two backward.
    Peft,
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
    /// All of them, in the order of the forward pass.
    pub const ALL: [Self; 7] =
        [Self::QProj, Self::KProj, Self::VProj, Self::OProj, Self::GateProj, Self::UpProj, Self::DownProj];

    /// The last part of its name: `q_proj`.
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

    /// (output features, input features) of its weight.
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

/// Which linear layers carry an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// Those whose full name is one of these or ends in a dot and one of these.
    Names(Vec<String>),
    /// Those whose full name matches this regular expression from end to end.
    Pattern(String),
    /// Every linear layer of the decoder (not the output projection).
    AllLinear,
}

/// The shape of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterConfig {
    /// DoRA or LoRA.
    pub method: Method,
    /// Rank where no pattern says otherwise.
    pub rank: usize,
    /// Alpha where no pattern says otherwise.
    pub alpha: f64,
    /// Probability of dropout, in training only.
    pub dropout: f64,
    /// What it drops.
    pub dropout_semantics: DropoutSemantics,
    /// Scaling alpha/√rank instead of alpha/rank (arXiv 2312.03732).
    pub rslora: bool,
    /// Which layers.
    pub targets: Targets,
    /// Only these decoder layers; all when none.
    pub layers: Option<Vec<usize>>,
    /// Other ranks: regular expressions on the end of a module's full name.
    pub rank_pattern: BTreeMap<String, usize>,
    /// Other alphas, likewise.
    pub alpha_pattern: BTreeMap<String, f64>,
}

/// One adapted linear layer, with its own rank and scaling.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Decoder layer.
    pub layer: usize,
    /// Which linear of the layer.
    pub module: Module,
    /// Output features.
    pub out: usize,
    /// Input features.
    pub input: usize,
    /// Rank.
    pub rank: usize,
    /// s
    pub scaling: f32,
}

/// Highest rank of an adapter. Far more than any that trains, and few enough that sizes stay numbers.
const MAX_RANK: usize = 1 << 16;

/// Most entries of `rank_pattern` and of `alpha_pattern`, and the most bytes that each may become:
/// configurations come from anywhere, and a few letters of a regular expression can ask for megabytes.
const MAX_PATTERNS: usize = 512;
const MAX_PATTERN_BYTES: usize = 1 << 18;

impl AdapterConfig {
    /// The adapted layers of a model of this shape, in the order of its forward pass.
    ///
    /// # Errors
    /// When a pattern is no regular expression or too large a one, a rank is 0 or absurd, or nothing
    /// matches.
    pub fn sites(&self, config: &ModelConfig) -> Result<Vec<Site>> {
        let targets = match &self.targets {
            Targets::Pattern(pattern) => Some(whole(pattern)?),
            _ => None,
        };
        let ranks = ending(&self.rank_pattern)?;
        let alphas = ending(&self.alpha_pattern)?;
        let mut sites = Vec::new();
        for layer in 0..config.num_layers {
            if self.layers.as_ref().is_some_and(|only| !only.contains(&layer)) {
                continue;
            }
            for module in Module::ALL {
                let path = module.path(layer);
                let wanted = match &self.targets {
                    Targets::AllLinear => true,
                    Targets::Names(names) => names.iter().any(|n| path == *n || path.ends_with(&format!(".{n}"))),
                    Targets::Pattern(_) => targets.as_ref().is_some_and(|t| t.is_match(&path)),
                };
                if !wanted {
                    continue;
                }
                let rank = ranks.iter().find(|(r, _)| r.is_match(&path)).map_or(self.rank, |(_, rank)| **rank);
                let alpha = alphas.iter().find(|(r, _)| r.is_match(&path)).map_or(self.alpha, |(_, alpha)| **alpha);
                if !(1..=MAX_RANK).contains(&rank) {
                    return Err(EngineError::unsupported(format!(
                        "The adapter's rank for `{path}` is {rank}, expected 1 to {MAX_RANK}"
                    )));
                }
                let divisor = if self.rslora { (rank as f64).sqrt() } else { rank as f64 };
                let (out, input) = module.shape(config);
                sites.push(Site { layer, module, out, input, rank, scaling: (alpha / divisor) as f32 });
            }
        }
        if sites.is_empty() {
            return Err(EngineError::unsupported(format!(
                "The adapter's target modules {:?} match no linear layer of the base model (its linear layers: {})",
                self.targets,
                Module::ALL.map(Module::name).join(", ")
            )));
        }
        Ok(sites)
    }
}

impl AdapterConfig {
    /// Checks that everything in this shape has an effect on a model of that shape: what would do
    /// nothing in silence is a mistake. For adapters that are to be trained; one from elsewhere may
    /// carry what it likes.
    ///
    /// # Errors
    /// A target module or a pattern that no linear layer matches, or a decoder layer that the model
    /// does not have; all of them.
    pub fn check_used(&self, config: &ModelConfig) -> Result<()> {
        let sites = self.sites(config)?;
        let paths: Vec<String> = sites.iter().map(|site| site.module.path(site.layer)).collect();
        let mut problems = Vec::new();
        if let Targets::Names(names) = &self.targets {
            let unused = |name: &&String| !paths.iter().any(|p| p == *name || p.ends_with(&format!(".{name}")));
            problems
                .extend(names.iter().filter(unused).map(|n| format!("target module `{n}` matches no linear layer")));
        }
        for layer in self.layers.iter().flatten().filter(|layer| **layer >= config.num_layers) {
            problems.push(format!(
                "`layers_to_transform` has {layer}, the base has the layers 0 to {}",
                config.num_layers.saturating_sub(1)
            ));
        }
        let unused = |pattern: &Regex| !paths.iter().any(|path| pattern.is_match(path));
        for (regex, (key, _)) in ending(&self.rank_pattern)?.iter().zip(&self.rank_pattern) {
            if unused(&regex.0) {
                problems.push(format!("`rank_pattern` has `{key}`, which matches no module with an adapter"));
            }
        }
        for (regex, (key, _)) in ending(&self.alpha_pattern)?.iter().zip(&self.alpha_pattern) {
            if unused(&regex.0) {
                problems.push(format!("`alpha_pattern` has `{key}`, which matches no module with an adapter"));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let summary = "The recipe's adapter does not fit the base model".to_owned();
        Err(EngineError::Mismatch { of: MismatchOf::Recipe, summary, problems })
    }
}

fn whole(pattern: &str) -> Result<Regex> {
    regex(format!("^(?:{pattern})$")).map_err(|e| bad_pattern(pattern, &e))
}

fn regex(text: String) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&text).size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES).build()
}

/// PEFT's rule for patterns: the key matches a whole name or what follows a dot in it.
fn ending<T>(patterns: &BTreeMap<String, T>) -> Result<Vec<(Regex, &T)>> {
    if patterns.len() > MAX_PATTERNS {
        return Err(EngineError::unsupported(format!(
            "The adapter has {} patterns of ranks or alphas, expected at most {MAX_PATTERNS}",
            patterns.len()
        )));
    }
    patterns
        .iter()
        .map(|(key, value)| {
            let regex = regex(format!(r"^(?:.*\.)?(?:{key})$")).map_err(|e| bad_pattern(key, &e))?;
            Ok((regex, value))
        })
        .collect()
}

fn bad_pattern(pattern: &str, error: &regex::Error) -> EngineError {
    let shown: String = pattern.chars().take(100).collect();
    EngineError::unsupported(format!("The module pattern `{shown}` is not a regular expression: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shapes;

    /// The adapter of a recipe.
    fn config(method: Method, rank: usize, targets: &[&str]) -> AdapterConfig {
        AdapterConfig {
            method,
            rank,
            alpha: 2.0 * rank as f64,
            dropout: 0.0,
            dropout_semantics: DropoutSemantics::Branch,
            rslora: false,
            targets: Targets::Names(targets.iter().map(|t| (*t).to_owned()).collect()),
            layers: None,
            rank_pattern: BTreeMap::new(),
            alpha_pattern: BTreeMap::new(),
        }
    }

    /// Values that an adapter of this shape has on Qwen3-0.6B.
    fn parameters(config: &AdapterConfig) -> usize {
        let sites = config.sites(&shapes::qwen3_0_6b()).unwrap();
        let dora = config.method == Method::Dora;
        sites.iter().map(|s| s.rank * (s.input + s.out) + if dora { s.out } else { 0 }).sum()
    }

    #[test]
    fn parameters_on_qwen3_are_those_that_peft_counts() {
        let external = config(Method::Lora, 8, &["q_proj", "v_proj"]);
        assert_eq!(parameters(&external), 1_146_880);
        let optimized = config(Method::Dora, 12, &["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]);
        assert_eq!(parameters(&optimized), 6_451_200);
    }

    #[test]
    fn only_the_named_layers_carry_an_adapter() {
        let mut some = config(Method::Lora, 8, &["q_proj"]);
        some.layers = Some(vec![0, 5]);
        let layers: Vec<usize> = some.sites(&shapes::qwen3_0_6b()).unwrap().iter().map(|s| s.layer).collect();
        assert_eq!(layers, [0, 5]);
    }

    #[test]
    fn what_would_do_nothing_is_refused_all_at_once() {
        let model = shapes::smollm2_135m();
        let mut config = config(Method::Dora, 4, &["q_proj", "q_porj"]);
        config.layers = Some(vec![0, 30]);
        config.rank_pattern = BTreeMap::from([("q_proj".to_owned(), 2), ("up_proj".to_owned(), 2)]);
        config.alpha_pattern = BTreeMap::from([("layers.7.self_attn.q_proj".to_owned(), 2.0)]);
        let error = config.check_used(&model).unwrap_err().to_string();
        for part in ["`q_porj` matches no", "`layers_to_transform` has 30", "`up_proj`, which", "layers.7.self_attn"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert_eq!(error.lines().count(), 5, "{error}");
    }
}
