//! `hive adapter inspect` and `hive adapter probe`: that an adapter means here what it means in
//! PEFT, and what is said of one that does not fit.

use std::path::{Path, PathBuf};

use crate::harness::{Place, without_digests};
use crate::shared::{folders_with, shared};
use crate::tiny_base::{
    VOCAB, read_tensors, write_adapter, write_adapter_with, write_base, write_base_with, write_ids,
};

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Probes `adapter` and compares every kind of logits with the reference beside it.
fn compare(base: &str, adapter: &Path, all: bool, tolerance: f32) {
    let place = Place::new();
    let reference = adapter.join("reference.safetensors");
    let out = place.path("out.safetensors");
    let (dir, ids, target) = (text(adapter), text(&reference), text(&out));
    let mut args = vec!["adapter", "probe", "--base", base, "--adapter", &dir, "--ids", &ids, "--out", &target];
    args.extend(all.then_some("--all"));
    let said = place.run(&args);
    let tensors = read_tensors(&adapter.join("adapter_model.safetensors")).len();
    assert_eq!(said, format!("exit: 0\n--- stdout\n{tensors}/{tensors} tensors applied\n--- stderr\n"));

    let (got, wanted) = (read_tensors(&out), read_tensors(&reference));
    for name in ["base_logits", "adapted_logits", "merged_logits"] {
        let ((shape, got), (reference_shape, wanted)) = (&got[name], &wanted[name]);
        let rows = if all { reference_shape[0] } else { 2 };
        assert_eq!(shape, &[rows, reference_shape[1]], "{}: {name}", adapter.display());
        // The reference holds every position or the last ones: compare from the end.
        let wanted = &wanted[wanted.len() - got.len()..];
        let off = got.iter().zip(wanted).map(|(g, w)| (g - w).abs()).fold(0.0, f32::max);
        assert!(off < tolerance, "{}: {name} is off by {off:.1e}", adapter.display());
    }
}

#[test]
fn logits_are_those_of_peft() {
    let Some(adapters) = shared("adapters") else { return };
    let mut compared = 0;
    for adapter in folders_with(&adapters, "reference.safetensors") {
        let base = adapter.join("base");
        if base.is_dir() {
            compare(&text(&base), &adapter, true, 1e-5);
            compare(&text(&base), &adapter, false, 1e-5);
            compared += 1;
        }
    }
    assert!(compared > 0, "`{}` holds no adapter with its base", adapters.display());
}

#[test]
fn logits_of_a_real_model_are_those_of_peft() {
    let Some(adapters) = shared("adapters") else { return };
    let adapter = adapters.join("smollm2_135m_instruct_lora_r8_qv");
    let id = "smollm2-135m-instruct-q4_1";
    let Some(base) = pulled(id).filter(|_| adapter.is_dir()) else {
        eprintln!(
            "skipped: `{id}` or an adapter for it is not on this machine; `HIVE_TEST_MODELS` names a folder of models"
        );
        return;
    };
    compare(&text(&base), &adapter, false, 1e-4);
}

/// The folder of a base model that someone has pulled: below `HIVE_TEST_MODELS` or hive's own.
fn pulled(id: &str) -> Option<PathBuf> {
    let models = std::env::var_os("HIVE_TEST_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    let models = models.or_else(|| hive::home::hive_home().map(|home| home.join("models")))?;
    // Written last, so a folder that has it is whole.
    Some(models.join(id)).filter(|folder| folder.join("files.json").is_file())
}

/// A place with the tiny base and its adapter.
fn tiny() -> Place {
    let place = Place::new();
    write_base(&place.path("tiny"));
    write_adapter(&place.path("adapter"));
    write_ids(&place.path("ids.safetensors"), &[2, 3], &[1, 2, 3, 4, 5, 6]);
    place
}

const PROBE: [&str; 10] = [
    "adapter",
    "probe",
    "--base",
    "../tiny",
    "--adapter",
    "../adapter",
    "--ids",
    "../ids.safetensors",
    "--out",
    "../out.safetensors",
];

#[test]
fn the_last_two_positions_unless_all_are_asked_for() {
    let place = tiny();
    let shape = |more: &[&str]| {
        assert!(place.run(&[&PROBE[..], more].concat()).starts_with("exit: 0\n--- stdout\n12/12 tensors applied\n"));
        let got = read_tensors(&place.path("out.safetensors"));
        assert_eq!(got.keys().collect::<Vec<_>>(), ["adapted_logits", "base_logits", "merged_logits"]);
        got["base_logits"].0.clone()
    };
    assert_eq!(shape(&[]), [2, 2, VOCAB]);
    assert_eq!(shape(&["--all"]), [2, 3, VOCAB]);
    write_ids(&place.path("ids.safetensors"), &[4], &[1, 2, 3, 4]);
    assert_eq!(shape(&[]), [2, VOCAB]);
    assert_eq!(shape(&["--all"]), [4, VOCAB]);
    write_ids(&place.path("ids.safetensors"), &[1], &[1]);
    assert_eq!(shape(&[]), [1, VOCAB]);

    let got = read_tensors(&place.path("out.safetensors"));
    let off = |a: &str, b: &str| got[a].1.iter().zip(&got[b].1).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off("adapted_logits", "merged_logits") < 1e-5, "merged is adapted");
    assert!(off("adapted_logits", "base_logits") > 1e-2, "the adapter does something");
}

#[test]
fn inspect_says_what_an_adapter_is() {
    let place = tiny();
    insta::assert_snapshot!("adapter_inspect", place.run(&["adapter", "inspect", "../adapter"]));
    insta::assert_snapshot!("adapter_inspect_json", place.run(&["adapter", "inspect", "../adapter", "--json"]));
}

#[test]
fn every_tensor_that_does_not_fit_is_listed_at_once() {
    let place = tiny();
    let stem = "base_model.model.model.layers.0";
    write_adapter_with(&place.path("adapter"), |tensors| {
        tensors.remove(&format!("{stem}.self_attn.q_proj.lora_A.weight"));
        tensors.insert(format!("{stem}.self_attn.k_proj.lora_A.weight"), (vec![1], vec![0.0]));
        tensors.insert(format!("{stem}.mlp.down_proj.lora_B.weight"), (vec![3, 2], vec![0.0; 6]));
    });
    insta::assert_snapshot!("adapter_mismatch", place.run(&PROBE));
    assert!(!place.path("out.safetensors").exists());
}

#[test]
fn an_adapter_of_another_base() {
    let place = tiny();
    place.write("adapter/hive_base.json", &format!("{{\"id\": \"other\", \"digest\": \"{}\"}}", "0".repeat(64)));
    insta::assert_snapshot!("adapter_other_base", without_digests(&place.run(&PROBE)));
}

#[test]
fn files_that_are_absent_or_damaged() {
    let place = tiny();
    let adapter = place.path("adapter/adapter_model.safetensors");
    let whole = std::fs::read(&adapter).unwrap();
    std::fs::write(&adapter, &whole[..whole.len() / 2]).unwrap();
    insta::assert_snapshot!("adapter_truncated", place.run(&PROBE));
    insta::assert_snapshot!("adapter_inspect_truncated", place.run(&["adapter", "inspect", "../adapter"]));

    std::fs::remove_file(&adapter).unwrap();
    insta::assert_snapshot!("adapter_without_tensors", place.run(&PROBE));
    place.write("adapter/adapter_model.bin", "pickle");
    insta::assert_snapshot!("adapter_pickle", place.run(&PROBE));
    insta::assert_snapshot!("adapter_inspect_pickle", place.run(&["adapter", "inspect", "../adapter"]));

    std::fs::remove_file(place.path("adapter/adapter_config.json")).unwrap();
    insta::assert_snapshot!("adapter_without_config", place.run(&PROBE));
    insta::assert_snapshot!("adapter_inspect_nothing", place.run(&["adapter", "inspect", "../nowhere"]));
}

#[test]
fn a_setting_that_is_not_computed_is_refused() {
    let place = tiny();
    let path = place.path("adapter/adapter_config.json");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("\"none\"", "\"all\"")).unwrap();
    insta::assert_snapshot!("adapter_unsupported_setting", place.run(&PROBE));
}

#[test]
fn base_models_that_are_damaged() {
    let place = tiny();
    let weights = place.path("tiny/model.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..whole.len() - 100]).unwrap();
    insta::assert_snapshot!("base_truncated", place.run(&PROBE));
    std::fs::write(&weights, &whole[..5]).unwrap();
    insta::assert_snapshot!("base_truncated_header", place.run(&PROBE));

    write_base_with(&place.path("tiny"), |weights| {
        weights.remove("model.norm.weight");
        weights.insert("model.layers.2.mlp.up_proj.weight".to_owned(), (vec![1], vec![0.0]));
    });
    insta::assert_snapshot!("base_mismatch", place.run(&PROBE));

    let gguf = |bytes: &[u8]| {
        std::fs::write(place.path("tiny.gguf"), bytes).unwrap();
        let args: Vec<&str> = PROBE.iter().map(|a| if *a == "../tiny" { "../tiny.gguf" } else { a }).collect();
        place.run(&args)
    };
    insta::assert_snapshot!("gguf_garbage", gguf(b"not a model at all"));
    // Version 3, one tensor, one key: and then nothing.
    let header = [&b"GGUF"[..], &3u32.to_le_bytes(), &1u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
    insta::assert_snapshot!("gguf_truncated_header", gguf(&header));
    insta::assert_snapshot!("gguf_truncated_tensors", gguf(&gguf_without_its_end()));
}

/// A GGUF file with one tensor of 256 bytes, of which 100 are there.
fn gguf_without_its_end() -> Vec<u8> {
    let string = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut file = [&b"GGUF"[..], &3u32.to_le_bytes(), &1u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
    // Type 8 is a text.
    file.extend([string("general.architecture"), 8u32.to_le_bytes().to_vec(), string("llama")].concat());
    file.extend([string("token_embd.weight"), 2u32.to_le_bytes().to_vec()].concat());
    // Two dimensions, type 0 is f32, offset 0.
    file.extend([16u64.to_le_bytes(), 4u64.to_le_bytes()].concat());
    file.extend([&0u32.to_le_bytes()[..], &0u64.to_le_bytes()].concat());
    file.resize(file.len().next_multiple_of(32) + 100, 0);
    file
}

#[test]
fn token_ids_that_make_no_sense() {
    let place = tiny();
    let ids = place.path("ids.safetensors");
    write_ids(&ids, &[2], &[1, VOCAB as i64]);
    insta::assert_snapshot!("ids_beyond_vocabulary", place.run(&PROBE));
    write_ids(&ids, &[2], &[1, -1]);
    insta::assert_snapshot!("ids_negative", place.run(&PROBE));
    write_ids(&ids, &[1, 1, 2], &[1, 2]);
    insta::assert_snapshot!("ids_three_dimensions", place.run(&PROBE));
    write_ids(&ids, &[0], &[]);
    insta::assert_snapshot!("ids_none", place.run(&PROBE));
}

#[test]
fn no_such_base() {
    let place = tiny();
    let with = |base: &'static str| PROBE.map(|a| if a == "../tiny" { base } else { a });
    insta::assert_snapshot!("base_unknown", place.run(&with("qwen3-0.6")));
    insta::assert_snapshot!("base_not_a_model", place.run(&with("../adapter")));
}
