//! An adapter in memory, and a base model with or without one: what answers, has a loss and gives logits. How it
//! computes is the engine's business.

use std::ops::Range;
use std::path::Path;

use hive_engine::adapter::{Adapter, AdapterScales, peft};
use hive_engine::data::{Batch, Batching, Example};
use hive_engine::network::pass::{Model, Pass};
use hive_engine::ops::cross_entropy::Loss;
use hive_engine::train::trainer::evaluate;

use crate::Result;
use crate::base::Base;

/// An adapter in memory, fitted to one base model.
#[derive(Debug)]
pub struct LoadedAdapter {
    adapter: Adapter,
    scales: AdapterScales,
    tensors: usize,
}

impl LoadedAdapter {
    /// Loads a PEFT folder for this base model.
    ///
    /// # Errors
    /// When a file is missing or damaged, a tensor does not fit, or the adapter was trained on other weights.
    pub fn load(dir: &Path, base: &Base) -> Result<Self> {
        let loaded = peft::load(dir, &base.model.config, Some(&base.reference))?;
        let scales = AdapterScales::new(&loaded.adapter, &base.decoder);
        Ok(Self { adapter: loaded.adapter, scales, tensors: loaded.tensors })
    }

    /// Number of tensors in its file, all of which are applied.
    pub fn tensors(&self) -> usize {
        self.tensors
    }

    /// Number of its trained values.
    pub fn parameters(&self) -> usize {
        self.adapter.params.len()
    }

    /// Its weights, for merging and export.
    pub fn weights(&self) -> &Adapter {
        &self.adapter
    }
}

/// A base model, with or without an adapter.
#[derive(Debug, Clone, Copy)]
pub struct AdaptedModel<'a>(pub(crate) Model<'a>);

/// A model of the engine, for adapters that are still being trained.
impl<'a> From<Model<'a>> for AdaptedModel<'a> {
    fn from(model: Model<'a>) -> Self {
        Self(model)
    }
}

/// Memory for activations, reused from call to call.
#[derive(Debug, Default)]
pub struct Activations(Pass);

impl<'a> AdaptedModel<'a> {
    /// The base model with this adapter, which was loaded for it; `None` for the base model alone.
    pub fn new(base: &'a Base, adapter: Option<&'a LoadedAdapter>) -> Self {
        let adapter = adapter.map(|loaded| (&loaded.adapter, &loaded.scales));
        Self(Model::new(&base.decoder, adapter))
    }

    /// Whether it was told to stop, so that its last result may be incomplete.
    pub fn stopped(self) -> bool {
        self.0.stopped()
    }

    /// Number of tokens that the model knows, which may be more than its tokenizer has.
    pub fn vocab_size(self) -> usize {
        self.0.base.config.vocab_size
    }

    /// Whether the context fits a prompt of `prompt` tokens and an answer of up to `max_new_tokens`.
    pub fn has_room(self, prompt: usize, max_new_tokens: usize) -> bool {
        prompt.saturating_add(max_new_tokens) <= self.0.base.config.max_position_embeddings
    }

    /// The logits [positions, vocabulary] after each token of `ids` at these positions.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn logits(self, activations: &mut Activations, ids: &[u32], positions: Range<usize>) -> Result<Vec<f32>> {
        let example = Example::new(ids.to_vec(), 0, 0);
        let batch = Batch::new([&example], self.0.base.config.vocab_size)?;
        let wanted: Vec<usize> = positions.collect();
        activations.0.forward(self.0, &batch, &wanted, None, false);
        Ok(activations.0.logits(self.0.base))
    }

    /// The loss of these records' completions, with at most `pass_tokens` tokens per forward pass.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn loss(self, activations: &mut Activations, records: &[Example], pass_tokens: usize) -> Result<Loss> {
        Ok(evaluate(&mut activations.0, self.0, &records, Batching::by_tokens(pass_tokens))?)
    }
}
