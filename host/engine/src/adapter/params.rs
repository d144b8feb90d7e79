//! The trainable parameters of an adapter, in one flat buffer with a range per tensor: the optimizer, clipping and
//! checkpoints treat all parameters alike.

use std::ops::Range;

use crate::adapter::Method;
use crate::adapter::config::{AdapterConfig, Site};
use crate::error::Result;
use crate::ops::dora::{self, Branch, BranchGradient, Magnitude};
use crate::ops::dropout::{key, mix};
use crate::weights::config::ModelConfig;
use crate::weights::decoder::Decoder;

/// The tensors of one adapted layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A [rank, in]
    A,
    /// B [out, rank]
    B,
    /// m `[out]`
    Magnitude,
}

/// The ranges of one adapted layer's tensors in the flat buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The adapted layer.
    pub site: Site,
    /// A
    pub a: Range<usize>,
    /// B
    pub b: Range<usize>,
    /// m, for DoRA
    pub m: Option<Range<usize>>,
}

/// An adapter for one base model.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Its shape.
    pub config: AdapterConfig,
    /// All parameters.
    pub params: Vec<f32>,
    slots: Vec<Slot>,
    /// Index into `slots`, by layer and module.
    places: Vec<[Option<usize>; 7]>,
}

impl Adapter {
    /// An adapter of zeros.
    ///
    /// # Errors
    /// As [`AdapterConfig::sites`].
    pub fn zeros(config: AdapterConfig, model: &ModelConfig) -> Result<Self> {
        let mut adapter = Self::without_values(config, model)?;
        adapter.fill_zeros();
        Ok(adapter)
    }

    /// The layout only. Loading compares it with the file first, so that memory is not allocated for whatever size a
    /// configuration claims.
    pub(super) fn without_values(config: AdapterConfig, model: &ModelConfig) -> Result<Self> {
        let mut places = vec![[None; 7]; model.num_layers];
        let mut end = 0;
        let mut take = |n: usize| {
            end += n;
            end - n..end
        };
        let sites = config.sites(model)?;
        let mut slots = Vec::with_capacity(sites.len());
        for site in sites {
            places[site.layer][site.module as usize] = Some(slots.len());
            let a = take(site.rank * site.input);
            let b = take(site.out * site.rank);
            let m = (config.method == Method::Dora).then(|| take(site.out));
            slots.push(Slot { site, a, b, m });
        }
        Ok(Self { config, params: Vec::new(), slots, places })
    }

    /// Allocates the parameters and sets them to zero.
    pub(super) fn fill_zeros(&mut self) {
        let end = self.slots.last().map_or(0, |slot| slot.m.as_ref().unwrap_or(&slot.b).end);
        self.params = vec![0.0; end];
    }

    /// A fresh adapter, initialised as in PEFT: A uniform in ±1/√in (Kaiming with a = √5), B zero, m the row norms of W. The
    /// values depend only on the seed and on the layer's index and module. The generator is fixed here, not a crate's: a
    /// replayed run must start from the same values.
    ///
    /// # Errors
    /// As [`AdapterConfig::sites`].
    pub fn init(config: AdapterConfig, base: &Decoder, seed: u64) -> Result<Self> {
        let mut adapter = Self::zeros(config, &base.config)?;
        let Self { params, slots, .. } = &mut adapter;
        let mut weight = Vec::new();
        for slot in slots.iter() {
            let Site { layer, module, input, .. } = slot.site;
            let stream = key(&[seed, layer as u64, module as u64]);
            let bound = 1.0 / (input as f64).sqrt();
            for (i, value) in params[slot.a.clone()].iter_mut().enumerate() {
                let unit = (mix(stream.wrapping_add(i as u64)) >> 11) as f64 / (1u64 << 53) as f64;
                *value = ((2.0 * unit - 1.0) * bound) as f32;
            }
            if let Some(m) = &slot.m {
                let (a, b) = (params[slot.a.clone()].to_vec(), params[slot.b.clone()].to_vec());
                let linear = base.linear(layer, module, &mut weight);
                dora::row_norms(&mut params[m.clone()], linear, &a, &b, slot.site.rank, 0.0);
            }
        }
        Ok(adapter)
    }

    /// The adapted layers, in the order of the forward pass.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Index of the slot of a layer's module, if it is adapted.
    pub fn place(&self, layer: usize, module: crate::weights::Module) -> Option<usize> {
        self.places.get(layer).and_then(|modules| modules[module as usize])
    }

    /// All tensors: slot, part, range in the flat buffer, and shape.
    pub fn tensors(&self) -> impl Iterator<Item = (&Slot, Part, Range<usize>, Vec<usize>)> {
        self.slots.iter().flat_map(|slot| {
            let Site { rank, out, input, .. } = slot.site;
            let m = slot.m.clone().map(|m| (slot, Part::Magnitude, m, vec![out]));
            [(slot, Part::A, slot.a.clone(), vec![rank, input]), (slot, Part::B, slot.b.clone(), vec![out, rank])]
                .into_iter()
                .chain(m)
        })
    }

    /// The branch of a slot, with the ratios of [`AdapterScales`].
    pub fn branch<'a>(&'a self, slot: usize, scales: &'a AdapterScales) -> Branch<'a> {
        let Slot { site, a, b, m } = &self.slots[slot];
        Branch {
            a: &self.params[a.clone()],
            b: &self.params[b.clone()],
            rank: site.rank,
            scaling: site.scaling,
            magnitude: m.clone().map(|m| Magnitude { ratio: &scales.ratios[slot], m: &self.params[m] }),
        }
    }

    /// The gradients of a slot in a flat buffer of gradients.
    pub fn gradient<'g>(&self, slot: usize, flat: &'g mut [f32]) -> BranchGradient<'g> {
        let Slot { a, b, m, .. } = &self.slots[slot];
        // The three ranges are contiguous.
        let end = m.as_ref().map_or(b.end, |m| m.end);
        let (ga, rest) = flat[a.start..end].split_at_mut(a.len());
        let (gb, gm) = rest.split_at_mut(b.len());
        BranchGradient { a: ga, b: gb, m: m.as_ref().map(|_| gm) }
    }
}

/// The ratios c = m/‖W + s·B·A‖ of every slot. They change only with the parameters, so they are computed once per optimizer
/// step.
#[derive(Debug, Clone, Default)]
pub struct AdapterScales {
    ratios: Vec<Vec<f32>>,
}

impl AdapterScales {
    /// Computes the ratios for the adapter's current parameters.
    pub fn update(&mut self, adapter: &Adapter, base: &Decoder) {
        self.ratios.resize_with(adapter.slots.len(), Vec::new);
        let mut weight = Vec::new();
        for (slot, ratios) in adapter.slots.iter().zip(&mut self.ratios) {
            let Some(m) = &slot.m else { continue };
            let Site { layer, module, rank, scaling, out, .. } = slot.site;
            let (a, b) = (&adapter.params[slot.a.clone()], &adapter.params[slot.b.clone()]);
            let mut norms = vec![0.0; out];
            dora::row_norms(&mut norms, base.linear(layer, module, &mut weight), a, b, rank, scaling);
            ratios.resize(out, 0.0);
            dora::ratios(ratios, &adapter.params[m.clone()], &norms);
        }
    }

    /// The ratios of a new adapter.
    pub fn new(adapter: &Adapter, base: &Decoder) -> Self {
        let mut scales = Self::default();
        scales.update(adapter, base);
        scales
    }
}
