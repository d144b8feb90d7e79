//! The decoder one chunk of tokens after the other, with a key/value cache: generation.
//!
//! The adapter is applied as in training, beside the base weights, never merged into them.

use rayon::prelude::*;

use crate::adapter::Module;
use crate::error::{EngineError, Result};
use crate::model::pass::Model;
use crate::ops::product::{Write, nt};
use crate::ops::rope::{self, Segment, Table};
use crate::ops::{attention, dora, embedding, rms_norm, swiglu};

/// Keys and values of one layer: [kv_heads, capacity, head_dim] each.
#[derive(Debug)]
struct Cache {
    k: Vec<f32>,
    v: Vec<f32>,
}

/// A text being read or written.
#[derive(Debug)]
pub struct Session<'a> {
    model: Model<'a>,
    caches: Vec<Cache>,
    table: Table,
    capacity: usize,
    len: usize,
}

impl<'a> Session<'a> {
    /// A session of at most `capacity` tokens.
    pub fn new(model: Model<'a>, capacity: usize) -> Self {
        let config = &model.base.config;
        let size = config.kv_size() * capacity;
        let caches = (0..config.num_layers).map(|_| Cache { k: vec![0.0; size], v: vec![0.0; size] }).collect();
        Self { model, caches, table: Table::new(config, capacity), capacity, len: 0 }
    }

    /// Tokens read so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads `ids` and returns the logits `[vocab]` of what comes next.
    ///
    /// # Errors
    /// When there is nothing to read, an id is not in the vocabulary, or the capacity is exceeded.
    pub fn feed(&mut self, ids: &[u32]) -> Result<Vec<f32>> {
        let base = self.model.base;
        let config = &base.config;
        if ids.is_empty() {
            return Err(EngineError::unsupported("There are no tokens to read"));
        }
        if let Some(id) = ids.iter().find(|id| **id as usize >= config.vocab_size) {
            let last = config.vocab_size - 1;
            return Err(EngineError::unsupported(format!(
                "The token id {id} is not in the vocabulary, which ends at {last}"
            )));
        }
        if self.len + ids.len() > self.capacity {
            let (n, capacity) = (self.len + ids.len(), self.capacity);
            return Err(EngineError::unsupported(format!("The text has {n} tokens, this session holds {capacity}")));
        }
        let (tokens, hidden) = (ids.len(), config.hidden_size);
        let mut x = vec![0.0; tokens * hidden];
        embedding::forward(&mut x, &base.embedding, ids, hidden);
        for l in 0..config.num_layers {
            self.layer(l, &mut x, tokens);
        }
        self.len += tokens;
        let mut normed = vec![0.0; hidden];
        rms_norm::forward(&mut normed, &mut [0.0], &x[(tokens - 1) * hidden..], &base.norm, config.rms_norm_eps);
        let mut logits = vec![0.0; config.vocab_size];
        nt(&mut logits, &normed, base.head(), (1, config.vocab_size, hidden), 1.0, Write::Replace);
        Ok(logits)
    }

    fn linear(&self, l: usize, module: Module, x: &[f32]) -> Vec<f32> {
        let linear = self.model.base.linear(l, module);
        let branch = self
            .model
            .adapter
            .and_then(|(adapter, scales)| adapter.place(l, module).map(|slot| adapter.branch(slot, scales)));
        let mut y = vec![0.0; x.len() / linear.input * linear.out];
        dora::forward(&mut y, &mut Vec::new(), &mut Vec::new(), x, linear, branch, None);
        y
    }

    fn layer(&mut self, l: usize, x: &mut [f32], tokens: usize) {
        let base = self.model.base;
        let config = &base.config;
        let layer = &base.layers[l];
        let (eps, dim, len, capacity) = (config.rms_norm_eps, config.head_dim, self.len, self.capacity);
        let segment = [Segment { start: 0, len: tokens }];
        let mut inv = vec![0.0; tokens];
        let mut normed = vec![0.0; x.len()];
        rms_norm::forward(&mut normed, &mut inv, x, &layer.input_norm, eps);
        let (q, k, v) = (
            self.linear(l, Module::QProj, &normed),
            self.linear(l, Module::KProj, &normed),
            self.linear(l, Module::VProj, &normed),
        );
        let to_heads = |x: Vec<f32>, heads: usize, weight: Option<&Vec<f32>>, table: Option<&Table>| {
            let mut out = vec![0.0; x.len()];
            match weight {
                None => rope::split(&mut out, &x, heads, dim, &segment, table, len),
                Some(weight) => {
                    let mut normed = vec![0.0; x.len()];
                    rms_norm::forward(&mut normed, &mut vec![0.0; x.len() / dim], &x, weight, eps);
                    rope::split(&mut out, &normed, heads, dim, &segment, table, len);
                }
            }
            out
        };
        let q = to_heads(q, config.num_heads, layer.q_norm.as_ref(), Some(&self.table));
        let k = to_heads(k, config.num_kv_heads, layer.k_norm.as_ref(), Some(&self.table));
        let v = to_heads(v, config.num_kv_heads, None, None);
        let cache = &mut self.caches[l];
        for (cache, new) in [(&mut cache.k, &k), (&mut cache.v, &v)] {
            for (cache, new) in cache.chunks_exact_mut(capacity * dim).zip(new.chunks_exact(tokens * dim)) {
                cache[len * dim..][..new.len()].copy_from_slice(new);
            }
        }
        let group = config.num_heads / config.num_kv_heads;
        let mut out = vec![0.0; q.len()];
        out.par_chunks_mut(tokens * dim).enumerate().for_each_init(Vec::new, |scores, (head, out)| {
            let kv = head / group * capacity * dim;
            let seen = (len + tokens) * dim;
            let q = &q[head * tokens * dim..][..tokens * dim];
            let mut lse = vec![0.0; tokens];
            attention::head_forward(out, &mut lse, q, &cache.k[kv..][..seen], &cache.v[kv..][..seen], dim, len, scores);
        });
        let mut attended = vec![0.0; out.len()];
        rope::join(&mut attended, &out, config.num_heads, dim, &segment, None, 0);
        let add = |x: &mut [f32], y: &[f32]| x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        add(x, &self.linear(l, Module::OProj, &attended));
        rms_norm::forward(&mut normed, &mut inv, x, &layer.post_attention_norm, eps);
        let (gate, up) = (self.linear(l, Module::GateProj, &normed), self.linear(l, Module::UpProj, &normed));
        let mut act = vec![0.0; gate.len()];
        swiglu::forward(&mut act, &gate, &up);
        add(x, &self.linear(l, Module::DownProj, &act));
    }
}
