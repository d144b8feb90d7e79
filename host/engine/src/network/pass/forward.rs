//! The forward pass, layer by layer.

use super::buffers::{LayerTape, Shared, gather, sized, sum_into};
use super::heads::{HeadBuffers, attention_shape, heads_forward, tape_qkv};
use super::{Dropout, Model, Pass, mask, wanted_keys};
use crate::data::Batch;
use crate::ops::rope::{self, Table};
use crate::ops::{attention, dora, embedding, rms_norm, swiglu};
use crate::weights::Module;
use crate::weights::decoder::Decoder;

impl Pass {
    /// Runs the decoder over `batch`. With `keep`, everything that [`Pass::backward`] needs is
    /// kept for every layer; without, memory for one layer is used. `wanted` are the tokens of which
    /// the output is wanted, in rising order: what the last layer does behind its keys and values,
    /// it does for them alone.
    pub fn forward(&mut self, model: Model, batch: &Batch, wanted: &[usize], dropout: Option<Dropout>, keep: bool) {
        let Decoder { config, layers, embedding, .. } = model.base;
        let (tokens, hidden) = (batch.tokens(), config.hidden_size);
        let longest = batch.segments.iter().map(|s| s.len).max().unwrap_or(0);
        if self.rope.as_ref().is_none_or(|table| table.positions() < longest) {
            self.rope = Some(Table::new(&config.rope(), longest.next_power_of_two()));
        }
        let Some(table) = self.rope.take() else { return };
        let needed = if keep { layers.len() } else { 1 };
        if self.tape.len() < needed {
            // Never shrunk: an evaluation between two steps does not cost them their buffers.
            self.tape.resize_with(needed, LayerTape::default);
        }
        embedding::forward(sized(&mut self.tape[0].x, tokens * hidden), embedding, &batch.ids, hidden);
        for l in 0..layers.len() {
            let at = if keep { l } else { 0 };
            let last = l + 1 == layers.len();
            self.layer_forward(model, l, at, batch, last.then_some(wanted), dropout, &table);
            let tape = &mut self.tape[at];
            // The layer's output becomes the next one's input, or the last one.
            if last {
                sum_into(sized(&mut self.tail.x, wanted.len() * hidden), &self.shared.mid, &tape.down);
            } else if keep {
                let (done, next) = self.tape.split_at_mut(l + 1);
                sum_into(sized(&mut next[0].x, tokens * hidden), &self.shared.mid, &done[l].down);
            } else {
                sum_into(&mut tape.x, &self.shared.mid, &tape.down);
            }
        }
        self.rope = Some(table);
    }

    fn layer_forward(
        &mut self,
        model: Model,
        l: usize,
        at: usize,
        batch: &Batch,
        wanted: Option<&[usize]>,
        dropout: Option<Dropout>,
        table: &Table,
    ) {
        let Self { tape, shared, .. } = self;
        let tape = &mut tape[at];
        let config = &model.base.config;
        let layer = &model.base.layers[l];
        let (tokens, hidden) = (batch.tokens(), config.hidden_size);
        let Shared { normed, mid, act, out_heads, scratch, .. } = shared;
        let keys = wanted_keys(&mut shared.token_keys, batch, wanted);
        let mut linear = |module: Module, y: &mut Vec<f32>, z: &mut Vec<f32>, x: &[f32]| {
            let linear = model.base.linear(l, module);
            let branch = model.branch(l, module).map(|(_, b)| b);
            let behind = !matches!(module, Module::QProj | Module::KProj | Module::VProj);
            let mask = mask(dropout, l, module, if behind { keys } else { &batch.token_keys });
            let rows = x.len() / linear.input;
            dora::forward(sized(y, rows * linear.out), z, &mut scratch.dropped, x, linear, branch, mask);
        };
        let [zq, zk, zv, zo, zg, zu, zd] = &mut tape.z;
        sized(normed, tokens * hidden);
        rms_norm::forward(normed, sized(&mut tape.norm1, tokens), &tape.x, &layer.input_norm, config.rms_norm_eps);
        linear(Module::QProj, &mut tape.q, zq, normed);
        linear(Module::KProj, &mut tape.k, zk, normed);
        linear(Module::VProj, &mut tape.v, zv, normed);
        heads_forward(
            model.base,
            l,
            tape_qkv(&tape.q, &tape.k, &tape.v),
            &batch.segments,
            table,
            HeadBuffers {
                q: &mut shared.q_heads,
                k: &mut shared.k_heads,
                v: &mut shared.v_heads,
                norm: &mut shared.head_norm,
                inv: &mut shared.head_inv,
            },
        );
        let shape = attention_shape(model.base);
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
        rms_norm::forward(normed, sized(&mut tape.norm2, rows), mid, &layer.post_attention_norm, config.rms_norm_eps);
        linear(Module::GateProj, &mut tape.gate, zg, normed);
        linear(Module::UpProj, &mut tape.up, zu, normed);
        swiglu::forward(sized(act, tape.gate.len()), &tape.gate, &tape.up);
        linear(Module::DownProj, &mut tape.down, zd, act);
    }
}
