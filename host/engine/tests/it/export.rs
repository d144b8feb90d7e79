//! Models with an adapter merged in, exported in both formats and opened again: they compute what the adapter on its base
//! does, whatever format the base has.

use hive_tests::check_all;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hive_engine::adapter::merge::{MergedSource, merged};
use hive_engine::adapter::{Adapter, AdapterScales, Method};
use hive_engine::data::{Batch, Example};
use hive_engine::export::{Export, Form, Written, default_dtype, to_folder, to_gguf};
use hive_engine::network::pass::{Model, Pass};
use hive_engine::ops::rope::RopeScaling;
use hive_engine::weights::Module;
use hive_engine::weights::config::{Architecture, ModelConfig};
use hive_engine::weights::decoder::Decoder;
use hive_engine::weights::source::floats::FloatKind;
use hive_engine::weights::source::{self, BaseModel, TensorSource};
use hive_engine::{EngineError, Result};
use hive_text::chat_template::ChatMessage;
use serde_json::{Value, json};
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::fixtures::{adapter_config, config, noise, trained};

const ARCHITECTURES: [Architecture; 3] = [Architecture::Llama, Architecture::Qwen2, Architecture::Qwen3];
const FORMS: [Form; 2] = [Form::Folder, Form::Gguf];

/// Weights in memory, without files.
struct Memory(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Memory {
    /// The weights of a random model.
    fn random(config: &ModelConfig) -> Self {
        let mut weights = BTreeMap::new();
        let mut add = |name: String, shape: &[usize]| {
            let noise = noise(shape.iter().product(), 1000 + weights.len() as u64);
            let values = match shape {
                [_] if name.ends_with("norm.weight") => noise.iter().map(|v| 1.0 + 0.1 * v).collect(),
                [_, input] => noise.iter().map(|v| v * (3.0 / *input as f32).sqrt()).collect(),
                _ => noise,
            };
            weights.insert(name, (shape.to_vec(), values));
        };
        let (hidden, vocab, dim) = (config.hidden_size, config.vocab_size, config.head_dim);
        add("model.embed_tokens.weight".into(), &[vocab, hidden]);
        add("model.norm.weight".into(), &[hidden]);
        if !config.tie_word_embeddings {
            add("lm_head.weight".into(), &[vocab, hidden]);
        }
        for layer in 0..config.num_layers {
            for module in Module::ALL {
                let (out, input) = module.shape(config);
                add(format!("{}.weight", module.path(layer)), &[out, input]);
                if config.qkv_bias && matches!(module, Module::QProj | Module::KProj | Module::VProj) {
                    add(format!("{}.bias", module.path(layer)), &[out]);
                }
            }
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                add(format!("model.layers.{layer}.{norm}.weight"), &[hidden]);
            }
            if config.has_qk_norm() {
                add(format!("model.layers.{layer}.self_attn.q_norm.weight"), &[dim]);
                add(format!("model.layers.{layer}.self_attn.k_norm.weight"), &[dim]);
            }
        }
        Self(weights)
    }
}

impl TensorSource for Memory {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.0.get(name).map(|(shape, _)| shape.clone())
    }
    fn read(&self, name: &str) -> Result<Vec<f32>> {
        Ok(self.0[name].1.clone())
    }
}

fn in_memory(config: &ModelConfig) -> BaseModel {
    BaseModel::new(config.clone(), Box::new(Memory::random(config)), "tiny".to_owned(), Vec::new())
}

/// The path of a model in this format.
fn place(folder: &Path, name: &str, form: Form) -> PathBuf {
    match form {
        Form::Folder => folder.join(name),
        Form::Gguf => folder.join(format!("{name}.gguf")),
    }
}

fn write(
    model: &BaseModel,
    tensors: &dyn TensorSource,
    dtype: FloatKind,
    (out, form): (&Path, Form),
) -> Result<Written> {
    let export = Export { model, tensors, dtype };
    match form {
        Form::Folder => to_folder(export, out, &mut |_, _| Ok(())),
        Form::Gguf => to_gguf(export, out, &mut |_, _| Ok(())),
    }
}

fn logits(model: Model) -> Vec<f32> {
    let ids: Vec<u32> = (0..17).map(|i| (i * 13 + 5) % 61).collect();
    let batch = Batch::new([&Example::new(ids, 0, 0)], model.base.config.vocab_size).unwrap();
    let mut pass = Pass::new();
    pass.forward(model, &batch, &(0..17).collect::<Vec<_>>(), None, false);
    pass.logits(model.base).to_vec()
}

/// Logits of the base with the adapter, unmerged.
fn beside(base: &Decoder, adapter: &Adapter) -> Vec<f32> {
    let scales = AdapterScales::new(adapter, base);
    logits(Model::new(base, Some((adapter, &scales))))
}

fn load(model: &BaseModel) -> Decoder {
    Decoder::load(&model.config, model.tensors.as_ref()).unwrap()
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_merged_model_computes_what_the_adapter_beside_its_base_does() {
    check_all(ARCHITECTURES, |architecture| {
        for tied in [true, false] {
            let config = config(architecture, tied);
            let folder = tempfile::tempdir().unwrap();
            let mut bases = vec![in_memory(&config)];
            for form in FORMS {
                let out = place(folder.path(), "base", form);
                write(&bases[0], bases[0].tensors.as_ref(), FloatKind::F32, (&out, form)).unwrap();
                bases.push(source::open(&out).unwrap());
            }
            for method in [Method::Dora, Method::Lora] {
                let decoder = load(&bases[0]);
                let adapter = trained(&decoder, adapter_config(method));
                let wanted = beside(&decoder, &adapter);
                assert!(furthest(&wanted, &logits(Model::new(&decoder, None))) > 1e-2);
                for (number, base) in bases.iter().enumerate() {
                    let weights = MergedSource::new(base.tensors.as_ref(), &adapter);
                    for form in FORMS {
                        let case = format!("{architecture:?}, tied {tied}, {method:?}, base {number}, {form:?}");
                        let out = place(folder.path(), &format!("{number}-{method:?}"), form);
                        let written = write(base, &weights, FloatKind::F32, (&out, form)).unwrap();
                        let model = source::open(&out).unwrap();
                        assert_eq!(model.config, config, "{case}");
                        assert_eq!(model.tensors.names().len(), written.tensors.len(), "{case}");
                        assert_eq!(model.tensors.names().contains(&"lm_head.weight".to_owned()), !tied, "{case}");
                        assert_eq!(written.tensors.iter().filter(|name| weights.adapts(name)).count(), 14, "{case}");
                        let off = furthest(&logits(Model::new(&load(&model), None)), &wanted);
                        assert!(off < 1e-5, "{case}: off by {off:.1e}");
                    }
                }
            }
        }
    });
}

/// Reading merged rows, all of a tensor or a few, gives the same bits as merging in memory.
#[test]
fn merging_as_it_is_read_is_merging() {
    let mut config = config(Architecture::Llama, true);
    config.intermediate_size = 200;
    let base = in_memory(&config);
    let decoder = load(&base);
    for method in [Method::Dora, Method::Lora] {
        let adapter = trained(&decoder, adapter_config(method));
        let whole = merged(&decoder, &adapter);
        let weights = MergedSource::new(base.tensors.as_ref(), &adapter);
        for layer in 0..config.num_layers {
            for module in Module::ALL {
                let name = format!("{}.weight", module.path(layer));
                let mut scratch = Vec::new();
                let wanted = whole.linear(layer, module, &mut scratch);
                assert_eq!(weights.read(&name).unwrap(), wanted.weight, "{name}");
                let mut rows = vec![0.0; wanted.weight.len()];
                for (block, rows) in rows.chunks_mut(64 * wanted.input).enumerate() {
                    weights.read_rows(&name, 64 * block, rows).unwrap();
                }
                assert_eq!(rows, wanted.weight, "{name}");
            }
        }
        assert_eq!(weights.read("model.norm.weight").unwrap(), decoder.norm);
        assert!(!weights.adapts("model.norm.weight"));
    }
}

#[test]
fn half_of_the_bits_keep_half_of_the_precision() {
    let config = config(Architecture::Llama, true);
    let base = in_memory(&config);
    let adapter = trained(&load(&base), adapter_config(Method::Dora));
    let weights = MergedSource::new(base.tensors.as_ref(), &adapter);
    let folder = tempfile::tempdir().unwrap();
    for (dtype, relative, smallest) in
        [(FloatKind::F16, 2f32.powi(-11), 2f32.powi(-25)), (FloatKind::Bf16, 2f32.powi(-8), 0.0)]
    {
        check_all(FORMS, |form| {
            let out = place(folder.path(), dtype.name(), form);
            write(&base, &weights, dtype, (&out, form)).unwrap();
            let model = source::open(&out).unwrap();
            for name in weights.names() {
                let vector = model.tensors.shape(&name).unwrap().len() == 1;
                let kind = if vector && form == Form::Gguf { FloatKind::F32 } else { dtype };
                assert_eq!(model.tensors.float_kind(&name), Some(kind), "{name}");
                for (got, wanted) in model.tensors.read(&name).unwrap().iter().zip(weights.read(&name).unwrap()) {
                    let most = if kind == FloatKind::F32 { 0.0 } else { relative * wanted.abs() + smallest };
                    assert!((got - wanted).abs() <= most, "{form:?} {name}: got {got}, expected {wanted}");
                }
            }
            // Exporting it again in the same type gives the same model.
            assert_eq!(default_dtype(Form::Folder, &model), dtype);
            assert_eq!(default_dtype(Form::Gguf, &model), FloatKind::F16);
        });
    }
    assert_eq!(default_dtype(Form::Folder, &base), FloatKind::Bf16);
}

#[test]
fn a_failure_leaves_nothing_and_what_stood_there_stands() {
    let config = config(Architecture::Llama, true);
    let base = in_memory(&config);
    let mut adapter = trained(&load(&base), adapter_config(Method::Dora));
    let range = adapter.tensors().find(|(slot, _, _, shape)| slot.site.module == Module::VProj && shape.len() == 1);
    let range = range.map(|(_, _, range, _)| range).unwrap();
    adapter.params[range].fill(1e7);
    let weights = MergedSource::new(base.tensors.as_ref(), &adapter);
    check_all(FORMS, |form| {
        let folder = tempfile::tempdir().unwrap();
        let out = place(folder.path(), "m", form);
        let left = || std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        let said = write(&base, &weights, FloatKind::F16, (&out, form)).unwrap_err().to_string();
        let start = "Failed to write tensor `model.layers.0.self_attn.v_proj.weight` as f16: row 0, column ";
        assert!(said.starts_with(start) && said.ends_with("either way; bf16 or f32 holds it"), "{said}");
        assert!(left().is_empty(), "{:?}", left());

        write(&base, &weights, FloatKind::Bf16, (&out, form)).unwrap();
        let digest = source::open(&out).unwrap().digest().unwrap().to_owned();
        let export = Export { model: &base, tensors: &weights, dtype: FloatKind::F32 };
        let mut stop = |done: u64, total: u64| -> Result<()> {
            assert!(done <= total);
            Err(EngineError::unsupported("stopped"))
        };
        let stopped = match form {
            Form::Folder => to_folder(export, &out, &mut stop),
            Form::Gguf => to_gguf(export, &out, &mut stop),
        };
        assert_eq!(stopped.unwrap_err().to_string(), "stopped");
        assert_eq!(left(), [out.file_name().unwrap()]);
        assert_eq!(source::open(&out).unwrap().digest().unwrap(), digest);
        // The same export again replaces it with the same bytes.
        write(&base, &weights, FloatKind::Bf16, (&out, form)).unwrap();
        assert_eq!(source::open(&out).unwrap().digest().unwrap(), digest);
    });
}

#[test]
fn rotary_scaling_survives_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let llama3 =
        RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 8192.0 };
    for scaling in [RopeScaling::Linear { factor: 4.0 }, llama3] {
        let mut config = config(Architecture::Llama, true);
        config.head_dim = 64;
        config.rope_theta = 5e5;
        config.rope_scaling = Some(scaling);
        let mut base = in_memory(&config);
        // From memory to one format, from there to the other, and to itself.
        for (i, form) in [Form::Gguf, Form::Gguf, Form::Folder, Form::Folder, Form::Gguf].into_iter().enumerate() {
            let out = place(folder.path(), &format!("{i}-{scaling:?}"), form);
            write(&base, base.tensors.as_ref(), FloatKind::F32, (&out, form)).unwrap();
            base = source::open(&out).unwrap();
            assert_eq!(base.config, config, "{form:?}");
        }
    }
}

#[test]
fn weights_that_are_not_the_models_are_refused() {
    let config = config(Architecture::Llama, true);
    let base = in_memory(&config);
    let mut memory = Memory::random(&config);
    memory.0.remove("model.norm.weight");
    let folder = tempfile::tempdir().unwrap();
    check_all(FORMS, |form| {
        let out = place(folder.path(), "m", form);
        let said = write(&base, &memory, FloatKind::F32, (&out, form)).unwrap_err().to_string();
        assert!(said.contains("`model.norm.weight` is missing, expected [24]") && !out.exists(), "{said}");
    });
}

/// A byte-level tokenizer with a few merges and single digits, which prepends `<|im_start|>` to a text.
fn tokenizer() -> Tokenizer {
    let mut alphabet: Vec<String> = ByteLevel::alphabet().into_iter().map(String::from).collect();
    alphabet.sort();
    alphabet.extend(["Ġa", "ab"].map(String::from));
    let vocabulary: tokenizers::models::bpe::Vocab = alphabet.into_iter().zip(0..).collect();
    let merges = [("Ġ", "a"), ("a", "b")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    let mut tokenizer = Tokenizer::new(BPE::builder().vocab_and_merges(vocabulary, merges).build().unwrap());
    let steps = Sequence::new(vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()]);
    tokenizer.with_pre_tokenizer(Some(steps));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
    tokenizer.add_special_tokens(special.map(|token| AddedToken::from(token, true))).unwrap();
    let text = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    let start = json!({"SpecialToken": {"id": "<s>", "type_id": 0}});
    let processor: TemplateProcessing = serde_json::from_value(json!({
        "type": "TemplateProcessing", "single": [start, text("A")], "pair": [start, text("A"), text("B")],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [259], "tokens": ["<|im_start|>"]}},
    }))
    .unwrap();
    tokenizer.with_post_processor(Some(processor));
    tokenizer
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_makes_a_model_talk_comes_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(Architecture::Llama, true);
    // More rows than tokens, as in many models.
    config.vocab_size = 270;
    config.eos_token_ids = vec![258];
    let memory = in_memory(&config);
    let start = folder.path().join("start");
    write(&memory, memory.tensors.as_ref(), FloatKind::F16, (&start, Form::Folder)).unwrap();
    tokenizer().save(start.join("tokenizer.json"), true).unwrap();
    let settings = json!({
        "tokenizer_class": "GPT2Tokenizer", "bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"},
        "pad_token": "<|endoftext|>", "unk_token": null,
    });
    std::fs::write(start.join("tokenizer_config.json"), settings.to_string()).unwrap();
    let template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    std::fs::write(start.join("chat_template.jinja"), template).unwrap();
    std::fs::write(start.join("LICENSE"), "terms").unwrap();
    std::fs::write(start.join("README.md"), "of the base").unwrap();

    let first = source::open(&start).unwrap();
    let said = first.chat_template.as_ref().unwrap().render(&[ChatMessage::new("user", "ab 12")], false).unwrap();
    let ids = first.tokenizer.as_ref().unwrap().encode(&said).unwrap();
    let check = |path: &Path| {
        let model = source::open(path).unwrap();
        let tokenizer = model.tokenizer.as_ref().unwrap();
        let template = model.chat_template.as_ref().unwrap();
        assert_eq!(template.render(&[ChatMessage::new("user", "ab 12")], false).unwrap(), said);
        assert_eq!(tokenizer.encode(&said).unwrap(), ids);
        assert_eq!(tokenizer.decode(&ids).unwrap(), first.tokenizer.as_ref().unwrap().decode(&ids).unwrap());
        let mut ends = model.config.eos_token_ids.clone();
        ends.sort();
        assert_eq!(ends, [258, 260], "{}", path.display());
        model
    };
    let again = folder.path().join("again");
    write(&first, first.tensors.as_ref(), FloatKind::Bf16, (&again, Form::Folder)).unwrap();
    check(&again);
    let mut names: Vec<_> = std::fs::read_dir(&again).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    let listed = ["LICENSE", "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors"];
    assert_eq!(names, [&listed[..], &["tokenizer.json", "tokenizer_config.json"]].concat());
    assert_eq!(json_of(&again.join("config.json"))["torch_dtype"], "bfloat16");
    assert_eq!(json_of(&again.join("tokenizer_config.json")), settings);

    let gguf = folder.path().join("m.gguf");
    write(&first, first.tensors.as_ref(), FloatKind::F16, (&gguf, Form::Gguf)).unwrap();
    let from_gguf = check(&gguf);
    let back = folder.path().join("back");
    write(&from_gguf, from_gguf.tensors.as_ref(), FloatKind::F16, (&back, Form::Folder)).unwrap();
    check(&back);
    let written = json_of(&back.join("tokenizer_config.json"));
    for (key, token) in [("bos_token", "<|im_start|>"), ("eos_token", "<|im_end|>"), ("pad_token", "<|endoftext|>")] {
        assert_eq!(written[key], token);
    }
    assert_eq!(written["chat_template"], template);
    // Plain text gets the same first token as from the base's tokenizer.
    let read = Tokenizer::from_file(back.join("tokenizer.json")).unwrap();
    let wanted = tokenizer().encode_fast("ab 12", true).unwrap();
    assert_eq!(read.encode_fast("ab 12", true).unwrap().get_ids(), wanted.get_ids());
    let generation = json_of(&back.join("generation_config.json"));
    assert_eq!(generation, json!({"bos_token_id": 259, "eos_token_id": [260, 258], "pad_token_id": 258}));

    // Exporting the file again copies all of its metadata.
    let twice = folder.path().join("twice.gguf");
    write(&from_gguf, from_gguf.tensors.as_ref(), FloatKind::F32, (&twice, Form::Gguf)).unwrap();
    check(&twice);
}
