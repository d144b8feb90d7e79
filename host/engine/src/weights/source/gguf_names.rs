//! GGUF tensor names of the llama family and their Hugging Face names. The list is complete: a file with any other name is
//! refused, so that no weight is silently ignored. Names as in llama.cpp's `gguf-py/gguf/constants.py` (`TENSOR_NAMES`).

/// GGUF and Hugging Face names of the tensors outside of layers.
const WHOLE: [(&str, &str); 3] = [
    ("token_embd.weight", "model.embed_tokens.weight"),
    ("output.weight", "lm_head.weight"),
    ("output_norm.weight", "model.norm.weight"),
];
/// GGUF and Hugging Face names of the modules of a layer.
const LAYER: [(&str, &str); 11] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];
/// The tensor with the divisors of the rotary frequencies.
pub(crate) const ROPE_FREQUENCIES: &str = "rope_freqs.weight";

/// The use of a GGUF tensor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A weight, under this Hugging Face name.
    Weight(String),
    /// Divisors of the rotary frequencies, which become part of the configuration (see `gguf_config`).
    RopeFrequencies,
    /// Not known to the engine.
    Unknown,
}

/// The role of the tensor called `name`.
pub(super) fn role(name: &str) -> Role {
    if let Some((_, hugging_face)) = WHOLE.iter().find(|(gguf, _)| *gguf == name) {
        return Role::Weight((*hugging_face).to_owned());
    }
    if name == ROPE_FREQUENCIES {
        return Role::RopeFrequencies;
    }
    let parts: Vec<&str> = name.split('.').collect();
    let &["blk", layer, module, kind] = parts.as_slice() else { return Role::Unknown };
    let plain_number = layer.parse::<u32>().is_ok_and(|n| n.to_string() == layer);
    if !plain_number || !matches!(kind, "weight" | "bias") {
        return Role::Unknown;
    }
    let Some((_, module)) = LAYER.iter().find(|(gguf, _)| *gguf == module) else { return Role::Unknown };
    Role::Weight(format!("model.layers.{layer}.{module}.{kind}"))
}

/// The GGUF name of a tensor by its Hugging Face name: the inverse of [`role`]. `None` if GGUF has no name for it.
pub(crate) fn gguf_name(hugging_face: &str) -> Option<String> {
    if let Some((gguf, _)) = WHOLE.iter().find(|(_, name)| *name == hugging_face) {
        return Some((*gguf).to_owned());
    }
    let (layer, rest) = hugging_face.strip_prefix("model.layers.")?.split_once('.')?;
    let (module, kind) = rest.rsplit_once('.')?;
    let (gguf, _) = LAYER.iter().find(|(_, name)| *name == module)?;
    Some(format!("blk.{layer}.{gguf}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_tests::check_all;

    #[test]
    fn names() {
        check_all(
            [
                ("token_embd.weight", "model.embed_tokens.weight"),
                ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"),
                ("blk.12.attn_k.bias", "model.layers.12.self_attn.k_proj.bias"),
                ("blk.3.attn_q_norm.weight", "model.layers.3.self_attn.q_norm.weight"),
                ("blk.29.ffn_down.weight", "model.layers.29.mlp.down_proj.weight"),
                ("blk.1.ffn_norm.weight", "model.layers.1.post_attention_layernorm.weight"),
            ],
            |(gguf, hugging_face)| {
                assert_eq!(role(gguf), Role::Weight(hugging_face.into()));
                assert_eq!(gguf_name(hugging_face).as_deref(), Some(gguf));
            },
        );
        assert_eq!(gguf_name("model.layers.0.self_attn.rotary_emb.inv_freq"), None);
        assert_eq!(role("rope_freqs.weight"), Role::RopeFrequencies);
        for unknown in ["blk.x.attn_q.weight", "blk.01.attn_q.weight", "blk.0.ffn_gate_exps.weight", "blk.0.attn_q", ""]
        {
            assert_eq!(role(unknown), Role::Unknown, "{unknown}");
        }
    }
}
