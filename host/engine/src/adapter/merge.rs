//! Merging: the base with c ⊙ (W + s·B·A) in place of every adapted W. The adapter is then no
//! longer needed, and costs nothing at use.

use crate::adapter::{Adapter, AdapterScales};
use crate::model::decoder::Decoder;
use crate::ops::dora;

/// A copy of `base` with `adapter` merged in.
pub fn merged(base: &Decoder, adapter: &Adapter) -> Decoder {
    let scales = AdapterScales::new(adapter, base);
    let mut out = base.clone();
    for (index, slot) in adapter.slots().iter().enumerate() {
        let (layer, module) = (slot.site.layer, slot.site.module);
        dora::merge(out.weight_mut(layer, module), base.linear(layer, module), adapter.branch(index, &scales));
    }
    out
}
