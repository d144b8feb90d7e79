//! The shape of an adapter: method, ranks, scaling, and the linear layers it adapts. It is independent of file formats;
//! [`super::peft`] reads and writes PEFT's.

use std::collections::BTreeMap;
use std::fmt;

use hive_recipe::{AdapterSpec, DropoutSemantics, Method, TargetModule};

use crate::adapter::patterns::{NamePattern, shown};
use crate::error::{EngineError, MismatchSubject, Result};
use crate::weights::Module;
use crate::weights::config::ModelConfig;

/// The linear layers that are adapted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// Those whose full name is one of these or ends in a dot and one of these.
    Names(Vec<String>),
    /// Those whose full name matches this regular expression as a whole.
    Pattern(String),
    /// Every linear layer of the decoder (not the output projection).
    AllLinear,
}

impl Targets {
    /// Whether the targets can be evaluated for every linear layer of a model of this shape.
    pub(crate) fn can_be_read(&self, config: &ModelConfig) -> bool {
        let Ok(matcher) = self.matcher() else { return false };
        (0..config.num_layers).all(|layer| Module::ALL.iter().all(|m| matcher.matches(&m.path(layer)).is_ok()))
    }

    /// Why the pattern is not usable, if it is not.
    pub fn problem(&self) -> Option<String> {
        self.matcher().err().map(|error| error.to_string())
    }

    /// Compiles the targets, for matching many names.
    ///
    /// # Errors
    /// When the pattern is not a valid regular expression.
    pub(crate) fn matcher(&self) -> Result<Matcher<'_>> {
        Ok(match self {
            Self::AllLinear => Matcher::AllLinear,
            Self::Names(names) => Matcher::Names(names),
            Self::Pattern(pattern) => Matcher::Pattern(Box::new(NamePattern::full_match(pattern)?)),
        })
    }
}

/// In the form of configurations, for messages.
impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllLinear => f.write_str("`all-linear`"),
            Self::Pattern(pattern) => write!(f, "`{}`", shown(pattern)),
            Self::Names(names) => {
                let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                names.sort();
                f.write_str(&names.join(", "))
            }
        }
    }
}

/// Compiled targets.
pub(crate) enum Matcher<'a> {
    AllLinear,
    Names(&'a [String]),
    Pattern(Box<NamePattern>),
}

impl Matcher<'_> {
    /// Whether the module of this full name is targeted.
    ///
    /// # Errors
    /// When matching takes too long.
    pub(crate) fn matches(&self, path: &str) -> Result<bool> {
        match self {
            Self::AllLinear => Ok(Module::from_path(path).is_some()),
            Self::Names(names) => Ok(names.iter().any(|n| path == *n || path.ends_with(&format!(".{n}")))),
            Self::Pattern(pattern) => pattern.matches(path),
        }
    }
}

/// The shape of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterConfig {
    /// DoRA or LoRA.
    pub method: Method,
    /// Rank of modules that no pattern matches.
    pub rank: usize,
    /// Alpha of modules that no pattern matches.
    pub alpha: f64,
    /// Probability of dropout during training.
    pub dropout: f64,
    /// Which inputs dropout applies to.
    pub dropout_semantics: DropoutSemantics,
    /// Scaling alpha/√rank instead of alpha/rank (arXiv 2312.03732).
    pub rslora: bool,
    /// The adapted linear layers.
    pub targets: Targets,
    /// Restricts the adapter to these decoder layers; `None` for all.
    pub layers: Option<Vec<usize>>,
    /// Ranks of single modules, by regular expressions on the end of the full name.
    pub rank_pattern: BTreeMap<String, usize>,
    /// Alphas of single modules, likewise.
    pub alpha_pattern: BTreeMap<String, f64>,
}

impl From<&AdapterSpec> for AdapterConfig {
    fn from(spec: &AdapterSpec) -> Self {
        let all = spec.target_modules.contains(&TargetModule::AllLinear);
        Self {
            method: spec.method,
            rank: spec.rank as usize,
            alpha: spec.alpha,
            dropout: spec.dropout,
            dropout_semantics: spec.dropout_semantics,
            rslora: spec.rslora,
            targets: match all {
                true => Targets::AllLinear,
                false => Targets::Names(spec.target_modules.iter().map(|module| module.name().to_owned()).collect()),
            },
            layers: spec.layers_to_transform.clone(),
            rank_pattern: spec.rank_pattern.iter().map(|(name, rank)| (name.clone(), *rank as usize)).collect(),
            alpha_pattern: spec.alpha_pattern.clone(),
        }
    }
}

/// One adapted linear layer, with its own rank and scaling.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Decoder layer.
    pub layer: usize,
    /// Module of the layer.
    pub module: Module,
    /// Output features.
    pub out: usize,
    /// Input features.
    pub input: usize,
    /// Rank.
    pub rank: usize,
    /// Scaling s: alpha / rank, or alpha / √rank with rsLoRA.
    pub scaling: f32,
}

/// Maximum rank: far above any useful one, and low enough that sizes do not overflow.
const MAX_RANK: usize = 1 << 16;

impl AdapterConfig {
    /// The adapted layers of a model of this shape, in the order of its forward pass.
    ///
    /// # Errors
    /// When a pattern is not valid, a rank is out of range, or nothing matches.
    pub fn sites(&self, config: &ModelConfig) -> Result<Vec<Site>> {
        let targets = self.targets.matcher()?;
        let patterns = Patterns::new(self)?;
        let mut sites = Vec::new();
        for layer in 0..config.num_layers {
            if self.layers.as_ref().is_some_and(|only| !only.contains(&layer)) {
                continue;
            }
            for module in Module::ALL {
                let path = module.path(layer);
                if !targets.matches(&path)? {
                    continue;
                }
                let (rank, alpha) = patterns.rank_and_alpha(&path)?;
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
                "The adapter's target modules {} match no linear layer of the base model (its linear layers: {})",
                self.targets,
                Module::ALL.map(Module::name).join(", ")
            )));
        }
        Ok(sites)
    }
}

impl AdapterConfig {
    /// Checks that every setting has an effect on a model of this shape: one that silently does nothing is a mistake. For
    /// adapters that are to be trained; existing adapters may have unused settings.
    ///
    /// # Errors
    /// Lists all target modules and patterns that match no linear layer, and all decoder layers that the model does not have.
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
        let used = |pattern: &NamePattern| -> Result<bool> {
            for path in &paths {
                if pattern.matches(path)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let Patterns { ranks, alphas, .. } = Patterns::new(self)?;
        for ((pattern, _), key) in ranks.iter().zip(self.rank_pattern.keys()) {
            if !used(pattern)? {
                problems.push(format!("`rank_pattern` has `{key}`, which matches no module with an adapter"));
            }
        }
        for ((pattern, _), key) in alphas.iter().zip(self.alpha_pattern.keys()) {
            if !used(pattern)? {
                problems.push(format!("`alpha_pattern` has `{key}`, which matches no module with an adapter"));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let summary = "The recipe's adapter does not fit the base model".to_owned();
        Err(EngineError::Mismatch { subject: MismatchSubject::Recipe, summary, problems })
    }
}

/// The compiled patterns of an adapter's ranks and alphas.
pub(crate) struct Patterns<'a> {
    config: &'a AdapterConfig,
    ranks: Vec<(NamePattern, &'a usize)>,
    alphas: Vec<(NamePattern, &'a f64)>,
}

impl<'a> Patterns<'a> {
    /// Compiles the patterns of `config`.
    ///
    /// # Errors
    /// When one is not valid, or there are too many.
    pub(crate) fn new(config: &'a AdapterConfig) -> Result<Self> {
        let (ranks, alphas) = (&config.rank_pattern, &config.alpha_pattern);
        Ok(Self { config, ranks: NamePattern::suffixes(ranks)?, alphas: NamePattern::suffixes(alphas)? })
    }

    /// Rank and alpha of the module of this full name.
    ///
    /// # Errors
    /// When matching takes too long.
    pub(crate) fn rank_and_alpha(&self, path: &str) -> Result<(usize, f64)> {
        let rank = first(&self.ranks, path)?.unwrap_or(self.config.rank);
        Ok((rank, first(&self.alphas, path)?.unwrap_or(self.config.alpha)))
    }
}

/// The value of the first pattern that matches.
fn first<T: Copy>(patterns: &[(NamePattern, &T)], path: &str) -> Result<Option<T>> {
    for (pattern, value) in patterns {
        if pattern.matches(path)? {
            return Ok(Some(**value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::shapes;
    use hive_tests::check_all;

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
        check_all(
            ["`q_porj` matches no", "`layers_to_transform` has 30", "`up_proj`, which", "layers.7.self_attn"],
            |part| {
                assert!(error.contains(part), "{part}: {error}");
            },
        );
        assert_eq!(error.lines().count(), 5, "{error}");
    }
}
