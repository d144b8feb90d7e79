//! One layer of a pass: which one it is, and the tokens and dropout that its steps share.

use super::{Dropout, Model};
use crate::adapter::DropoutSemantics;
use crate::data::Batch;
use crate::ops::dropout::{Mask, key};
use crate::ops::rope::Table;
use crate::weights::Module;
use crate::weights::decoder::Layer;

/// One layer of a pass over a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerContext<'a> {
    pub(super) model: Model<'a>,
    /// The layer's index.
    pub(super) layer: usize,
    pub(super) batch: &'a Batch,
    /// In the last layer, the tokens whose output is wanted, in rising order.
    pub(super) wanted: Option<&'a [usize]>,
    pub(super) dropout: Option<Dropout>,
    /// Rotations of all positions in the batch.
    pub(super) table: &'a Table,
}

impl<'a> LayerContext<'a> {
    /// The layer's weights.
    pub(super) fn weights(&self) -> &'a Layer {
        &self.model.base.layers[self.layer]
    }

    /// The dropout keys of the wanted tokens; gathered into `buffer` unless all tokens are wanted.
    pub(super) fn wanted_keys<'k>(&self, buffer: &'k mut Vec<u64>) -> &'k [u64]
    where
        'a: 'k,
    {
        let Some(rows) = self.wanted else { return &self.batch.token_keys };
        buffer.clear();
        buffer.extend(rows.iter().map(|&row| self.batch.token_keys[row]));
        buffer
    }

    /// The dropout mask of a linear layer's input.
    pub(super) fn mask<'k>(&self, module: Module, wanted_keys: &'k [u64]) -> Option<Mask<'k>>
    where
        'a: 'k,
    {
        let Dropout { seed, step, probability, semantics } = self.dropout.filter(|d| d.probability > 0.0)?;
        // Keys and values are needed of every token; what follows them, of the wanted ones only.
        let all_tokens = matches!(module, Module::QProj | Module::KProj | Module::VProj);
        Some(Mask {
            key: key(&[seed, step, self.layer as u64, module as u64]),
            token_keys: if all_tokens { &self.batch.token_keys } else { wanted_keys },
            probability,
            reaches_base: semantics == DropoutSemantics::Peft,
        })
    }
}
