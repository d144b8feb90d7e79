//! The decoder's frozen weights, with the names and shapes of Hugging Face. Computation is in [`crate::network::pass`]
//! (training) and [`crate::network::inference`] (generation).

use crate::error::{EngineError, MismatchSubject, Result};
use crate::ops::decode_linear;
use crate::ops::dora::Linear;
use crate::ops::dropout::{key, mix};
use crate::ops::quantised::Quantised;
use crate::weights::Module;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::source::TensorSource;

/// A linear layer's weight [out, in] and bias `[out]`, and the weight in the quantised form of its file, if that is kept.
#[derive(Debug, Clone)]
struct Weight {
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    stored: Option<Quantised>,
}

/// One decoder layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// RMS norm before attention `[hidden]`.
    pub input_norm: Vec<f32>,
    /// RMS norm before the feed-forward layer `[hidden]`.
    pub post_attention_norm: Vec<f32>,
    /// RMS norm of each query head `[head_dim]`, Qwen3.
    pub q_norm: Option<Vec<f32>>,
    /// RMS norm of each key head `[head_dim]`, Qwen3.
    pub k_norm: Option<Vec<f32>>,
    linears: [Weight; 7],
}

/// A frozen decoder in f32.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Shape of the model.
    pub config: ModelConfig,
    /// [vocab, hidden]
    pub embedding: Vec<f32>,
    /// The layers.
    pub layers: Vec<Layer>,
    /// Final RMS norm `[hidden]`.
    pub norm: Vec<f32>,
    /// Output projection [vocab, hidden], unless it is tied to the embedding.
    untied_head: Option<Vec<f32>>,
    stored_head: Option<Quantised>,
}

impl Decoder {
    /// Reads every tensor that `config` requires, and checks that there are no others.
    ///
    /// # Errors
    /// Lists all missing, unexpected and misshapen tensors at once; or the error of reading one.
    pub fn load(config: &ModelConfig, tensors: &dyn TensorSource) -> Result<Self> {
        checked_tensors(config, tensors)?;
        Self::build(config, |name, _| tensors.read(name))
    }

    /// Additionally keeps the quantised form of the weights, where `tensors` has one: generation reads that, at a quarter of
    /// the bytes or less. The values are the same.
    pub fn keep_stored(&mut self, tensors: &dyn TensorSource) {
        for (l, layer) in self.layers.iter_mut().enumerate() {
            for (weight, module) in layer.linears.iter_mut().zip(Module::ALL) {
                weight.stored = tensors.quantised(&format!("{}.weight", module.path(l)));
            }
        }
        let head = if self.untied_head.is_some() { "lm_head.weight" } else { "model.embed_tokens.weight" };
        self.stored_head = tensors.quantised(head);
    }

    /// A decoder with random weights, for benchmarks and tests: uniform, and scaled so that activations keep their magnitude.
    /// The same seed gives the same weights.
    ///
    /// # Errors
    /// When `config` contradicts itself.
    pub fn random(config: &ModelConfig, seed: u64) -> Result<Self> {
        config.check()?;
        Self::build(config, |name, shape| {
            let stream = key(&name.bytes().map(u64::from).chain([seed]).collect::<Vec<_>>());
            let n: usize = shape.iter().product();
            let is_norm = shape.len() == 1 && name.ends_with("norm.weight");
            // Variance 1/in for matrices; 0.02² for the embedding, as models are initialised.
            let width = match shape {
                [_, _] if name.contains("embed_tokens") => 0.02 * 3f64.sqrt(),
                [_, input] => (3.0 / *input as f64).sqrt(),
                _ => 0.1,
            };
            Ok((0..n)
                .map(|i| {
                    let unit = (mix(stream.wrapping_add(i as u64)) >> 11) as f64 / (1u64 << 53) as f64;
                    ((2.0 * unit - 1.0) * width) as f32 + f32::from(u8::from(is_norm))
                })
                .collect())
        })
    }

    fn build(config: &ModelConfig, mut read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>) -> Result<Self> {
        let mut get = |name: String, shape: &[usize]| read(&name, shape);
        let (hidden, vocab, dim) = (config.hidden_size, config.vocab_size, config.head_dim);
        let mut layers = Vec::with_capacity(config.num_layers);
        for l in 0..config.num_layers {
            let mut linears = Vec::with_capacity(7);
            for module in Module::ALL {
                let (out, input) = module.shape(config);
                let weight = get(format!("{}.weight", module.path(l)), &[out, input])?;
                let bias =
                    has_bias(config, module).then(|| get(format!("{}.bias", module.path(l)), &[out])).transpose()?;
                linears.push(Weight { weight, bias, stored: None });
            }
            let linears: [Weight; 7] =
                linears.try_into().map_err(|_| EngineError::unsupported("a layer has seven linears"))?;
            let mut norm = |name: &str, n: usize| get(format!("model.layers.{l}.{name}.weight"), &[n]);
            layers.push(Layer {
                input_norm: norm("input_layernorm", hidden)?,
                post_attention_norm: norm("post_attention_layernorm", hidden)?,
                q_norm: config.has_qk_norm().then(|| norm("self_attn.q_norm", dim)).transpose()?,
                k_norm: config.has_qk_norm().then(|| norm("self_attn.k_norm", dim)).transpose()?,
                linears,
            });
        }
        Ok(Self {
            config: config.clone(),
            embedding: get("model.embed_tokens.weight".into(), &[vocab, hidden])?,
            layers,
            norm: get("model.norm.weight".into(), &[hidden])?,
            untied_head: (!config.tie_word_embeddings)
                .then(|| get("lm_head.weight".into(), &[vocab, hidden]))
                .transpose()?,
            stored_head: None,
        })
    }

    /// The output projection [vocab, hidden].
    pub fn head(&self) -> &[f32] {
        self.untied_head.as_ref().unwrap_or(&self.embedding)
    }

    /// A linear layer.
    pub fn linear(&self, layer: usize, module: Module) -> Linear<'_> {
        let (out, input) = module.shape(&self.config);
        let Weight { weight, bias, .. } = &self.layers[layer].linears[module as usize];
        Linear { weight, bias: bias.as_deref(), out, input }
    }

    /// A linear layer's weight, for merging. Drops its quantised form, which would no longer match.
    pub fn weight_mut(&mut self, layer: usize, module: Module) -> &mut [f32] {
        let weight = &mut self.layers[layer].linears[module as usize];
        weight.stored = None;
        &mut weight.weight
    }

    /// A linear layer's weight in the form that decode steps read fastest.
    pub fn decode_weight(&self, layer: usize, module: Module) -> decode_linear::Weight<'_> {
        let Weight { weight, stored, .. } = &self.layers[layer].linears[module as usize];
        decode_linear::Weight::new(weight, stored.as_ref())
    }

    /// The output projection in the form that decode steps read fastest.
    pub fn decode_head(&self) -> decode_linear::Weight<'_> {
        decode_linear::Weight::new(self.head(), self.stored_head.as_ref())
    }

    /// Number of values in all weights.
    pub fn parameters(&self) -> usize {
        let layers: usize = self
            .layers
            .iter()
            .map(|l| {
                let linears: usize =
                    l.linears.iter().map(|w| w.weight.len() + w.bias.as_ref().map_or(0, Vec::len)).sum();
                let norms = [&l.q_norm, &l.k_norm].into_iter().flatten().map(Vec::len).sum::<usize>();
                linears + norms + l.input_norm.len() + l.post_attention_norm.len()
            })
            .sum();
        layers + self.embedding.len() + self.norm.len() + self.untied_head.as_ref().map_or(0, Vec::len)
    }
}

fn has_bias(config: &ModelConfig, module: Module) -> bool {
    match module {
        Module::QProj | Module::KProj | Module::VProj => config.qkv_bias,
        Module::OProj => config.attention_output_bias,
        _ => config.mlp_bias,
    }
}

/// Every tensor of a model of this shape, with its shape.
fn expected(config: &ModelConfig) -> Result<Vec<(String, Vec<usize>)>> {
    let mut names = Vec::new();
    Decoder::build(config, |name, shape| {
        names.push((name.to_owned(), shape.to_vec()));
        Ok(Vec::new())
    })?;
    Ok(names)
}

/// Every tensor of a model of this shape, with its shape; checks that `tensors` has exactly those.
///
/// # Errors
/// When `config` contradicts itself; or lists every tensor that is missing, unexpected or of another shape.
pub(crate) fn checked_tensors(config: &ModelConfig, tensors: &dyn TensorSource) -> Result<Vec<(String, Vec<usize>)>> {
    config.check()?;
    let expected = expected(config)?;
    let total = expected.len();
    let mut problems = Vec::new();
    for (name, shape) in &expected {
        match tensors.shape(name) {
            None => problems.push(format!("`{name}` is missing, expected {shape:?}")),
            Some(got) if got != *shape => problems.push(format!("`{name}` is {got:?}, expected {shape:?}")),
            Some(_) => {}
        }
    }
    let known: std::collections::BTreeSet<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    for name in tensors.names() {
        // Some exports repeat the tied head, and old ones contain the rotary frequencies.
        let harmless =
            (name == "lm_head.weight" && config.tie_word_embeddings) || name.ends_with("rotary_emb.inv_freq");
        if !known.contains(name.as_str()) && !harmless {
            problems.push(format!(
                "`{name}` is not part of a {} model of this configuration",
                Architecture::name(config.architecture)
            ));
        }
    }
    if problems.is_empty() {
        return Ok(expected);
    }
    Err(EngineError::Mismatch {
        subject: MismatchSubject::BaseModel,
        summary: format!("{} of the base model's {total} tensors do not match its configuration", problems.len()),
        problems,
    })
}
