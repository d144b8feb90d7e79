//! The backward pass: the gradient of the loss, layer by layer from the last.

use super::buffers::{Gradients, LayerTape, Shared, Tail, copy_into, scatter, sized, sum_into, zeroed};
use super::heads::{HeadBuffers, Projected, attention_shape, heads_forward};
use super::layer::LayerContext;
use super::{Dropout, Model, Pass};
use crate::data::Batch;
use crate::ops::cross_entropy::{self, Head, Loss};
use crate::ops::matrix::Write;
use crate::ops::{attention, dora, rms_norm, rope, swiglu};
use crate::weights::Module;

impl Pass {
    /// The loss over the batch; the gradient of `scale` times its sum is added to `gradients` (flat, laid out as the
    /// adapter's parameters). It follows a [`Pass::forward`] with `keep` and the same model, batch and dropout, whose
    /// wanted tokens were the batch's `loss_rows`.
    pub fn backward(
        &mut self,
        model: Model,
        batch: &Batch,
        dropout: Option<Dropout>,
        scale: f32,
        gradients: &mut [f32],
    ) -> Loss {
        let base = model.base;
        self.tail_forward(base);
        let Tail { x, inv, normed, dnormed, dx, logits } = &mut self.tail;
        sized(dnormed, normed.len());
        let loss = cross_entropy::forward_backward(
            normed,
            &batch.targets,
            Head { weight: base.head(&mut self.head), width: base.config.hidden_size },
            logits,
            Some((dnormed, scale)),
            &|| model.stopped(),
        );
        rms_norm::backward(zeroed(dx, normed.len()), dnormed, x, inv, &base.norm);
        copy_into(sized(&mut self.grads.x, dx.len()), dx);
        let Some((adapter, _)) = model.adapter else { return loss };
        let table = self.take_rope(&base.config, batch.longest());
        let lowest = adapter.slots().first().map_or(base.layers.len(), |slot| slot.site.layer);
        for layer in (lowest..base.layers.len()).rev() {
            if model.stopped() {
                break;
            }
            let wanted = (layer + 1 == base.layers.len()).then_some(&batch.loss_rows[..]);
            let context = LayerContext { model, layer, batch, wanted, dropout, table: &table };
            let Self { tape, shared, grads, scratch, token_keys, weight, .. } = self;
            let (tape, wanted_keys) = (&tape[layer], context.wanted_keys(token_keys));
            let linears =
                LinearsBackward { context, z: &tape.z, wanted_keys, gradients: &mut *gradients, scratch, weight };
            LayerBackward { context, tape, shared, grads, linears }.run(layer > lowest);
        }
        self.rope = Some(table);
        loss
    }
}

/// The backward passes of one layer's linear layers.
struct LinearsBackward<'a> {
    context: LayerContext<'a>,
    /// z of every adapted linear, from the forward pass.
    z: &'a [Vec<f32>; 7],
    /// Dropout keys of the wanted tokens.
    wanted_keys: &'a [u64],
    /// Gradients of all adapters.
    gradients: &'a mut [f32],
    scratch: &'a mut dora::Scratch,
    /// A weight of a base that is quantised alone, in f32.
    weight: &'a mut Vec<f32>,
}

impl LinearsBackward<'_> {
    /// As [`dora::backward`], for the linear layer `module` with output y and input x.
    fn run(&mut self, module: Module, dx: Option<(&mut [f32], Write)>, g: &mut [f32], (y, x): (&[f32], &[f32])) {
        let Self { context, z, wanted_keys, gradients, scratch, weight } = self;
        let LayerContext { model, layer, .. } = *context;
        let branch = model.branch(layer, module).zip(model.adapter);
        let branch = branch.map(|((slot, branch), (adapter, _))| (branch, adapter.gradient(slot, gradients)));
        let saved = (y, x, &z[module as usize][..]);
        let mask = context.mask(module, wanted_keys);
        dora::backward(dx, g, saved, model.base.linear(layer, module, weight), branch, mask, scratch);
    }
}

/// The backward pass of one layer.
struct LayerBackward<'a> {
    context: LayerContext<'a>,
    tape: &'a LayerTape,
    shared: &'a mut Shared,
    grads: &'a mut Gradients,
    linears: LinearsBackward<'a>,
}

impl LayerBackward<'_> {
    /// Replaces the gradient of the layer's output, in `grads.x`, by that of its input (with `want_input`), and adds the
    /// adapters' gradients on the way. The last layer's output is that of the wanted tokens only.
    fn run(mut self, want_input: bool) {
        self.feed_forward();
        self.output_projection();
        self.attention();
        self.head_norms();
        self.projections(want_input);
    }

    /// Back through x_mid + down(silu(gate(h)) ⊙ up(h)), h = norm(x_mid).
    fn feed_forward(&mut self) {
        let Self { context, tape, shared, grads, linears } = self;
        let Shared { normed, mid, act, .. } = &mut **shared;
        let norm = &context.weights().post_attention_norm;
        let x = if context.wanted.is_some() { &tape.wanted_x } else { &tape.x };
        sum_into(sized(mid, x.len()), x, &tape.o);
        rms_norm::recompute(sized(normed, x.len()), &tape.norm2, mid, norm);
        swiglu::forward(sized(act, tape.gate.len()), &tape.gate, &tape.up);
        copy_into(sized(&mut grads.g, grads.x.len()), &grads.x);
        let dact = sized(&mut grads.act, act.len());
        linears.run(Module::DownProj, Some((dact, Write::Replace)), &mut grads.g, (&tape.down, act));
        swiglu::backward(&mut grads.act, sized(&mut grads.up, act.len()), &tape.gate, &tape.up);
        let dnormed = sized(&mut grads.normed, x.len());
        linears.run(Module::UpProj, Some((&mut *dnormed, Write::Replace)), &mut grads.up, (&tape.up, normed));
        linears.run(Module::GateProj, Some((dnormed, Write::Add)), &mut grads.act, (&tape.gate, normed));
        rms_norm::backward(&mut grads.x, &grads.normed, mid, &tape.norm2, norm);
    }

    /// Back through x + o(attention), to the gradient of attention's output at all tokens.
    fn output_projection(&mut self) {
        let Self { context, tape, shared, grads, linears } = self;
        let config = &context.model.base.config;
        copy_into(&mut grads.g, &grads.x);
        let dattention = sized(&mut grads.attention, tape.attention.len());
        let saved = (&tape.o[..], &tape.attention[..]);
        linears.run(Module::OProj, Some((dattention, Write::Replace)), &mut grads.g, saved);
        if let Some(rows) = context.wanted {
            // From here on all tokens count: the wanted ones attend to the others.
            let (tokens, q_size) = (context.batch.tokens(), config.q_size());
            scatter(&mut grads.all_tokens, &grads.attention, rows, q_size, tokens);
            std::mem::swap(&mut grads.all_tokens, &mut grads.attention);
            scatter(&mut grads.all_tokens, &grads.x, rows, config.hidden_size, tokens);
            std::mem::swap(&mut grads.all_tokens, &mut grads.x);
            // The output matters only where its gradient is not zero.
            scatter(&mut shared.attention, &tape.attention, rows, q_size, tokens);
        }
    }

    /// Back through attention and rotation, to the gradients of q, k and v.
    fn attention(&mut self) {
        let Self { context, tape, shared, grads, .. } = self;
        let Shared { q_heads, k_heads, v_heads, out_heads, head_norm, head_inv, attention, .. } = &mut **shared;
        let config = &context.model.base.config;
        let (segments, table) = (&context.batch.segments[..], Some(context.table));
        let (heads, kv_heads, dim) = (config.num_heads, config.num_kv_heads, config.head_dim);
        let attention = if context.wanted.is_some() { &*attention } else { &tape.attention };
        let projected = Projected { q: &tape.q, k: &tape.k, v: &tape.v };
        let buffers = HeadBuffers { q: q_heads, k: k_heads, v: v_heads, norm: head_norm, inv: head_inv };
        heads_forward(*context, projected, buffers);
        rope::split(sized(out_heads, attention.len()), attention, heads, dim, segments, None, 0);
        rope::split(sized(&mut grads.heads, attention.len()), &grads.attention, heads, dim, segments, None, 0);
        let saved = attention::Saved { q: q_heads, k: k_heads, v: v_heads, out: out_heads, lse: &tape.lse };
        let (dq, dk, dv) = (
            sized(&mut grads.q_heads, tape.q.len()),
            sized(&mut grads.k_heads, tape.k.len()),
            sized(&mut grads.v_heads, tape.v.len()),
        );
        attention::backward(dq, dk, dv, &grads.heads, saved, attention_shape(config), segments);
        rope::join(sized(&mut grads.q, tape.q.len()), dq, heads, dim, segments, table, 0);
        rope::join(sized(&mut grads.k, tape.k.len()), dk, kv_heads, dim, segments, table, 0);
        rope::join(sized(&mut grads.v, tape.v.len()), dv, kv_heads, dim, segments, None, 0);
    }

    /// Back through the norms of each head of q and k (Qwen3).
    fn head_norms(&mut self) {
        let Self { context, tape, shared, grads, .. } = self;
        let Shared { head_norm, head_inv, .. } = &mut **shared;
        let (config, weights) = (&context.model.base.config, context.weights());
        for (d, x, weight) in [(&mut grads.q, &tape.q, &weights.q_norm), (&mut grads.k, &tape.k, &weights.k_norm)] {
            if let Some(weight) = weight {
                let inv = sized(head_inv, x.len() / config.head_dim);
                rms_norm::forward(sized(head_norm, x.len()), inv, x, weight, config.rms_norm_eps);
                rms_norm::backward(zeroed(head_norm, x.len()), d, x, inv, weight);
                d.copy_from_slice(head_norm);
            }
        }
    }

    /// Back through q(h), k(h) and v(h), h = norm(x).
    fn projections(&mut self, want_input: bool) {
        let Self { context, tape, shared, grads, linears } = self;
        let normed = sized(&mut shared.normed, tape.x.len());
        let norm = &context.weights().input_norm;
        rms_norm::recompute(normed, &tape.norm1, &tape.x, norm);
        let dnormed = sized(&mut grads.normed, tape.x.len());
        let mut into = |module: Module, write: Write, g: &mut [f32], y: &[f32]| {
            linears.run(module, want_input.then_some((&mut *dnormed, write)), g, (y, normed));
        };
        into(Module::QProj, Write::Replace, &mut grads.q, &tape.q);
        into(Module::KProj, Write::Add, &mut grads.k, &tape.k);
        into(Module::VProj, Write::Add, &mut grads.v, &tape.v);
        if want_input {
            rms_norm::backward(&mut grads.x, &grads.normed, &tape.x, &tape.norm1, norm);
        }
    }
}
