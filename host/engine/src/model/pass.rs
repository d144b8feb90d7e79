//! The decoder over a packed batch: forward, loss and backward for training, evaluation and
//! probes. Generation, with its cache, is in [`super::inference`].
//!
//! What the backward pass needs is kept per layer in a tape; cheap things (norms' outputs,
//! rotations, the gated activation) are computed again instead. All buffers are kept for the next
//! batch: fresh memory is slow.

use rayon::prelude::*;

use crate::adapter::{Adapter, AdapterScales, DropoutSemantics, Module};
use crate::data::Batch;
use crate::model::decoder::Decoder;
use crate::ops::cross_entropy::{self, Loss};
use crate::ops::dora::{self, Scratch};
use crate::ops::dropout::{Mask, key};
use crate::ops::product::{Write, nt};
use crate::ops::rope::{self, Segment, Table};
use crate::ops::{attention, embedding, rms_norm, swiglu};

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

/// What the forward pass keeps of one layer. Sizes in values: N tokens, n of them wanted behind the
/// attention: all, but in the last layer.
#[derive(Debug, Default)]
struct LayerTape {
    /// Input of the layer [N, hidden]
    x: Vec<f32>,
    norm1: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    lse: Vec<f32>,
    /// Token-major output of attention [n, heads · dim]
    attention: Vec<f32>,
    /// In the last layer, its input at the wanted tokens [n, hidden]
    wanted_x: Vec<f32>,
    o: Vec<f32>,
    norm2: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    down: Vec<f32>,
    /// z of every adapted linear
    z: [Vec<f32>; 7],
}

/// Buffers shared by all layers.
#[derive(Debug, Default)]
struct Shared {
    normed: Vec<f32>,
    mid: Vec<f32>,
    q_heads: Vec<f32>,
    k_heads: Vec<f32>,
    v_heads: Vec<f32>,
    out_heads: Vec<f32>,
    head_norm: Vec<f32>,
    head_inv: Vec<f32>,
    act: Vec<f32>,
    /// Token-major output of the last layer's attention, at all tokens
    attention: Vec<f32>,
    /// Keys of the tokens that are wanted of the last layer
    token_keys: Vec<u64>,
    scratch: Scratch,
}

/// Gradients of one layer's intermediates.
#[derive(Debug, Default)]
struct Gradients {
    x: Vec<f32>,
    g: Vec<f32>,
    normed: Vec<f32>,
    act: Vec<f32>,
    up: Vec<f32>,
    attention: Vec<f32>,
    /// In the last layer, of its attention and its output at all tokens
    all: Vec<f32>,
    heads: Vec<f32>,
    q_heads: Vec<f32>,
    k_heads: Vec<f32>,
    v_heads: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
}

/// What comes behind the last layer, at the tokens that are wanted of it.
#[derive(Debug, Default)]
struct Tail {
    /// The last layer's output
    x: Vec<f32>,
    inv: Vec<f32>,
    normed: Vec<f32>,
    dnormed: Vec<f32>,
    dx: Vec<f32>,
    logits: Vec<f32>,
}

/// Computes a model over batches, keeping its buffers.
#[derive(Debug, Default)]
pub struct Pass {
    tape: Vec<LayerTape>,
    shared: Shared,
    grads: Gradients,
    tail: Tail,
    rope: Option<Table>,
}

/// Makes `buffer` hold `n` values, whatever they are.
fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.resize(n, 0.0);
    buffer
}

/// Makes `buffer` hold `n` zeros.
fn zeroed(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    make_room(buffer, n);
    buffer.clear();
    buffer.resize(n, 0.0);
    buffer
}

/// Grows to exactly what is needed, and gives the old memory back first: all buffers grow at the
/// same micro-batch, and what one leaves is what the next can use.
fn make_room(buffer: &mut Vec<f32>, n: usize) {
    if buffer.capacity() < n {
        *buffer = Vec::new();
        buffer.reserve_exact(n);
    }
}

/// Values per parallel task of an element-wise pass.
const BLOCK: usize = 1 << 15;

fn sum_into(out: &mut [f32], a: &[f32], b: &[f32]) {
    out.par_chunks_mut(BLOCK).zip(a.par_chunks(BLOCK)).zip(b.par_chunks(BLOCK)).for_each(|((out, a), b)| {
        out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = a + b);
    });
}

/// Rows of `from`, one behind the other.
fn gather<'o>(out: &'o mut Vec<f32>, from: &[f32], rows: &[usize], width: usize) -> &'o [f32] {
    let out = sized(out, rows.len() * width);
    for (out, &row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&from[row * width..][..width]);
    }
    out
}

/// The opposite: `from`'s rows at their places among `all` rows, zeros between.
fn scatter<'o>(out: &'o mut Vec<f32>, from: &[f32], rows: &[usize], width: usize, all: usize) -> &'o mut [f32] {
    let out = zeroed(out, all * width);
    for (from, &row) in from.chunks_exact(width).zip(rows) {
        out[row * width..][..width].copy_from_slice(from);
    }
    out
}

fn copy_into(out: &mut [f32], from: &[f32]) {
    out.par_chunks_mut(BLOCK).zip(from.par_chunks(BLOCK)).for_each(|(out, from)| out.copy_from_slice(from));
}

impl Model<'_> {
    pub(super) fn branch(&self, layer: usize, module: Module) -> Option<(usize, dora::Branch<'_>)> {
        let (adapter, scales) = self.adapter?;
        let slot = adapter.place(layer, module)?;
        Some((slot, adapter.branch(slot, scales)))
    }
}

fn mask(dropout: Option<Dropout>, layer: usize, module: Module, token_keys: &[u64]) -> Option<Mask<'_>> {
    let Dropout { seed, step, probability, semantics } = dropout.filter(|d| d.probability > 0.0)?;
    Some(Mask {
        key: key(&[seed, step, layer as u64, module as u64]),
        token_keys,
        probability,
        reaches_base: semantics == DropoutSemantics::Peft,
    })
}

impl Pass {
    /// A pass without buffers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of all buffers.
    pub fn bytes(&self) -> usize {
        let layer = |t: &LayerTape| {
            let LayerTape { x, norm1, q, k, v, lse, attention, wanted_x, o, norm2, gate, up, down, z } = t;
            let all = [x, norm1, q, k, v, lse, attention, wanted_x, o, norm2, gate, up, down].into_iter().chain(z);
            all.map(Vec::capacity).sum::<usize>()
        };
        let tape: usize = self.tape.iter().map(layer).sum();
        let Shared {
            normed,
            mid,
            q_heads,
            k_heads,
            v_heads,
            out_heads,
            head_norm,
            head_inv,
            act,
            attention,
            token_keys: _,
            scratch: _,
        } = &self.shared;
        let shared = [normed, mid, q_heads, k_heads, v_heads, out_heads, head_norm, head_inv, act, attention];
        let g = &self.grads;
        let heads = [&g.heads, &g.q_heads, &g.k_heads, &g.v_heads, &g.q, &g.k, &g.v];
        let grads = [&g.x, &g.g, &g.normed, &g.act, &g.up, &g.attention, &g.all].into_iter().chain(heads);
        let Tail { x, inv, normed, dnormed, dx, logits } = &self.tail;
        let tail = [x, inv, normed, dnormed, dx, logits];
        let rest: usize = shared.into_iter().chain(grads).chain(tail).map(Vec::capacity).sum();
        size_of::<f32>() * (tape + rest)
    }

    /// Runs the decoder over `batch`. With `keep`, everything that [`Pass::backward`] needs is
    /// kept for every layer; without, memory for one layer is used. `wanted` are the tokens of which
    /// the output is wanted, in rising order: what the last layer does behind its keys and values,
    /// it does for them alone.
    pub fn forward(&mut self, model: Model, batch: &Batch, wanted: &[usize], dropout: Option<Dropout>, keep: bool) {
        let Decoder { config, layers, embedding, .. } = model.base;
        let (tokens, hidden) = (batch.tokens(), config.hidden_size);
        let longest = batch.segments.iter().map(|s| s.len).max().unwrap_or(0);
        if self.rope.as_ref().is_none_or(|table| table.positions() < longest) {
            self.rope = Some(Table::new(config, longest.next_power_of_two()));
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

    /// Loss over the batch, and the gradient of `scale` · its sum added to `gradients` (flat, as
    /// the adapter's parameters). Follows a [`Pass::forward`] with `keep`, the same model, batch
    /// and dropout, of which the batch's `loss_rows` were wanted.
    pub fn backward(
        &mut self,
        model: Model,
        batch: &Batch,
        dropout: Option<Dropout>,
        scale: f32,
        gradients: &mut [f32],
    ) -> Loss {
        let base = model.base;
        let hidden = base.config.hidden_size;
        self.tail_forward(base);
        let Tail { x, inv, normed, dnormed, dx, logits } = &mut self.tail;
        sized(dnormed, normed.len());
        let loss = cross_entropy::forward_backward(
            normed,
            &batch.targets,
            base.head(),
            hidden,
            logits,
            Some((dnormed, scale)),
        );
        rms_norm::backward(zeroed(dx, normed.len()), dnormed, x, inv, &base.norm);
        copy_into(sized(&mut self.grads.x, dx.len()), dx);
        let Some((adapter, _)) = model.adapter else { return loss };
        let Some(table) = self.rope.take() else { return loss };
        let lowest = adapter.slots().first().map_or(base.layers.len(), |slot| slot.site.layer);
        for l in (lowest..base.layers.len()).rev() {
            let wanted = (l + 1 == base.layers.len()).then_some(&batch.loss_rows[..]);
            self.layer_backward(model, l, batch, wanted, dropout, &table, l > lowest, gradients);
        }
        self.rope = Some(table);
        loss
    }

    /// Turns the gradient of layer `l`'s output, in `grads.x`, into that of its input (with
    /// `want_input`), adding the adapters' gradients on the way. The last layer's output is of the
    /// `wanted` tokens alone.
    fn layer_backward(
        &mut self,
        model: Model,
        l: usize,
        batch: &Batch,
        wanted: Option<&[usize]>,
        dropout: Option<Dropout>,
        table: &Table,
        want_input: bool,
        gradients: &mut [f32],
    ) {
        let Self { tape, shared, grads, .. } = self;
        let tape = &tape[l];
        let config = &model.base.config;
        let layer = &model.base.layers[l];
        let (tokens, hidden, segments) = (batch.tokens(), config.hidden_size, &batch.segments[..]);
        let Shared { normed, mid, q_heads, k_heads, v_heads, out_heads, head_norm, head_inv, act, scratch, .. } =
            shared;
        let keys = wanted_keys(&mut shared.token_keys, batch, wanted);
        let mut linear = |module: Module, dx: Option<(&mut [f32], Write)>, g: &mut [f32], y: &[f32], x: &[f32]| {
            let branch = model.branch(l, module).zip(model.adapter);
            let branch = branch.map(|((slot, branch), (adapter, _))| (branch, adapter.gradient(slot, gradients)));
            let behind = !matches!(module, Module::QProj | Module::KProj | Module::VProj);
            let mask = mask(dropout, l, module, if behind { keys } else { &batch.token_keys });
            dora::backward(
                dx,
                g,
                (y, x, &tape.z[module as usize]),
                model.base.linear(l, module),
                branch,
                mask,
                scratch,
            );
        };

        // Feed-forward: x_mid + down(silu(gate(h)) ⊙ up(h)), h = norm(x_mid).
        let x = if wanted.is_some() { &tape.wanted_x } else { &tape.x };
        sum_into(sized(mid, x.len()), x, &tape.o);
        rms_norm::recompute(sized(normed, x.len()), &tape.norm2, mid, &layer.post_attention_norm);
        swiglu::forward(sized(act, tape.gate.len()), &tape.gate, &tape.up);
        copy_into(sized(&mut grads.g, grads.x.len()), &grads.x);
        let dact = sized(&mut grads.act, act.len());
        linear(Module::DownProj, Some((dact, Write::Replace)), &mut grads.g, &tape.down, act);
        swiglu::backward(&mut grads.act, sized(&mut grads.up, act.len()), &tape.gate, &tape.up);
        let dnormed = sized(&mut grads.normed, x.len());
        linear(Module::UpProj, Some((&mut *dnormed, Write::Replace)), &mut grads.up, &tape.up, normed);
        linear(Module::GateProj, Some((dnormed, Write::Add)), &mut grads.act, &tape.gate, normed);
        rms_norm::backward(&mut grads.x, &grads.normed, mid, &tape.norm2, &layer.post_attention_norm);

        // Attention: x + o(attention(q(h), k(h), v(h))), h = norm(x).
        copy_into(&mut grads.g, &grads.x);
        let dattention = sized(&mut grads.attention, tape.attention.len());
        linear(Module::OProj, Some((dattention, Write::Replace)), &mut grads.g, &tape.o, &tape.attention);
        let q_size = config.q_size();
        let attention = match wanted {
            None => &tape.attention,
            Some(rows) => {
                // From here on all tokens count: those that are not wanted are attended to.
                scatter(&mut grads.all, &grads.attention, rows, q_size, tokens);
                std::mem::swap(&mut grads.all, &mut grads.attention);
                scatter(&mut grads.all, &grads.x, rows, hidden, tokens);
                std::mem::swap(&mut grads.all, &mut grads.x);
                // Where the gradient is zero, so is what is made of the output.
                scatter(&mut shared.attention, &tape.attention, rows, q_size, tokens);
                &shared.attention
            }
        };
        let (heads, kv_heads, dim) = (config.num_heads, config.num_kv_heads, config.head_dim);
        let qkv = tape_qkv(&tape.q, &tape.k, &tape.v);
        heads_forward(
            model.base,
            l,
            qkv,
            segments,
            table,
            HeadBuffers { q: q_heads, k: k_heads, v: v_heads, norm: head_norm, inv: head_inv },
        );
        rope::split(sized(out_heads, attention.len()), attention, heads, dim, segments, None, 0);
        rope::split(sized(&mut grads.heads, attention.len()), &grads.attention, heads, dim, segments, None, 0);
        let saved = attention::Saved { q: q_heads, k: k_heads, v: v_heads, out: out_heads, lse: &tape.lse };
        let (dq, dk, dv) = (
            sized(&mut grads.q_heads, tape.q.len()),
            sized(&mut grads.k_heads, tape.k.len()),
            sized(&mut grads.v_heads, tape.v.len()),
        );
        attention::backward(dq, dk, dv, &grads.heads, saved, attention_shape(model.base), segments);
        rope::join(sized(&mut grads.q, tape.q.len()), dq, heads, dim, segments, Some(table), 0);
        rope::join(sized(&mut grads.k, tape.k.len()), dk, kv_heads, dim, segments, Some(table), 0);
        rope::join(sized(&mut grads.v, tape.v.len()), dv, kv_heads, dim, segments, None, 0);
        for (d, lin, weight) in [(&mut grads.q, &tape.q, &layer.q_norm), (&mut grads.k, &tape.k, &layer.k_norm)] {
            if let Some(weight) = weight {
                let inv = sized(head_inv, lin.len() / dim);
                rms_norm::forward(sized(head_norm, lin.len()), inv, lin, weight, config.rms_norm_eps);
                rms_norm::backward(zeroed(head_norm, lin.len()), d, lin, inv, weight);
                d.copy_from_slice(head_norm);
            }
        }
        rms_norm::recompute(sized(normed, tokens * hidden), &tape.norm1, &tape.x, &layer.input_norm);
        let dnormed = sized(&mut grads.normed, tokens * hidden);
        let mut into = |module: Module, write: Write, g: &mut [f32], y: &[f32]| {
            linear(module, want_input.then_some((&mut *dnormed, write)), g, y, normed);
        };
        into(Module::QProj, Write::Replace, &mut grads.q, &tape.q);
        into(Module::KProj, Write::Add, &mut grads.k, &tape.k);
        into(Module::VProj, Write::Add, &mut grads.v, &tape.v);
        if want_input {
            rms_norm::backward(&mut grads.x, &grads.normed, &tape.x, &tape.norm1, &layer.input_norm);
        }
    }
}

/// Keys of the tokens that are wanted.
fn wanted_keys<'k>(kept: &'k mut Vec<u64>, batch: &'k Batch, wanted: Option<&[usize]>) -> &'k [u64] {
    let Some(rows) = wanted else { return &batch.token_keys };
    kept.clear();
    kept.extend(rows.iter().map(|&row| batch.token_keys[row]));
    kept
}

/// The attention sizes of a model.
pub(super) fn attention_shape(base: &Decoder) -> attention::Shape {
    let config = &base.config;
    attention::Shape { heads: config.num_heads, kv_heads: config.num_kv_heads, dim: config.head_dim }
}

/// Token-major outputs of the q, k and v projections.
#[derive(Debug, Clone, Copy)]
struct Projected<'a> {
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
}

fn tape_qkv<'a>(q: &'a [f32], k: &'a [f32], v: &'a [f32]) -> Projected<'a> {
    Projected { q, k, v }
}

/// Where [`heads_forward`] writes, head-major, and its scratch.
struct HeadBuffers<'a> {
    q: &'a mut Vec<f32>,
    k: &'a mut Vec<f32>,
    v: &'a mut Vec<f32>,
    norm: &'a mut Vec<f32>,
    inv: &'a mut Vec<f32>,
}

/// Norm of each head (Qwen3), rotation, and the change to head-major.
fn heads_forward(base: &Decoder, l: usize, x: Projected, segments: &[Segment], table: &Table, out: HeadBuffers) {
    let config = &base.config;
    let layer = &base.layers[l];
    let dim = config.head_dim;
    let jobs = [(out.q, x.q, config.num_heads, &layer.q_norm), (out.k, x.k, config.num_kv_heads, &layer.k_norm)];
    for (to, from, heads, weight) in jobs {
        let to = sized(to, from.len());
        match weight {
            None => rope::split(to, from, heads, dim, segments, Some(table), 0),
            Some(weight) => {
                let norm = sized(out.norm, from.len());
                rms_norm::forward(norm, sized(out.inv, from.len() / dim), from, weight, config.rms_norm_eps);
                rope::split(to, norm, heads, dim, segments, Some(table), 0);
            }
        }
    }
    rope::split(sized(out.v, x.v.len()), x.v, config.num_kv_heads, dim, segments, None, 0);
}
