//! The decoder over a packed batch: forward, loss and backward for training, evaluation and
//! probes. Generation, with its cache, is in [`super::inference`].
//!
//! What the backward pass needs is kept per layer in a tape; cheap things (norms' outputs,
//! rotations, the gated activation) are computed again instead. All buffers are kept for the next
//! batch: fresh memory is slow.

mod backward;
mod buffers;
mod forward;
mod heads;
mod layer;

use crate::adapter::{Adapter, AdapterScales, DropoutSemantics};
use crate::data::Batch;
use crate::ops::cross_entropy::{self, Loss};
use crate::ops::matmul::nt;
use crate::ops::matrix::Write;
use crate::ops::rope::Table;
use crate::ops::{dora, rms_norm};
use crate::weights::Module;
use crate::weights::decoder::Decoder;
use buffers::{Gradients, LayerTape, Shared, Tail, sized};

/// A base and, perhaps, an adapter on it.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    /// The frozen base.
    pub base: &'a Decoder,
    /// The adapter with its ratios.
    pub adapter: Option<(&'a Adapter, &'a AdapterScales)>,
}

/// Dropout of one optimizer step.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// Seed of the run.
    pub seed: u64,
    /// Optimizer step.
    pub step: u64,
    /// Probability.
    pub probability: f64,
    /// What is dropped.
    pub semantics: DropoutSemantics,
}

/// Computes a model over batches, keeping its buffers.
#[derive(Debug, Default)]
pub struct Pass {
    tape: Vec<LayerTape>,
    shared: Shared,
    scratch: dora::Scratch,
    /// Dropout keys of the tokens that are wanted of the last layer.
    token_keys: Vec<u64>,
    grads: Gradients,
    tail: Tail,
    rope: Option<Table>,
}

impl Model<'_> {
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

    /// Bytes of all buffers.
    pub fn bytes(&self) -> usize {
        let tape: usize = self.tape.iter().map(LayerTape::values).sum();
        size_of::<f32>() * (tape + self.shared.values() + self.grads.values() + self.tail.values())
    }

    /// Normalises the final hidden states.
    fn tail_forward(&mut self, base: &Decoder) {
        let Tail { x, inv, normed, .. } = &mut self.tail;
        sized(normed, x.len());
        let rows = x.len() / base.config.hidden_size;
        rms_norm::forward(normed, sized(inv, rows), x, &base.norm, base.config.rms_norm_eps);
    }

    /// Loss over the batch of the last [`Pass::forward`], of which its `loss_rows` were wanted,
    /// without gradients.
    pub fn loss(&mut self, base: &Decoder, batch: &Batch) -> Loss {
        self.tail_forward(base);
        let Tail { normed, logits, .. } = &mut self.tail;
        cross_entropy::forward_backward(normed, &batch.targets, base.head(), base.config.hidden_size, logits, None)
    }

    /// Logits [n, vocab] of the tokens that were wanted of the last [`Pass::forward`].
    pub fn logits(&mut self, base: &Decoder) -> Vec<f32> {
        self.tail_forward(base);
        let (hidden, vocab) = (base.config.hidden_size, base.config.vocab_size);
        let rows = self.tail.x.len() / hidden;
        let mut logits = vec![0.0; rows * vocab];
        nt(&mut logits, &self.tail.normed, base.head(), (rows, vocab, hidden), 1.0, Write::Replace);
        logits
    }
}
