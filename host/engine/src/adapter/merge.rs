//! Merging: replaces every adapted W of the base by c ⊙ (W + s·B·A), so that the adapter costs nothing at inference. Done in
//! memory ([`merged`]) or while weights are read ([`MergedSource`]). Writing files is in [`crate::export`].

use std::collections::BTreeMap;

use crate::adapter::params::Slot;
use crate::adapter::{Adapter, AdapterScales};
use crate::error::Result;
use crate::ops::dora::{self, Branch, Linear, Magnitude};
use crate::ops::quantised::Quantised;
use crate::weights::decoder::Decoder;
use crate::weights::source::TensorSource;
use crate::weights::source::floats::FloatKind;

/// A copy of `base` with `adapter` merged in.
pub fn merged(base: &Decoder, adapter: &Adapter) -> Decoder {
    let scales = AdapterScales::new(adapter, base);
    let mut out = base.clone();
    let mut weight = Vec::new();
    for (index, slot) in adapter.slots().iter().enumerate() {
        let (layer, module) = (slot.site.layer, slot.site.module);
        dora::merge(
            out.weight_mut(layer, module),
            base.linear(layer, module, &mut weight),
            adapter.branch(index, &scales),
        );
    }
    out
}

/// The tensors of a base with an adapter merged in. Rows are merged when they are read, so that no more than those is in
/// memory. The adapter must fit the shapes of the base.
pub struct MergedSource<'a> {
    base: &'a dyn TensorSource,
    adapter: &'a Adapter,
    /// Index of the adapter's slot, by the name of the adapted weight.
    slots: BTreeMap<String, usize>,
}

impl<'a> MergedSource<'a> {
    /// The tensors of `base` with `adapter` merged in.
    pub fn new(base: &'a dyn TensorSource, adapter: &'a Adapter) -> Self {
        let name = |slot: &Slot| format!("{}.weight", slot.site.module.path(slot.site.layer));
        let slots = adapter.slots().iter().enumerate().map(|(index, slot)| (name(slot), index)).collect();
        Self { base, adapter, slots }
    }

    /// Whether the adapter changes the tensor of this name.
    pub fn adapts(&self, name: &str) -> bool {
        self.slots.contains_key(name)
    }
}

impl TensorSource for MergedSource<'_> {
    fn names(&self) -> Vec<String> {
        self.base.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.base.shape(name)
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        match self.slots.get(name) {
            None => self.base.read(name),
            Some(&slot) => {
                let weight = self.base.read(name)?;
                let mut out = vec![0.0; weight.len()];
                merge_rows(self.adapter, slot, 0, &weight, &mut out);
                Ok(out)
            }
        }
    }

    fn read_rows(&self, name: &str, first: usize, out: &mut [f32]) -> Result<()> {
        let Some(&slot) = self.slots.get(name) else { return self.base.read_rows(name, first, out) };
        let mut weight = vec![0.0; out.len()];
        self.base.read_rows(name, first, &mut weight)?;
        merge_rows(self.adapter, slot, first, &weight, out);
        Ok(())
    }

    fn quantised(&self, name: &str) -> Option<Quantised> {
        if self.adapts(name) { None } else { self.base.quantised(name) }
    }

    fn float_kind(&self, name: &str) -> Option<FloatKind> {
        self.base.float_kind(name)
    }
}

/// Merges the rows `weight` of the base, the first of which is row `first`, into `out`. Rows are independent.
fn merge_rows(adapter: &Adapter, slot: usize, first: usize, weight: &[f32], out: &mut [f32]) {
    let Slot { site, a, b, m } = &adapter.slots()[slot];
    let (input, rank, scaling) = (site.input, site.rank, site.scaling);
    let rows = weight.len() / input;
    let linear = Linear { weight, bias: None, out: rows, input };
    let a = &adapter.params[a.clone()];
    let b = &adapter.params[b.clone()][first * rank..][..rows * rank];
    let m = m.clone().map(|m| &adapter.params[m][first..][..rows]);
    let mut ratio = vec![0.0; if m.is_some() { rows } else { 0 }];
    if let Some(m) = m {
        let mut norms = vec![0.0; rows];
        dora::row_norms(&mut norms, linear, a, b, rank, scaling);
        dora::ratios(&mut ratio, m, &norms);
    }
    let magnitude = m.map(|m| Magnitude { ratio: &ratio, m });
    dora::merge(out, linear, Branch { a, b, rank, scaling, magnitude });
}
