//! A base model small enough to be made by a test: a Llama of two layers with a tokenizer of bytes
//! and a chat template, and adapters for it. Everything is written from fixed seeds, so that every
//! run has the same bytes. It knows nothing, and answers nonsense; that is all the tests need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};

/// Width of the base.
pub const HIDDEN: usize = 16;
const INTERMEDIATE: usize = 32;
const LAYERS: usize = 2;
const HEADS: usize = 2;
const HEAD_DIM: usize = 8;
/// 256 bytes, then these.
const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
/// Rows of the embedding.
pub const VOCAB: usize = 256 + SPECIAL.len();
const RANK: usize = 2;
/// Linear layers that the adapters change, with their shapes `[out, in]`.
const TARGETS: [(&str, usize, usize); 2] =
    [("self_attn.q_proj", HEADS * HEAD_DIM, HIDDEN), ("mlp.down_proj", HIDDEN, INTERMEDIATE)];

/// f32 tensors by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Writes the base into `folder`.
pub fn write_base(folder: &Path) {
    write_base_with(folder, |_| {});
}

/// Writes the base into `folder` after `change` has had its way with the weights.
pub fn write_base_with(folder: &Path, change: impl FnOnce(&mut Tensors)) {
    let mut weights = weights();
    change(&mut weights);
    std::fs::create_dir_all(folder).unwrap();
    write_tensors(&folder.join("model.safetensors"), &weights);
    let end = VOCAB - 1;
    let config = json!({
        "model_type": "llama", "vocab_size": VOCAB, "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": 1, "head_dim": HEAD_DIM,
        "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
        "tie_word_embeddings": false, "eos_token_id": end,
    });
    write_json(&folder.join("config.json"), &config);
    write_json(&folder.join("tokenizer.json"), &tokenizer());
    let template = "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n\
                    {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    write_json(&folder.join("tokenizer_config.json"), &json!({"eos_token": "<|im_end|>", "chat_template": template}));
}

/// Writes a DoRA adapter for the base into `folder`, in PEFT's form.
pub fn write_adapter(folder: &Path) {
    write_adapter_with(folder, |_| {});
}

/// Writes that adapter with another name of its base.
pub fn write_adapter_naming(folder: &Path, base: &str) {
    write_adapter(folder);
    change_config(folder, |config| config["base_model_name_or_path"] = base.into());
}

/// Changes an adapter's configuration.
pub fn change_config(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("adapter_config.json");
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut config);
    write_json(&path, &config);
}

/// Writes that adapter after `change` has had its way with the tensors.
pub fn write_adapter_with(folder: &Path, change: impl FnOnce(&mut Tensors)) {
    let mut tensors = Tensors::new();
    for layer in 0..LAYERS {
        for (module, out, input) in TARGETS {
            let stem = format!("base_model.model.model.layers.{layer}.{module}");
            let mut add = |name: &str, shape: Vec<usize>, mean: f32, scale: f32| {
                let name = format!("{stem}.{name}");
                let values = noise(&name, shape.iter().product()).iter().map(|v| mean + scale * v).collect();
                tensors.insert(name, (shape, values));
            };
            add("lora_A.weight", vec![RANK, input], 0.0, 0.3);
            add("lora_B.weight", vec![out, RANK], 0.0, 0.3);
            add("lora_magnitude_vector", vec![out], 1.0, 0.2);
        }
    }
    change(&mut tensors);
    std::fs::create_dir_all(folder).unwrap();
    write_tensors(&folder.join("adapter_model.safetensors"), &tensors);
    let config = json!({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "tiny", "r": RANK, "lora_alpha": 4,
        "lora_dropout": 0.05, "use_dora": true, "use_rslora": false, "bias": "none", "fan_in_fan_out": false,
        "target_modules": ["q_proj", "down_proj"], "rank_pattern": {}, "alpha_pattern": {}, "modules_to_save": null,
    });
    write_json(&folder.join("adapter_config.json"), &config);
}

/// Reads every f32 tensor of a file.
pub fn read_tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let f32s = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    file.iter()
        .filter(|(_, view)| view.dtype() == Dtype::F32)
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), f32s(view.data()))))
        .collect()
}

/// Writes f32 tensors as a safetensors file.
pub fn write_tensors(path: &Path, tensors: &Tensors) {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, shape, data)| {
        (name.as_str(), TensorView::new(Dtype::F32, (*shape).clone(), data).expect("the shape fits the values"))
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// Writes a safetensors file with these `input_ids`.
pub fn write_ids(path: &Path, shape: &[usize], ids: &[i64]) -> PathBuf {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::I64, shape.to_vec(), &bytes).unwrap();
    std::fs::write(path, safetensors::serialize([("input_ids", view)], None).unwrap()).unwrap();
    path.to_owned()
}

fn weights() -> Tensors {
    let mut weights = Tensors::new();
    let mut add = |name: String, shape: &[usize]| {
        let values = noise(&name, shape.iter().product());
        let values = match shape {
            // Norms near 1, matrices that keep the size of what goes through them.
            [_] => values.iter().map(|v| 1.0 + 0.1 * v).collect(),
            [.., input] => values.iter().map(|v| v * (3.0 / *input as f32).sqrt()).collect(),
            [] => values,
        };
        weights.insert(name, (shape.to_vec(), values));
    };
    let (q, kv) = (HEADS * HEAD_DIM, HEAD_DIM);
    add("model.embed_tokens.weight".to_owned(), &[VOCAB, HIDDEN]);
    add("lm_head.weight".to_owned(), &[VOCAB, HIDDEN]);
    add("model.norm.weight".to_owned(), &[HIDDEN]);
    for layer in 0..LAYERS {
        for (module, shape) in [
            ("input_layernorm", &[HIDDEN][..]),
            ("post_attention_layernorm", &[HIDDEN]),
            ("self_attn.q_proj", &[q, HIDDEN]),
            ("self_attn.k_proj", &[kv, HIDDEN]),
            ("self_attn.v_proj", &[kv, HIDDEN]),
            ("self_attn.o_proj", &[HIDDEN, q]),
            ("mlp.gate_proj", &[INTERMEDIATE, HIDDEN]),
            ("mlp.up_proj", &[INTERMEDIATE, HIDDEN]),
            ("mlp.down_proj", &[HIDDEN, INTERMEDIATE]),
        ] {
            add(format!("model.layers.{layer}.{module}.weight"), shape);
        }
    }
    weights
}

/// Values in (-1, 1) that depend on the name alone.
fn noise(name: &str, n: usize) -> Vec<f32> {
    // FNV-1a of the name, then the generator of Knuth's MMIX.
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// A byte-level tokenizer without merges: a token is a byte.
fn tokenizer() -> Value {
    // Bytes that cannot be shown are written as characters from 256 on, as in GPT-2.
    let plain = |b: u32| matches!(b, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut moved = 256;
    let mut vocab = serde_json::Map::new();
    for byte in 0..256u32 {
        let code = if plain(byte) {
            byte
        } else {
            moved += 1;
            moved - 1
        };
        vocab.insert(char::from_u32(code).expect("a character").to_string(), json!(byte));
    }
    let added = |(id, token): (usize, &&str)| {
        json!({"id": 256 + id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false});
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": SPECIAL.iter().enumerate().map(added).collect::<Vec<_>>(),
        "pre_tokenizer": byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                  "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": []},
    })
}

fn write_json(path: &Path, value: &Value) {
    std::fs::write(path, serde_json::to_string_pretty(value).unwrap()).unwrap();
}
