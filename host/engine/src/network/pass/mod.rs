//! The decoder over a batch: forward, loss and backward, for training, evaluation and probes. Generation, with its cache,
//! is in [`super::inference`].
//!
//! A tape per layer keeps what the backward pass needs; cheap values (outputs of norms, rotations, the gated activation)
//! are recomputed instead. All buffers are reused for the next batch, because fresh memory is slow.

mod backward;
mod buffers;
mod forward;
mod heads;
mod layer;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapter::{Adapter, AdapterScales, DropoutSemantics};
use crate::data::Batch;
use crate::ops::cross_entropy::{self, Head, Loss};
use crate::ops::matmul::nt;
use crate::ops::matrix::Write;
use crate::ops::rope::Table;
use crate::ops::{dora, rms_norm};
use crate::weights::Module;
use crate::weights::config::ModelConfig;
use crate::weights::decoder::Decoder;
use buffers::{Gradients, LayerTape, Shared, Tail, sized};

/// A base, with or without an adapter.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    /// The frozen base.
    pub base: &'a Decoder,
    /// The adapter with its scales.
    pub adapter: Option<(&'a Adapter, &'a AdapterScales)>,
    /// Once it is set, what is being computed ends early, within a layer. The results are then meaningless: whoever sets it
    /// asks [`Model::stopped`] before using them.
    pub stop: Option<&'a AtomicBool>,
}

/// The dropout of one optimizer step.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// Seed of the run.
    pub seed: u64,
    /// Optimizer step.
    pub step: u64,
    /// Probability of dropping.
    pub probability: f64,
    /// Which inputs are dropped.
    pub semantics: DropoutSemantics,
}

/// Computes a model over batches, and keeps its buffers between them.
#[derive(Debug, Default)]
pub struct Pass {
    tape: Vec<LayerTape>,
    shared: Shared,
    scratch: dora::Scratch,
    /// Dropout keys of the tokens that are wanted of the last layer.
    token_keys: Vec<u64>,
    grads: Gradients,
    tail: Tail,
    /// A weight and the output projection of a base that is quantised alone, in f32.
    weight: Vec<f32>,
    head: Vec<f32>,
    rope: Option<Table>,
}

impl<'a> Model<'a> {
    /// A base, with or without an adapter, that is never stopped.
    pub fn new(base: &'a Decoder, adapter: Option<(&'a Adapter, &'a AdapterScales)>) -> Self {
        Self { base, adapter, stop: None }
    }

    /// Whether its results since the last time it was asked may be meaningless, because it was told to stop.
    pub fn stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    pub(super) fn branch(&self, layer: usize, module: Module) -> Option<(usize, dora::Branch<'_>)> {
        let (adapter, scales) = self.adapter?;
        let slot = adapter.place(layer, module)?;
        Some((slot, adapter.branch(slot, scales)))
    }
}

impl Pass {
    /// A pass without buffers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the buffers for activations and gradients.
    pub fn bytes(&self) -> usize {
        let tape: usize = self.tape.iter().map(LayerTape::values).sum();
        size_of::<f32>() * (tape + self.shared.values() + self.grads.values() + self.tail.values())
    }

    /// The rotation table for records up to `longest` tokens: the last one if it is long enough. Its user puts it back.
    fn take_rope(&mut self, config: &ModelConfig, longest: usize) -> Table {
        let last = self.rope.take().filter(|table| table.positions() >= longest);
        last.unwrap_or_else(|| Table::new(&config.rope(), longest.next_power_of_two()))
    }

    /// Normalises the final hidden states.
    fn tail_forward(&mut self, base: &Decoder) {
        let Tail { x, inv, normed, .. } = &mut self.tail;
        sized(normed, x.len());
        let rows = x.len() / base.config.hidden_size;
        rms_norm::forward(normed, sized(inv, rows), x, &base.norm, base.config.rms_norm_eps);
    }

    /// The loss over the batch of the last [`Pass::forward`], without gradients. The wanted tokens of that pass must have
    /// been the batch's `loss_rows`.
    pub fn loss(&mut self, model: Model, batch: &Batch) -> Loss {
        let base = model.base;
        self.tail_forward(base);
        let Tail { normed, logits, .. } = &mut self.tail;
        let head = Head { weight: base.head(&mut self.head), width: base.config.hidden_size };
        cross_entropy::forward_backward(normed, &batch.targets, head, logits, None, &|| model.stopped())
    }

    /// Logits [n, vocab] of the wanted tokens of the last [`Pass::forward`].
    pub fn logits(&mut self, base: &Decoder) -> Vec<f32> {
        self.tail_forward(base);
        let (hidden, vocab) = (base.config.hidden_size, base.config.vocab_size);
        let rows = self.tail.x.len() / hidden;
        let mut logits = vec![0.0; rows * vocab];
        let head = base.head(&mut self.head);
        nt(&mut logits, &self.tail.normed, head, (rows, vocab, hidden), 1.0, Write::Replace);
        logits
    }
}
