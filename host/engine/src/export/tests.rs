//! Unit tests of an export's parts. Tests of whole models are in `tests/it/export.rs`.

use hive_tests::check_all;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;
use serde_json::json;

use super::hf_config::{config_json, generation_json, with_dtype};
use super::rows::{RowWriter, Tensor};
use super::special_tokens::SpecialTokens;
use super::*;
use crate::error::EngineError;
use crate::ops::rope::RopeScaling;
use crate::weights::config::{Architecture, ModelConfig};
use crate::weights::gguf::Value;
use crate::weights::shapes::{qwen3_0_6b, smollm2_135m};
use crate::weights::source::gguf::original_row;
use crate::weights::source::hf_config::model_config;

/// A source with one tensor.
struct One(Vec<usize>, Vec<f32>);

impl TensorSource for One {
    fn names(&self) -> Vec<String> {
        vec!["w".to_owned()]
    }
    fn shape(&self, _: &str) -> Option<Vec<usize>> {
        Some(self.0.clone())
    }
    fn read(&self, _: &str) -> Result<Vec<f32>> {
        Ok(self.1.clone())
    }
}

fn tensor(shape: &[usize], dtype: FloatKind, heads: Option<usize>) -> Tensor {
    let (name, stored_name) = ("w".to_owned(), "stored".to_owned());
    Tensor { name, stored_name, shape: shape.to_vec(), dtype, permuted_heads: heads, values: None }
}

/// Bytes written and bytes in total, at each call of the progress callback.
type Told = Vec<(u64, u64)>;

/// The bytes written of a tensor, and the progress reported.
fn written(source: &One, tensor: &Tensor) -> Result<(Vec<u8>, Told)> {
    let (mut bytes, mut told) = (Vec::new(), Vec::new());
    let mut progress = |done, total| {
        told.push((done, total));
        Ok(())
    };
    let mut rows = RowWriter::new(source, std::slice::from_ref(tensor), &mut progress);
    rows.write(tensor, &mut bytes, Path::new("file"))?;
    Ok((bytes, told))
}

#[test]
fn a_large_tensor_is_written_in_blocks_and_nothing_is_lost() {
    let shape = [5000, 1000];
    let source = One(shape.to_vec(), (0..5_000_000).map(|i| i as f32).collect());
    let (bytes, told) = written(&source, &tensor(&shape, FloatKind::F32, None)).unwrap();
    assert!(bytes.chunks_exact(4).zip(&source.1).all(|(b, v)| b == v.to_le_bytes()));
    assert_eq!(told.len(), 5);
    assert_eq!(told[4], (20_000_000, 20_000_000));
}

#[test]
fn rows_change_places_within_their_head() {
    // Two heads of six rows; two values in a row.
    let source = One(vec![12, 2], (0..24).map(|i| i as f32).collect());
    let (bytes, _) = written(&source, &tensor(&[12, 2], FloatKind::F32, Some(2))).unwrap();
    let first: Vec<f32> = bytes.chunks_exact(8).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let rows = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11];
    assert_eq!(first, rows.map(|row: u8| f32::from(2 * row)));
    assert_eq!(rows.map(usize::from).to_vec(), (0..12).map(|row| original_row(row, 6)).collect::<Vec<_>>());
}

#[test]
fn a_value_that_does_not_fit_is_named_with_its_place() {
    let source = One(vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, -70000.0, 1e5]);
    let message = |dtype| written(&source, &tensor(&[2, 3], dtype, None)).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(
        message(FloatKind::F16).unwrap_err(),
        "Failed to write tensor `w` as f16: row 1, column 1 is -70000, expected at most 65504 either way; bf16 or f32 \
         holds it"
    );
    assert_eq!((message(FloatKind::Bf16), message(FloatKind::F32)), (Ok(()), Ok(())));
    let source = One(vec![2], vec![1.0, f32::NAN]);
    let said = written(&source, &tensor(&[2], FloatKind::F32, None)).unwrap_err().to_string();
    assert!(said.starts_with("Failed to write tensor `w`: value 1 is NaN, expected a finite number"), "{said}");
}

#[test]
fn a_gguf_header_is_read_as_it_was_written() {
    let list = |values: Vec<Value>| Value::Array(values);
    let metadata: HashMap<String, Value> = [
        ("general.architecture", Value::String("llama".into())),
        ("a.u32", Value::U32(7)),
        ("a.f32", Value::F32(0.5)),
        ("a.bool", Value::Bool(true)),
        ("a.i64", Value::I64(-3)),
        ("a.texts", list(vec![Value::String("ä".into()), Value::String(String::new())])),
        ("a.none", list(Vec::new())),
        ("a.lists", list(vec![list(vec![Value::U8(1)]), list(vec![Value::U8(2)])])),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let tensors = [tensor(&[3], FloatKind::F32, None), tensor(&[2, 5], FloatKind::Bf16, None)];
    let header = gguf_file::header(Path::new("m.gguf"), &metadata, &tensors).unwrap();
    assert_eq!(header, gguf_file::header(Path::new("m.gguf"), &metadata, &tensors).unwrap());
    assert!(header[24..].starts_with(b"\x14\0\0\0\0\0\0\0general.architecture"));
    // 12 and 20 bytes, each padded to 32.
    assert_eq!(gguf_file::length(&header, &tensors), header.len() as u64 + 64);

    let read = Content::read(&mut Cursor::new(&header)).unwrap();
    assert_eq!(read.tensor_data_offset, header.len() as u64);
    assert_eq!(format!("{:?}", read.metadata["a.lists"]), format!("{:?}", metadata["a.lists"]));
    for (key, value) in &metadata {
        assert_eq!(format!("{:?}", read.metadata[key]), format!("{value:?}"), "{key}");
    }
    let second = &read.tensor_infos["stored"];
    assert_eq!((second.shape.dims(), second.offset), (&[2, 5][..], 32));

    let mixed = [("a".to_owned(), list(vec![Value::U8(1), Value::U32(2)]))].into();
    let said = gguf_file::header(Path::new("m.gguf"), &mixed, &[]).unwrap_err().to_string();
    assert!(said.contains("`a` cannot be written: it is a list of values of the types 0 and 4"), "{said}");
}

#[test]
fn what_was_true_of_the_old_file_alone_is_not_carried() {
    let text = |text: &str| Value::String(text.into());
    let old: HashMap<String, Value> = [
        ("general.architecture", text("llama")),
        ("general.file_type", Value::U32(3)),
        ("general.quantization_version", Value::U32(2)),
        ("general.alignment", Value::U32(64)),
        ("quantize.imatrix.file", text("x")),
        ("split.count", Value::U16(1)),
        ("tokenizer.ggml.pre", text("smollm")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    check_all([(FloatKind::F32, 0), (FloatKind::F16, 1), (FloatKind::Bf16, 32)], |(dtype, number)| {
        let new = gguf_metadata::carried(old.clone(), dtype);
        let mut keys: Vec<&str> = new.keys().map(String::as_str).collect();
        keys.sort();
        assert_eq!(keys, ["general.architecture", "general.file_type", "tokenizer.ggml.pre"]);
        assert!(matches!(new["general.file_type"], Value::U32(n) if n == number));
    });
}

fn llama3() -> ModelConfig {
    let scaling =
        RopeScaling::Llama3 { factor: 32.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 8192.0 };
    ModelConfig { rope_scaling: Some(scaling), rope_theta: 5e5, tie_word_embeddings: false, ..smollm2_135m() }
}

#[test]
fn a_composed_config_reads_back_as_the_same_shape() {
    let tokens = SpecialTokens { eos: vec![2, 0], bos: Some(1), ..SpecialTokens::default() };
    let linear = ModelConfig { rope_scaling: Some(RopeScaling::Linear { factor: 2.5 }), ..qwen3_0_6b() };
    let qwen2 = ModelConfig { architecture: Architecture::Qwen2, qkv_bias: true, ..smollm2_135m() };
    let biased = ModelConfig { qkv_bias: true, attention_output_bias: true, mlp_bias: true, ..smollm2_135m() };
    check_all([smollm2_135m(), qwen3_0_6b(), llama3(), linear, qwen2, biased], |shape| {
        let json = config_json(&shape, &tokens, FloatKind::Bf16).unwrap();
        let read = model_config(Path::new("config.json"), &json, None).unwrap();
        assert_eq!(read, ModelConfig { eos_token_ids: vec![2, 0], ..shape });
        assert_eq!((&json["torch_dtype"], &json["bos_token_id"]), (&json!("bfloat16"), &json!(1)));
    });
    let json = config_json(&smollm2_135m(), &tokens, FloatKind::F32).unwrap().to_string();
    assert!(json.contains("\"rms_norm_eps\":1e-5") || json.contains("\"rms_norm_eps\":0.00001"), "{json}");

    let half_biased = ModelConfig { qkv_bias: true, ..smollm2_135m() };
    let said = config_json(&half_biased, &tokens, FloatKind::F32).unwrap_err().to_string();
    assert!(said.contains("it is a llama with biases on q, k and v, without one on the attention's output"), "{said}");
}

#[test]
fn the_type_of_weights_is_set_under_the_key_that_is_there() {
    let set = |config| with_dtype(config, FloatKind::F16);
    assert_eq!(set(json!({"torch_dtype": "bfloat16"})), json!({"torch_dtype": "float16"}));
    assert_eq!(set(json!({"dtype": "bfloat16"})), json!({"dtype": "float16"}));
    assert_eq!(set(json!({"a": 1})), json!({"a": 1, "torch_dtype": "float16"}));
    let both = json!({"dtype": "float32", "torch_dtype": "float32"});
    assert_eq!(set(both), json!({"dtype": "float16", "torch_dtype": "float16"}));
}

#[test]
fn llama_cpp_is_given_nothing_that_it_does_not_load() {
    for shape in [smollm2_135m(), qwen3_0_6b(), llama3()] {
        gguf_metadata::check(&shape).unwrap();
    }
    let said = |shape: ModelConfig| gguf_metadata::check(&shape).unwrap_err().to_string();
    let biased = said(ModelConfig { qkv_bias: true, ..qwen3_0_6b() });
    assert!(biased.contains("a qwen3 with biases on q, k and v, which llama.cpp does not load"), "{biased}");
    let stretched = said(ModelConfig { architecture: Architecture::Qwen2, ..llama3() });
    assert!(stretched.contains("a qwen2 with Llama 3's rotary frequencies"), "{stretched}");
}

#[test]
fn rotary_frequencies_are_written_for_llama_3_alone() {
    assert_eq!(gguf_metadata::rope_frequencies(&smollm2_135m()), None);
    let divisors = gguf_metadata::rope_frequencies(&llama3()).unwrap();
    assert_eq!((divisors.len(), divisors[0], divisors[31]), (32, 1.0, 32.0));
}

#[test]
fn every_end_of_a_text_finds_a_key() {
    let model = BaseModel::new(smollm2_135m(), Box::new(One(vec![1], vec![0.0])), "m".to_owned(), Vec::new());
    let ids = |tokens: &SpecialTokens, name: &str| match tokens.gguf(None).get(&format!("tokenizer.ggml.{name}")) {
        Some(Value::U32(id)) => Some(*id),
        _ => None,
    };
    let tokens = SpecialTokens { eos: vec![5, 6, 7], pad: Some(8), ..SpecialTokens::from_config(&model) };
    let keys = ["bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id", "padding_token_id"];
    assert_eq!(keys.map(|name| ids(&tokens, name)), [None, Some(5), Some(6), Some(7), Some(8)]);
    assert!(matches!(tokens.gguf(None)["tokenizer.ggml.add_bos_token"], Value::Bool(false)));
    assert_eq!(generation_json(&tokens), Some(json!({"eos_token_id": [5, 6, 7], "pad_token_id": 8})));
    assert_eq!(generation_json(&SpecialTokens::default()), None);

    let metadata = [
        ("tokenizer.ggml.bos_token_id", Value::U32(1)),
        ("tokenizer.ggml.eos_token_id", Value::U32(2)),
        ("tokenizer.ggml.padding_token_id", Value::U32(u32::MAX)),
        ("tokenizer.ggml.pre", Value::String("llama-bpe".into())),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into();
    let read = SpecialTokens::from_gguf(&metadata, &model);
    assert_eq!(read, SpecialTokens { bos: Some(1), eos: vec![2], add_bos: true, ..SpecialTokens::default() });
}

#[test]
fn what_the_disk_has_no_room_for_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    check_space(folder.path(), 1).unwrap();
    if cfg!(unix) {
        let full = check_space(&folder.path().join("m.gguf"), u64::MAX).unwrap_err();
        assert!(matches!(full, EngineError::File(FileError::DiskFull { needed: u64::MAX, .. })), "{full}");
    }
}
