//! From the projections of q, k and v to the heads of attention: norms, rotation, layout.

use super::buffers::sized;
use super::layer::LayerContext;
use crate::ops::{attention, rms_norm, rope};
use crate::weights::config::ModelConfig;

/// The attention sizes of a model.
pub(super) fn attention_shape(config: &ModelConfig) -> attention::Shape {
    attention::Shape { heads: config.num_heads, kv_heads: config.num_kv_heads, dim: config.head_dim }
}

/// Token-major outputs of the q, k and v projections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projected<'a> {
    pub(super) q: &'a [f32],
    pub(super) k: &'a [f32],
    pub(super) v: &'a [f32],
}

/// Destinations of [`heads_forward`], head-major, and its scratch buffers.
pub(super) struct HeadBuffers<'a> {
    pub(super) q: &'a mut Vec<f32>,
    pub(super) k: &'a mut Vec<f32>,
    pub(super) v: &'a mut Vec<f32>,
    pub(super) norm: &'a mut Vec<f32>,
    pub(super) inv: &'a mut Vec<f32>,
}

/// Norm of each head (Qwen3), rotation, and the change to head-major.
pub(super) fn heads_forward(context: LayerContext, x: Projected, out: HeadBuffers) {
    let (config, weights) = (&context.model.base.config, context.weights());
    let (segments, table) = (&context.batch.segments, context.table);
    let dim = config.head_dim;
    let jobs = [(out.q, x.q, config.num_heads, &weights.q_norm), (out.k, x.k, config.num_kv_heads, &weights.k_norm)];
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
