//! The loss's gradient, layer by layer from the last.

use super::buffers::{Shared, Tail, copy_into, scatter, sized, sum_into, zeroed};
use super::heads::{HeadBuffers, attention_shape, heads_forward, tape_qkv};
use super::{Dropout, Model, Pass, mask, wanted_keys};
use crate::data::Batch;
use crate::ops::cross_entropy::{self, Loss};
use crate::ops::matrix::Write;
use crate::ops::rope::{self, Table};
use crate::ops::{attention, dora, rms_norm, swiglu};
use crate::weights::Module;

impl Pass {
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
