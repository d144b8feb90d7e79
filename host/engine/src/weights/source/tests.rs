//! Base models written to a temporary folder and read back; and the shared reference models, if they are present.

use hive_tests::check_all;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use ::safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{Device, Tensor};
use serde_json::json;

use super::gguf_names::Role;
use super::*;
use crate::ops::rope::RopeScaling;
use crate::weights::config::Architecture;

const HIDDEN: usize = 256;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const HEAD_DIM: usize = 64;

/// Values that differ from row to row and are exact in every float type.
fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37 + i / 7) % 64) as f32 / 16.0 - 2.0).collect()
}

fn tiny_config() -> serde_json::Value {
    json!({
        "model_type": "qwen3", "vocab_size": 4, "hidden_size": 2, "intermediate_size": 2, "num_hidden_layers": 1,
        "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 2, "eos_token_id": 3,
    })
}

fn folder_with(config: &serde_json::Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("config.json"), config.to_string()).expect("written");
    folder
}

fn write_safetensors(path: &Path, tensors: &[(&str, Dtype, &[u8], Vec<usize>)]) {
    let views = tensors.iter().map(|(name, dtype, bytes, shape)| {
        (name.to_string(), TensorView::new(*dtype, shape.clone(), bytes).expect("a view"))
    });
    serialize_to_file(views, None, path).expect("written");
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn bf16_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| ((v.to_bits() >> 16) as u16).to_le_bytes()).collect()
}

/// Halves of values of magnitude 0 or within 2^-14..2^15, which `values` are.
fn f16_bytes(values: &[f32]) -> Vec<u8> {
    let half = |v: f32| {
        let bits = v.to_bits();
        let sign = ((bits >> 16) & 0x8000) as u16;
        if v == 0.0 { sign } else { sign | (((bits & 0x7fff_ffff) >> 13) - (112 << 10)) as u16 }
    };
    values.iter().flat_map(|&v| half(v).to_le_bytes()).collect()
}

fn problem(path: &Path) -> String {
    open(path).expect_err("refused").to_string()
}

#[test]
fn safetensors_of_three_float_types() {
    let folder = folder_with(&tiny_config());
    let expected = values(8);
    let (f32s, f16s, bf16s) = (f32_bytes(&expected), f16_bytes(&expected), bf16_bytes(&expected));
    write_safetensors(
        &folder.path().join("model.safetensors"),
        &[
            ("c.weight", Dtype::F32, &f32s, vec![4, 2]),
            ("a.weight", Dtype::F16, &f16s, vec![4, 2]),
            ("b.weight", Dtype::BF16, &bf16s, vec![8]),
            ("d.weight", Dtype::I64, &[0; 16], vec![2]),
        ],
    );
    let model = open(folder.path()).expect("opens");
    assert_eq!(model.config.architecture, Architecture::Qwen3);
    assert_eq!(model.config.eos_token_ids, [3]);
    assert_eq!(model.tensors.names(), ["a.weight", "b.weight", "c.weight", "d.weight"]);
    assert_eq!(model.tensors.shape("a.weight"), Some(vec![4, 2]));
    assert_eq!(model.tensors.shape("x"), None);
    for name in ["a.weight", "b.weight", "c.weight"] {
        assert_eq!(model.tensors.read(name).expect("reads"), expected, "{name}");
    }
    let wrong = model.tensors.read("d.weight").expect_err("refused").to_string();
    assert!(wrong.contains("tensor `d.weight` is stored as I64, expected F32, F16 or BF16"), "{wrong}");
    let absent = model.tensors.read("x").expect_err("refused").to_string();
    assert!(absent.contains("Failed to read tensor `x`"), "{absent}");
    assert!(model.tokenizer.is_none() && model.chat_template.is_none());
}

#[test]
fn shards() {
    let folder = folder_with(&tiny_config());
    let first = folder.path().join("model-00001-of-00002.safetensors");
    let second = folder.path().join("model-00002-of-00002.safetensors");
    write_safetensors(&first, &[("a", Dtype::F32, &f32_bytes(&[1.0, 2.0]), vec![2])]);
    write_safetensors(&second, &[("b", Dtype::F32, &f32_bytes(&[3.0]), vec![1])]);
    let index = folder.path().join("model.safetensors.index.json");
    let map = |b: &str| json!({"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": b}});
    fs::write(&index, map("model-00002-of-00002.safetensors").to_string()).expect("written");

    let model = open(folder.path()).expect("opens");
    assert_eq!(model.tensors.names(), ["a", "b"]);
    assert_eq!(model.tensors.read("b").expect("reads"), [3.0]);
    assert_eq!(model.weight_files, [first.clone(), second.clone()]);
    let each = [first.as_path(), second.as_path()].map(|p| hive_files::sha256_of_file(p).expect("hashed"));
    let expected = hive_files::hex(&Sha256::digest(format!("{}\n{}\n", each[0], each[1])));
    assert_eq!(model.digest().expect("hashed"), expected);

    fs::write(&index, map("model-00001-of-00002.safetensors").to_string()).expect("written");
    assert!(problem(folder.path()).contains("tensor `b` is in `model-00001-of-00002.safetensors`, which does not"));
    fs::write(&index, map("../elsewhere.safetensors").to_string()).expect("written");
    assert!(problem(folder.path()).contains("the shard `../elsewhere.safetensors` is not a plain file name"));
    fs::write(&index, map("model-00003.safetensors").to_string()).expect("written");
    assert!(
        problem(folder.path()).contains("it lists 2 shards, 1 of them missing beside it: `model-00003.safetensors`")
    );
}

#[test]
fn damaged_safetensors() {
    let folder = folder_with(&tiny_config());
    let file = folder.path().join("model.safetensors");
    write_safetensors(&file, &[("a", Dtype::F32, &f32_bytes(&values(64)), vec![64])]);
    let whole = fs::read(&file).expect("read");
    check_all(
        [
            (&whole[..whole.len() - 100], "the file is truncated: its tensors end at byte"),
            (&whole[..20], "the file is truncated: its header ends at byte"),
            (&whole[..5], "the file is truncated: it has 5 bytes, a header needs 8"),
            (&[], "the file is empty"),
            (b"PK\x03\x04 this is something else", "the file does not start with a safetensors header"),
            (b"\x02\0\0\0\0\0\0\0[]", "the safetensors header is damaged"),
            (&[whole.as_slice(), &[0; 4]].concat(), "the file is longer than its header says"),
        ],
        |(bytes, expected)| {
            fs::write(&file, bytes).expect("written");
            let got = problem(folder.path());
            assert!(got.contains(expected) && got.contains("model.safetensors"), "got {got}, expected {expected}");
        },
    );
}

#[test]
fn missing_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(problem(folder.path()).contains("`config.json` is missing"));
    fs::write(folder.path().join("config.json"), "{").expect("written");
    assert!(problem(folder.path()).contains("it is not valid JSON"));
    fs::write(folder.path().join("config.json"), tiny_config().to_string()).expect("written");
    assert!(problem(folder.path()).contains("it has no weights, expected `model.safetensors` or shards"));
    fs::write(folder.path().join("pytorch_model.bin"), "x").expect("written");
    assert!(problem(folder.path()).contains("a pickle and is never loaded"));
    assert!(problem(&folder.path().join("none")).contains("Failed to open base model"));
    assert!(problem(&folder.path().join("config.json")).contains("expected a folder with `config.json`"));
}

#[test]
fn chat_template_and_end_token_of_a_folder() {
    let folder = folder_with(&tiny_config());
    write_safetensors(&folder.path().join("model.safetensors"), &[("a", Dtype::F32, &[0; 4], vec![1])]);
    let config = folder.path().join("tokenizer_config.json");
    let rendered = || open(folder.path()).map(|m| m.chat_template.map(|t| t.render(&[], false).expect("renders")));
    let list = json!([{"name": "tool_use", "template": "x"}, {"name": "default", "template": "{{ eos_token }}{{ bos_token }}"}]);
    fs::write(&config, json!({"chat_template": list, "eos_token": {"content": "</s>"}, "bos_token": null}).to_string())
        .expect("written");
    assert_eq!(rendered().expect("opens"), Some("</s>".into()));
    fs::write(folder.path().join("chat_template.jinja"), "own").expect("written");
    assert_eq!(rendered().expect("opens"), Some("own".into()));
    fs::write(folder.path().join("chat_template.jinja"), "{% if %}").expect("written");
    assert!(problem(folder.path()).contains("Failed to compile the chat template"));
}

/// Writes a one-layer Llama or Qwen3 with matrices of `dtype`; returns the tensors as written.
fn write_gguf(path: &Path, arch: &str, dtype: GgmlDType, extra: &[(&str, Vec<f32>)]) -> HashMap<String, Tensor> {
    let device = &Device::Cpu;
    let mut tensors = Vec::new();
    let mut add = |name: &str, shape: &[usize], dtype: GgmlDType| {
        let tensor = Tensor::from_vec(values(shape.iter().product()), shape, device).expect("a tensor");
        tensors.push((name.to_owned(), QTensor::quantize(&tensor, dtype).expect("quantises")));
    };
    add("token_embd.weight", &[6, HIDDEN], dtype);
    add("blk.0.attn_q.weight", &[HEADS * HEAD_DIM, HIDDEN], dtype);
    add("blk.0.attn_k.weight", &[KV_HEADS * HEAD_DIM, HIDDEN], dtype);
    add("blk.0.attn_v.weight", &[KV_HEADS * HEAD_DIM, HIDDEN], dtype);
    add("blk.0.attn_q.bias", &[HEADS * HEAD_DIM], GgmlDType::F32);
    add("blk.0.ffn_down.weight", &[HIDDEN, 512], dtype);
    add("blk.0.ffn_norm.weight", &[HIDDEN], GgmlDType::F32);
    add("output_norm.weight", &[HIDDEN], GgmlDType::F32);
    for (name, values) in extra {
        let tensor = Tensor::new(values.as_slice(), device).expect("a tensor");
        tensors.push((name.to_string(), QTensor::quantize(&tensor, GgmlDType::F32).expect("quantises")));
    }
    let key = |rest: &str| format!("{arch}.{rest}");
    let metadata = [
        ("general.architecture".to_owned(), gguf_file::Value::String(arch.into())),
        (key("block_count"), gguf_file::Value::U32(1)),
        (key("context_length"), gguf_file::Value::U32(64)),
        (key("embedding_length"), gguf_file::Value::U32(HIDDEN as u32)),
        (key("feed_forward_length"), gguf_file::Value::U32(512)),
        (key("attention.head_count"), gguf_file::Value::U32(HEADS as u32)),
        (key("attention.head_count_kv"), gguf_file::Value::U32(KV_HEADS as u32)),
        (key("attention.layer_norm_rms_epsilon"), gguf_file::Value::F32(1e-5)),
        (key("rope.freq_base"), gguf_file::Value::F32(500_000.0)),
        ("tokenizer.ggml.eos_token_id".to_owned(), gguf_file::Value::U32(2)),
    ];
    let metadata: Vec<(&str, &gguf_file::Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let named: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut fs::File::create(path).expect("created"), &metadata, &named).expect("written");
    tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dequantize(device).expect("dequantises"))).collect()
}

#[test]
fn a_gguf_without_an_alignment_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("flat.gguf");
    let alignment = ("general.alignment", &gguf_file::Value::U32(0));
    gguf_file::write(&mut fs::File::create(&path).expect("created"), &[alignment], &[]).expect("written");
    assert!(problem(&path).contains("general.alignment"), "{}", problem(&path));
}

/// llama.cpp's `permute`, undone with candle's own reshapes.
fn unpermuted(tensor: &Tensor, heads: usize) -> Vec<f32> {
    let rows = tensor.dims()[0];
    let split = tensor.reshape((heads, rows / heads / 2, 2, tensor.elem_count() / rows)).expect("reshapes");
    let swapped = split.transpose(1, 2).expect("transposes").contiguous().expect("copies");
    swapped.flatten_all().and_then(|t| t.to_vec1()).expect("a vector")
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("a vector")
}

#[test]
fn gguf_of_every_type() {
    use GgmlDType::{BF16, F16, F32, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tiny.gguf");
    check_all([F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2K, Q3K, Q4K, Q5K, Q6K], |dtype| {
        for arch in ["llama", "qwen3"] {
            let written = write_gguf(&path, arch, dtype, &[]);
            let model = open(&path).expect("opens");
            let q = "model.layers.0.self_attn.q_proj.weight";
            assert_eq!(model.tensors.shape(q), Some(vec![HEADS * HEAD_DIM, HIDDEN]));
            assert_eq!(model.tensors.shape("model.layers.0.mlp.down_proj.weight"), Some(vec![HIDDEN, 512]));
            for (name, tensor) in &written {
                let Role::Weight(ours) = gguf_names::role(name) else { panic!("{name}") };
                let expected = match name.as_str() {
                    "blk.0.attn_q.weight" | "blk.0.attn_q.bias" if arch == "llama" => unpermuted(tensor, HEADS),
                    "blk.0.attn_k.weight" if arch == "llama" => unpermuted(tensor, KV_HEADS),
                    _ => flat(tensor),
                };
                assert_eq!(model.tensors.read(&ours).expect("reads"), expected, "{dtype:?} {arch} {name}");
            }
        }
    });
}

/// The permutation of llama.cpp's converter, element by element; reading reverses it.
#[test]
fn llama_rows_come_back_in_the_order_of_hugging_face() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tiny.gguf");
    let written = write_gguf(&path, "llama", GgmlDType::F32, &[]);
    let stored = flat(&written["blk.0.attn_q.weight"]);
    let read = open(&path).expect("opens").tensors.read("model.layers.0.self_attn.q_proj.weight").expect("reads");
    for head in 0..HEADS {
        for half in 0..2 {
            for i in 0..HEAD_DIM / 2 {
                let hugging_face = head * HEAD_DIM + half * HEAD_DIM / 2 + i;
                let gguf = head * HEAD_DIM + 2 * i + half;
                let row = |r: usize| r * HIDDEN..(r + 1) * HIDDEN;
                assert_eq!(read[row(hugging_face)], stored[row(gguf)]);
            }
        }
    }
}

#[test]
fn gguf_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tiny.gguf");
    write_gguf(&path, "llama", GgmlDType::Q4_1, &[]);
    // A folder with only this file opens as well.
    let model = open(folder.path()).expect("opens");
    let config = &model.config;
    assert_eq!((config.vocab_size, config.head_dim, config.num_layers), (6, 64, 1));
    assert_eq!((config.rms_norm_eps, config.rope_theta, config.rope_scaling), (1e-5, 500_000.0, None));
    assert!(config.tie_word_embeddings && config.qkv_bias && !config.mlp_bias && !config.attention_output_bias);
    assert_eq!(config.eos_token_ids, [2]);
    assert_eq!(model.name, "tiny");
    assert_eq!(model.digest().expect("hashed"), hive_files::sha256_of_file(&path).expect("hashed"));

    // With a separate output projection, embeddings are not tied.
    write_gguf(&path, "llama", GgmlDType::F32, &[("output.weight", vec![0.0; HIDDEN])]);
    assert!(!open(&path).expect("opens").config.tie_word_embeddings);

    let mut divisors = vec![1.0f32; 32];
    divisors[31] = 3.0;
    write_gguf(&path, "llama", GgmlDType::F32, &[("rope_freqs.weight", divisors)]);
    assert!(problem(&path).contains("`rope_freqs.weight` is not Llama 3's scaling by 3"), "{}", problem(&path));
    let llama3 = |i: usize| {
        let wavelength = std::f64::consts::TAU * 500_000f64.powf(2.0 * i as f64 / HEAD_DIM as f64);
        let smooth = (8192.0 / wavelength - 1.0) / 3.0;
        (1.0 / ((1.0 - smooth.clamp(0.0, 1.0)) / 8.0 + smooth.clamp(0.0, 1.0))) as f32
    };
    write_gguf(&path, "llama", GgmlDType::F32, &[("rope_freqs.weight", (0..32).map(llama3).collect())]);
    let scaling = open(&path).expect("opens").config.rope_scaling;
    assert!(matches!(scaling, Some(RopeScaling::Llama3 { factor: 8.0, .. })), "{scaling:?}");
}

#[test]
fn damaged_gguf() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tiny.gguf");
    write_gguf(&path, "llama", GgmlDType::Q4_1, &[("blk.0.ffn_gate_inp.weight", vec![0.0])]);
    assert!(problem(&path).contains("1 of its tensors are not known to the engine: `blk.0.ffn_gate_inp.weight`"));
    write_gguf(&path, "mamba", GgmlDType::Q4_1, &[]);
    assert!(problem(&path).contains("The architecture `mamba` is not supported"));

    write_gguf(&path, "llama", GgmlDType::Q4_1, &[]);
    let whole = fs::read(&path).expect("read");
    check_all(
        [
            (&whole[..whole.len() - 64], "the file is truncated: tensor `output_norm.weight` ends at byte"),
            (&whole[..whole.len() / 2], "the file is truncated: tensor"),
            (&whole[..300], "its GGUF header cannot be read (file of 300 bytes): "),
            (&[], "the file is empty"),
            (b"not a model at all", "it does not start with `GGUF`"),
        ],
        |(bytes, expected)| {
            fs::write(&path, bytes).expect("written");
            let got = problem(&path);
            assert!(got.contains(expected) && got.contains("tiny.gguf"), "got {got}, expected {expected}");
            assert!(!got.contains('\n'), "{got}");
        },
    );
}

/// The folder of reference files beside the repository, if there is one.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("HIVE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference files at `{}` (set HIVE_SHARED)", folder.display());
    None
}

#[test]
fn reference_models_open() {
    let Some(shared) = shared() else { return };
    let model = open(&shared.join("parity/tiny_qwen3")).expect("opens");
    assert_eq!(model.config.architecture, Architecture::Qwen3);
    assert_eq!((model.config.head_dim, model.config.rope_theta), (16, 1e6));
    assert_eq!(model.config.eos_token_ids, [2]);
    for (folder, architecture, qkv_bias) in
        [("tiny_llama_dora_r4_all", Architecture::Llama, false), ("tiny_qwen2_dora_r4_all", Architecture::Qwen2, true)]
    {
        let model = open(&shared.join("adapters").join(folder).join("base")).expect("opens");
        assert_eq!((model.config.architecture, model.config.qkv_bias), (architecture, qkv_bias));
        for name in model.tensors.names() {
            let shape = model.tensors.shape(&name).expect("a shape");
            let read = model.tensors.read(&name).expect("reads");
            assert_eq!(read.len(), shape.iter().product::<usize>());
            assert!(read.iter().all(|v| v.is_finite()));
        }
    }
}
