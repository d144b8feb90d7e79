//! The forward pass, layer by layer.

use super::buffers::{LayerTape, Shared, gather, sized, sum_into};
use super::heads::{HeadBuffers, Projected, attention_shape, heads_forward};
use super::layer::LayerContext;
use super::{Dropout, Model, Pass};
use crate::data::Batch;
use crate::ops::rope;
use crate::ops::{attention, dora, rms_norm, swiglu};
use crate::weights::Module;
use crate::weights::decoder::Decoder;

impl Pass {
    /// Runs the decoder over `batch`. With `keep`, everything that [`Pass::backward`] needs is kept for every layer;
    /// without it, one layer's buffers serve all. `wanted` are the tokens whose output is wanted, in rising order: the
    /// last layer computes its keys and values for all tokens, and everything after them for the wanted ones only.
    pub fn forward(&mut self, model: Model, batch: &Batch, wanted: &[usize], dropout: Option<Dropout>, keep: bool) {
        let Decoder { config, layers, .. } = model.base;
        let (tokens, hidden) = (batch.tokens(), config.hidden_size);
        let longest = batch.longest();
        let table = self.take_rope(config, longest);
        let needed = if keep { layers.len() } else { 1 };
        if self.tape.len() < needed {
            // Never shrunk: an evaluation between two steps does not cost them their buffers.
            self.tape.resize_with(needed, LayerTape::default);
        }
        model.base.embed(sized(&mut self.tape[0].x, tokens * hidden), &batch.ids);
        for layer in 0..layers.len() {
            if model.stopped() {
                break;
            }
            let tape = if keep { layer } else { 0 };
            let last = layer + 1 == layers.len();
            let wanted_of_layer = last.then_some(wanted);
            let context = LayerContext { model, layer, batch, wanted: wanted_of_layer, dropout, table: &table };
            self.layer_forward(context, tape);
            let tape = &mut self.tape[tape];
            // The layer's output is the next layer's input, or what the pass ends with.
            if last {
                sum_into(sized(&mut self.tail.x, wanted.len() * hidden), &self.shared.mid, &tape.down);
            } else if keep {
                let (done, next) = self.tape.split_at_mut(layer + 1);
                sum_into(sized(&mut next[0].x, tokens * hidden), &self.shared.mid, &done[layer].down);
            } else {
                sum_into(&mut tape.x, &self.shared.mid, &tape.down);
            }
        }
        self.rope = Some(table);
    }

    /// One layer; what the backward pass needs of it goes to the tape of this index.
    fn layer_forward(&mut self, context: LayerContext, tape: usize) {
        let LayerContext { model, layer, batch, wanted, .. } = context;
        let tape = &mut self.tape[tape];
        let (config, weights) = (&model.base.config, context.weights());
        let (tokens, hidden) = (batch.tokens(), config.hidden_size);
        let (shared, scratch, values) = (&mut self.shared, &mut self.scratch, &mut self.weight);
        let Shared { normed, mid, act, out_heads, .. } = shared;
        let wanted_keys = context.wanted_keys(&mut self.token_keys);
        let mut linear = |module: Module, y: &mut Vec<f32>, z: &mut Vec<f32>, x: &[f32]| {
            let linear = model.base.linear(layer, module, values);
            let branch = model.branch(layer, module).map(|(_, branch)| branch);
            let mask = context.mask(module, wanted_keys);
            let rows = x.len() / linear.input;
            dora::forward(sized(y, rows * linear.out), z, &mut scratch.dropped, x, linear, branch, mask);
        };
        let [zq, zk, zv, zo, zg, zu, zd] = &mut tape.z;
        sized(normed, tokens * hidden);
        rms_norm::forward(normed, sized(&mut tape.norm1, tokens), &tape.x, &weights.input_norm, config.rms_norm_eps);
        linear(Module::QProj, &mut tape.q, zq, normed);
        linear(Module::KProj, &mut tape.k, zk, normed);
        linear(Module::VProj, &mut tape.v, zv, normed);
        heads_forward(
            context,
            Projected { q: &tape.q, k: &tape.k, v: &tape.v },
            HeadBuffers {
                q: &mut shared.q_heads,
                k: &mut shared.k_heads,
                v: &mut shared.v_heads,
                norm: &mut shared.head_norm,
                inv: &mut shared.head_inv,
            },
        );
        let shape = attention_shape(config);
        sized(out_heads, tokens * config.q_size());
        sized(&mut tape.lse, tokens * config.num_heads);
        attention::forward(
            out_heads,
            &mut tape.lse,
            &shared.q_heads,
            &shared.k_heads,
            &shared.v_heads,
            shape,
            &batch.segments,
        );
        let joined = if wanted.is_some() { &mut shared.attention } else { &mut tape.attention };
        sized(joined, tokens * config.q_size());
        rope::join(joined, out_heads, config.num_heads, config.head_dim, &batch.segments, None, 0);
        let x = match wanted {
            None => &tape.x,
            Some(rows) => {
                gather(&mut tape.attention, &shared.attention, rows, config.q_size());
                gather(&mut tape.wanted_x, &tape.x, rows, hidden)
            }
        };
        let rows = wanted.map_or(tokens, <[usize]>::len);
        linear(Module::OProj, &mut tape.o, zo, &tape.attention);
        sum_into(sized(mid, rows * hidden), x, &tape.o);
        sized(normed, rows * hidden);
        rms_norm::forward(normed, sized(&mut tape.norm2, rows), mid, &weights.post_attention_norm, config.rms_norm_eps);
        linear(Module::GateProj, &mut tape.gate, zg, normed);
        linear(Module::UpProj, &mut tape.up, zu, normed);
        swiglu::forward(sized(act, tape.gate.len()), &tape.gate, &tape.up);
        linear(Module::DownProj, &mut tape.down, zd, act);
    }
}
