//! The decoder's frozen weights, with the names and shapes of Hugging Face. Computation is in [`crate::network::pass`]
//! (training) and [`crate::network::inference`] (generation).

use std::cell::RefCell;
use std::collections::HashMap;

use rayon::prelude::*;

use crate::error::{EngineError, MismatchSubject, Result};
use crate::ops::decode_linear;
use crate::ops::dora::Linear;
use crate::ops::dropout::{key, mix};
use crate::ops::quantised::Quantised;
use crate::weights::Module;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::matrix::Matrix;
use crate::weights::source::TensorSource;

/// A linear layer's weight [out, in] and bias `[out]`.
#[derive(Debug, Clone)]
struct Weight {
    weight: Matrix,
    bias: Option<Vec<f32>>,
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

/// A frozen decoder. Its weights are in f32; matrices may be in the quantised form of their file instead, or as well.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Shape of the model.
    pub config: ModelConfig,
    /// [vocab, hidden]
    embedding: Matrix,
    /// The layers.
    pub layers: Vec<Layer>,
    /// Final RMS norm `[hidden]`.
    pub norm: Vec<f32>,
    /// Output projection [vocab, hidden], unless it is tied to the embedding.
    untied_head: Option<Matrix>,
}

impl Decoder {
    /// Reads every tensor that `config` requires, and checks that there are no others.
    ///
    /// # Errors
    /// Lists all missing, unexpected and misshapen tensors at once; or the error of reading one.
    pub fn load(config: &ModelConfig, tensors: &dyn TensorSource) -> Result<Self> {
        checked_tensors(config, tensors)?;
        Self::build(config, |name, _| tensors.read(name).map(Matrix::from))
    }

    /// As [`Self::load`], but matrices that `tensors` has in a quantised form are kept in that form alone, at a quarter of
    /// the memory or less. It is loaded in a fraction of the time; where f32 is needed, as for reading a prompt, a matrix is
    /// dequantised each time.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_quantised(config: &ModelConfig, tensors: &dyn TensorSource) -> Result<Self> {
        let names = checked_tensors(config, tensors)?;
        let quantised = names.par_iter().filter_map(|(name, _)| Some((name.as_str(), tensors.quantised(name)?)));
        let mut quantised: HashMap<&str, Quantised> = quantised.collect();
        Self::build(config, |name, _| match quantised.remove(name) {
            Some(stored) => Ok(stored.into()),
            None => tensors.read(name).map(Matrix::from),
        })
    }

    /// Additionally keeps the quantised form of the weights, where `tensors` has one: generation reads that, at a quarter of
    /// the bytes or less. The values are the same.
    pub fn keep_stored(&mut self, tensors: &dyn TensorSource) {
        for (l, layer) in self.layers.iter_mut().enumerate() {
            for (weight, module) in layer.linears.iter_mut().zip(Module::ALL) {
                weight.weight.keep(tensors.quantised(&format!("{}.weight", module.path(l))));
            }
        }
        match &mut self.untied_head {
            Some(head) => head.keep(tensors.quantised("lm_head.weight")),
            None => self.embedding.keep(tensors.quantised("model.embed_tokens.weight")),
        }
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
            let values = (0..n)
                .map(|i| {
                    let unit = (mix(stream.wrapping_add(i as u64)) >> 11) as f64 / (1u64 << 53) as f64;
                    ((2.0 * unit - 1.0) * width) as f32 + f32::from(u8::from(is_norm))
                })
                .collect::<Vec<f32>>();
            Ok(values.into())
        })
    }

    fn build(config: &ModelConfig, read: impl FnMut(&str, &[usize]) -> Result<Matrix>) -> Result<Self> {
        let read = RefCell::new(read);
        let matrix = |name: String, shape: &[usize]| (read.borrow_mut())(&name, shape);
        let get = |name: String, shape: &[usize]| matrix(name, shape).map(Matrix::into_values);
        let (hidden, vocab, dim) = (config.hidden_size, config.vocab_size, config.head_dim);
        let mut layers = Vec::with_capacity(config.num_layers);
        for l in 0..config.num_layers {
            let mut linears = Vec::with_capacity(7);
            for module in Module::ALL {
                let (out, input) = module.shape(config);
                let weight = matrix(format!("{}.weight", module.path(l)), &[out, input])?;
                let bias =
                    has_bias(config, module).then(|| get(format!("{}.bias", module.path(l)), &[out])).transpose()?;
                linears.push(Weight { weight, bias });
            }
            let linears: [Weight; 7] =
                linears.try_into().map_err(|_| EngineError::unsupported("a layer has seven linears"))?;
            let norm = |name: &str, n: usize| get(format!("model.layers.{l}.{name}.weight"), &[n]);
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
            embedding: matrix("model.embed_tokens.weight".into(), &[vocab, hidden])?,
            layers,
            norm: get("model.norm.weight".into(), &[hidden])?,
            untied_head: (!config.tie_word_embeddings)
                .then(|| matrix("lm_head.weight".into(), &[vocab, hidden]))
                .transpose()?,
        })
    }

    /// Embeds tokens into `out` [tokens, hidden].
    ///
    /// # Panics
    /// When an id is not below the vocabulary's size; [`crate::data::Batch`] checks that.
    pub fn embed(&self, out: &mut [f32], ids: &[u32]) {
        let hidden = self.config.hidden_size;
        assert_eq!(out.len(), ids.len() * hidden);
        for (row, &id) in out.chunks_exact_mut(hidden).zip(ids) {
            self.embedding.row_into(id as usize, row);
        }
    }

    /// The embedding [vocab, hidden], to be changed.
    pub fn embedding_mut(&mut self) -> &mut [f32] {
        self.embedding.values_mut()
    }

    /// The embedding [vocab, hidden]; dequantised into `scratch` if need be.
    pub fn embedding<'a>(&'a self, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        self.embedding.values(scratch)
    }

    fn head_matrix(&self) -> &Matrix {
        self.untied_head.as_ref().unwrap_or(&self.embedding)
    }

    /// The output projection [vocab, hidden]; dequantised into `scratch` if need be.
    pub fn head<'a>(&'a self, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        self.head_matrix().values(scratch)
    }

    fn weight(&self, layer: usize, module: Module) -> &Weight {
        &self.layers[layer].linears[module as usize]
    }

    /// A linear layer; its weight is dequantised into `scratch` if need be.
    pub fn linear<'a>(&'a self, layer: usize, module: Module, scratch: &'a mut Vec<f32>) -> Linear<'a> {
        Linear { weight: self.weight(layer, module).weight.values(scratch), ..self.sizes(layer, module) }
    }

    /// A linear layer without its weight, for decode steps, which read [`Self::decode_weight`].
    pub fn sizes(&self, layer: usize, module: Module) -> Linear<'_> {
        let (out, input) = module.shape(&self.config);
        Linear { weight: &[], bias: self.weight(layer, module).bias.as_deref(), out, input }
    }

    /// A linear layer's weight, for merging. Drops its quantised form, which would no longer match.
    pub fn weight_mut(&mut self, layer: usize, module: Module) -> &mut [f32] {
        self.layers[layer].linears[module as usize].weight.values_mut()
    }

    /// A linear layer's weight in the form that decode steps read fastest.
    pub fn decode_weight(&self, layer: usize, module: Module) -> decode_linear::Weight<'_> {
        let weight = &self.weight(layer, module).weight;
        decode_linear::Weight::new(weight.floats(), weight.stored())
    }

    /// The output projection in the form that decode steps read fastest.
    pub fn decode_head(&self) -> decode_linear::Weight<'_> {
        let head = self.head_matrix();
        decode_linear::Weight::new(head.floats(), head.stored())
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
        layers + self.embedding.len() + self.norm.len() + self.untied_head.as_ref().map_or(0, Matrix::len)
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
        Ok(Matrix::default())
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
