//! `hive adapter inspect`, `probe` and `merge`: that an adapter means here what it means in PEFT, also
//! when it is merged, and what is said of one that does not fit.

use hive_tests::check_all;
use std::path::{Path, PathBuf};

use hive::context::Environment;

use crate::harness::{Place, without_digests};
use crate::shared::{folders_with, shared};
use crate::tiny_base::{
    Tensors, VOCAB, change_config, read_tensors, write_adapter, write_adapter_with, write_base, write_base_with,
    write_ids, write_tensors,
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
    assert_eq!(said, format!("exit: 0\n--- stdout\nall {tensors} tensors applied\n--- stderr\n"));

    let again = place.run(&args);
    assert!(again.starts_with("exit: 2") && again.contains("already exists"), "{again}");
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
    let models = models.or_else(|| Environment::from_env().context.home.map(|home| home.join("models")))?;
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

const PROBE: [&str; 11] = [
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
    "--force",
];

#[test]
fn the_last_two_positions_unless_all_are_asked_for() {
    let place = tiny();
    let shape = |more: &[&str]| {
        assert!(place.run(&[&PROBE[..], more].concat()).starts_with("exit: 0\n--- stdout\nall 12 tensors applied\n"));
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
fn keys_as_other_tools_write_them_mean_the_same() {
    let place = tiny();
    let wanted = logits(&place, "../tiny");
    let forms: [fn(&str) -> String; 3] = [
        |key| key.replace("lora_magnitude_vector", "lora_magnitude_vector.weight"),
        |key| {
            let key = key.replace(".weight", ".default.weight");
            key.replace("lora_magnitude_vector", "lora_magnitude_vector.default.weight")
        },
        |key| key.replace("lora_magnitude_vector", "lora_magnitude_vector.default"),
    ];
    check_all(forms, |form| {
        write_adapter_with(&place.path("adapter"), |tensors| {
            *tensors = std::mem::take(tensors).into_iter().map(|(key, tensor)| (form(&key), tensor)).collect();
        });
        assert!(logits(&place, "../tiny") == wanted);
        let said = place.run(&["adapter", "inspect", "../adapter"]);
        assert!(said.starts_with("exit: 0\n") && said.contains("loads           yes"), "{said}");
    });
    // One and the same tensor under two names.
    write_adapter_with(&place.path("adapter"), |tensors| {
        let key = tensors.keys().find(|key| key.contains("lora_A")).unwrap().clone();
        let tensor = tensors[&key].clone();
        tensors.insert(key.replace(".weight", ".default.weight"), tensor);
    });
    let said = place.run(&PROBE);
    assert!(said.contains("1 of its 13 tensors does not match base model `../tiny`:\n"), "{said}");
    assert!(said.contains("is in the file a second time, under another name"), "{said}");
}

#[test]
fn patterns_of_target_modules_may_look_ahead() {
    let place = tiny();
    let wanted = logits(&place, "../tiny");
    let with = |pattern: &str| {
        change_config(&place.path("adapter"), |config| config["target_modules"] = pattern.into());
        (place.run(&PROBE), place.run(&["adapter", "inspect", "../adapter"]))
    };
    let looks_ahead =
        r"(?:\bmodel\.layers\.[\d]{1,}(?!.*\.experts\.\d)\..*?(?:self_attn|mlp).*?\.(?:(?:q_proj|down_proj)))";
    let (probe, inspect) = with(looks_ahead);
    assert_eq!(probe, "exit: 0\n--- stdout\nall 12 tensors applied\n--- stderr\n");
    assert!(logits(&place, "../tiny") == wanted);
    assert!(inspect.contains("loads           yes"), "{inspect}");
    // It matches less than there are tensors for.
    let (probe, inspect) = with(r"^(?!.*\.1\.).*(?:q_proj|down_proj)$");
    assert!(
        probe.contains("which targets `^(?!.*\\.1\\.).*(?:q_proj|down_proj)$`: 6 of its 12 tensors do not match"),
        "{probe}"
    );
    assert!(
        probe.contains("belongs to `model.layers.1.self_attn.q_proj`, which the configuration does not target"),
        "{probe}"
    );
    assert!(inspect.starts_with("exit: 1\n") && inspect.contains("loads           no, for 2 reasons"), "{inspect}");
    // It cannot be read: the tensors say which layers are meant.
    let (probe, inspect) = with(r"(?:.*\.q_proj");
    assert_eq!(probe, "exit: 0\n--- stdout\nall 12 tensors applied\n--- stderr\n");
    assert!(logits(&place, "../tiny") == wanted);
    assert!(inspect.starts_with("exit: 0\n"), "{inspect}");
    assert!(inspect.contains("The module pattern `(?:.*\\.q_proj` cannot be read: "), "{inspect}");
    assert!(inspect.contains("; its tensors determine the layers\n"), "{inspect}");
}

#[test]
fn adapters_of_other_methods_and_tools_are_named() {
    let place = tiny();
    let with = |config: &str| {
        place.write("adapter/adapter_config.json", config);
        [place.run(&["adapter", "inspect", "../adapter"]), place.run(&PROBE)]
    };
    check_all(
        [
            (
                r#"{"peft_type": "OFT", "oft_block_size": 32, "target_modules": ["q_proj"]}"#,
                "`peft_type` is `OFT`, expected `LORA`",
            ),
            (r#"{"peft_type": "ADALORA", "r": 8}"#, "`peft_type` is `ADALORA`, expected `LORA`"),
            (r#"{"peft_type": null, "r": 8, "lora_alpha": 16}"#, "`peft_type` is missing, expected `LORA`"),
            (r#"{"peft_type": 7}"#, "`peft_type` is 7, expected `LORA`"),
            (
                r#"{"fine_tune_type": "dora", "num_layers": 16}"#,
                "it is of an adapter of mlx-lm (`fine_tune_type` is `dora`)",
            ),
            (r#"{"lora_parameters": {"rank": 8}}"#, "it is of an adapter of mlx-lm (it has `lora_parameters`)"),
            (r#"{"peft_type": "LORA", "lora_alpha": 8}"#, "missing field `r`"),
            (
                r#"{"peft_type": "LORA", "r": 8, "lora_alpha": 1e30}"#,
                "`lora_alpha` is 1000000000000000000000000000000, expected",
            ),
        ],
        |(config, expected)| {
            for said in with(config) {
                assert!(said.starts_with("exit: 1\n") && said.contains(expected), "{config}: {said}");
            }
        },
    );
    let place = tiny();
    let tensors = place.path("adapter/adapter_model.safetensors");
    std::fs::rename(&tensors, place.path("adapter/adapters.safetensors")).unwrap();
    let said = place.run(&PROBE);
    assert!(
        said.contains(
            "it has `adapters.safetensors`, as mlx-lm writes it, expected PEFT's `adapter_model.safetensors`"
        ),
        "{said}"
    );
}

#[test]
fn what_hive_does_not_compute_is_named_with_what_was_targeted() {
    let place = tiny();
    write_adapter_with(&place.path("adapter"), |tensors| {
        for (part, shape) in [("A", vec![2, 16]), ("B", vec![VOCAB, 2])] {
            let values = vec![0.0; shape.iter().product()];
            tensors.insert(format!("base_model.model.lm_head.lora_{part}.weight"), (shape, values));
        }
    });
    let targeted = "belongs to `lm_head`, which the configuration targets and hive does not compute (it computes adapters of q_proj";
    change_config(&place.path("adapter"), |config| {
        config["target_modules"] = serde_json::json!(["q_proj", "down_proj", "lm_head"]);
    });
    let said = place.run(&PROBE);
    assert!(
        said.contains("`../adapter`, which targets `down_proj`, `lm_head`, `q_proj`: 2 of its 14 tensors do not match"),
        "{said}"
    );
    assert!(said.contains(targeted), "{said}");
    let said = place.run(&["adapter", "inspect", "../adapter"]);
    assert!(said.starts_with("exit: 1\n") && said.contains("loads           no, for 2 reasons"), "{said}");
    assert!(said.contains(targeted), "{said}");
    // Every key is another than it should be: what is there and what is missing are two counts.
    write_adapter_with(&place.path("adapter"), |tensors| {
        *tensors = std::mem::take(tensors).into_iter().map(|(key, t)| (format!("x.{key}"), t)).collect();
    });
    let said = place.run(&PROBE);
    assert!(said.contains("12 of its 12 tensors do not match base model `../tiny`, and 12 are missing:\n"), "{said}");
}

#[test]
fn values_that_are_no_numbers_are_found() {
    let place = tiny();
    let key = "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight";
    write_adapter_with(&place.path("adapter"), |tensors| {
        let values = &mut tensors.get_mut(key).unwrap().1;
        (values[0], values[5]) = (f32::NAN, f32::NEG_INFINITY);
    });
    let told = format!("`{key}` holds 2 values of 32 that are not finite (NaN or infinity)");
    let said = place.run(&["adapter", "inspect", "../adapter"]);
    assert!(said.starts_with("exit: 1\n") && said.contains("loads           no, for 1 reason"), "{said}");
    assert!(said.contains(&told), "{said}");
    let said = place.run(&PROBE);
    assert!(said.starts_with("exit: 1\n") && said.contains(&told), "{said}");
    assert!(said.contains("1 of its 12 tensors hold what is no number"), "{said}");
}

#[test]
fn git_lfs_pointers_are_named() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 45118424\n";
    let told = "it is a Git LFS pointer: `git lfs pull` gets the file";
    check_all(
        [
            "adapter/adapter_model.safetensors",
            "adapter/adapter_config.json",
            "tiny/model.safetensors",
            "tiny/tokenizer.json",
        ],
        |file| {
            let place = tiny();
            place.write(file, pointer);
            let said = place.run(&PROBE);
            let name = file.rsplit('/').next().unwrap();
            assert!(said.starts_with("exit: 1\n") && said.contains(told) && said.contains(name), "{file}: {said}");
            if file.starts_with("adapter") {
                assert!(place.run(&["adapter", "inspect", "../adapter"]).contains(told), "{file}");
            }
        },
    );
    let place = tiny();
    place.write("model.gguf", pointer);
    let said = place.run(&PROBE.map(|a| if a == "../tiny" { "../model.gguf" } else { a }));
    assert!(said.contains(told), "{said}");
}

#[test]
fn repositories_of_the_hub_are_known_by_name() {
    let place = tiny();
    check_all(
        [
            &PROBE[..],
            &["adapter", "merge", "--adapter", "../adapter", "--base", "../tiny", "--out", "../x"],
            &["bench", "train", "--base", "../tiny"],
            &["bench", "generate", "--base", "../tiny"],
        ],
        |command| {
            let args: Vec<&str> = command
                .iter()
                .map(|a| if *a == "../tiny" { "huggingfacetb/SmolLM2-135M-Instruct" } else { a })
                .collect();
            let said = place.run_with(&[("HIVE_OFFLINE", "1")], &args);
            let means = "Base model `huggingfacetb/SmolLM2-135M-Instruct` of the hub is `smollm2-135m-instruct` of the catalogue\n";
            assert!(said.contains(means), "{command:?}: {said}");
            assert!(said.contains("error: Failed to get base model `smollm2-135m-instruct`: "), "{said}");
        },
    );
    // What an adapter names, as PEFT writes it.
    change_config(&place.path("adapter"), |config| {
        config["base_model_name_or_path"] = "HuggingFaceTB/SmolLM2-135M-Instruct".into();
    });
    let said =
        place.run_with(&[("HIVE_OFFLINE", "1")], &["adapter", "merge", "--adapter", "../adapter", "--out", "../x"]);
    assert!(said.contains("is `smollm2-135m-instruct` of the catalogue\n"), "{said}");
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
    write_ids(&ids, &[1, 4097], &[1; 4097]);
    let said = place.run(&PROBE);
    assert!(said.contains("holds rows of 4,097 tokens, the base model reads at most 4,096"), "{said}");
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

/// Merges the tiny adapter into the tiny base, or with `more` into something else.
fn merge(place: &Place, more: &[&str]) -> String {
    place.run(&[&["adapter", "merge", "--adapter", "../adapter"], more].concat())
}

/// The logits that `hive adapter probe` computes with this base and the tiny adapter.
fn logits(place: &Place, base: &str) -> Tensors {
    let args = PROBE.map(|a| if a == "../tiny" { base } else { a });
    let said = place.run(&[&args[..], &["--all"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    read_tensors(&place.path("out.safetensors"))
}

/// How far the base logits of one are from the adapted ones of the other.
fn off(merged: &Tensors, beside: &Tensors) -> f32 {
    let (merged, beside) = (&merged["base_logits"].1, &beside["adapted_logits"].1);
    assert_eq!(merged.len(), beside.len());
    merged.iter().zip(beside).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_merged_model_computes_what_the_adapter_does() {
    let place = tiny();
    let beside = logits(&place, "../tiny");
    let base = ["--base", "../tiny"];
    let folder = merge(&place, &[&base[..], &["--out", "../made/merged"]].concat());
    insta::assert_snapshot!("adapter_merge", folder);
    assert!(off(&logits(&place, "../made/merged"), &beside) < 1e-5);
    let gguf = merge(&place, &[&base[..], &["--out", "../made/merged.gguf", "--gguf", "--dtype", "f32"]].concat());
    insta::assert_snapshot!("adapter_merge_gguf", gguf);
    assert!(off(&logits(&place, "../made/merged.gguf"), &beside) < 1e-5);

    // From the GGUF file of the base itself, to both.
    write_adapter_with(&place.path("nothing"), |tensors| tensors.values_mut().for_each(|(_, v)| v.fill(0.0)));
    let config = std::fs::read_to_string(place.path("nothing/adapter_config.json")).unwrap();
    place.write("nothing/adapter_config.json", &config.replace("\"use_dora\": true", "\"use_dora\": false"));
    remove_magnitudes(&place.path("nothing"));
    let nothing = ["adapter", "merge", "--adapter", "../nothing", "--base", "../tiny", "--dtype", "f32", "--gguf"];
    let said = place.run(&[&nothing[..], &["--out", "../tiny.gguf"]].concat());
    assert!(said.contains("merged    4/4 linear layers, 8/8 adapter tensors"), "{said}");
    assert!(off(&logits(&place, "../tiny.gguf"), &beside) > 1e-2, "it is the base alone");
    for (out, more) in [("../again", &[][..]), ("../again.gguf", &["--gguf", "--dtype", "f32"][..])] {
        let said = merge(&place, &[&["--base", "../tiny.gguf", "--out", out], more].concat());
        assert!(said.starts_with("exit: 0\n"), "{said}");
        assert!(off(&logits(&place, out), &beside) < 1e-5, "{out}");
    }
    // Half of the bits: near, and not the same.
    merge(&place, &[&base[..], &["--out", "../half", "--dtype", "bf16"]].concat());
    let near = off(&logits(&place, "../half"), &beside);
    assert!((1e-6..0.2).contains(&near), "{near}");
}

/// A LoRA adapter has none.
fn remove_magnitudes(adapter: &Path) {
    let file = adapter.join("adapter_model.safetensors");
    let mut tensors = read_tensors(&file);
    tensors.retain(|name, _| !name.ends_with("magnitude_vector"));
    write_tensors(&file, &tensors);
}

#[test]
fn a_merged_folder_has_all_that_the_base_has() {
    let place = tiny();
    place.write("tiny/generation_config.json", "{\"temperature\": 0.5}");
    place.write("tiny/README.md", "of the base");
    place.write("adapter/hive_base.json", &record_of(&place.path("tiny")));
    // The base that the adapter records, as it was found from here.
    let said = merge(&place, &["--out", "../merged", "--json"]);
    insta::assert_snapshot!("adapter_merge_json", without_digests(&said));
    let mut names: Vec<String> = std::fs::read_dir(place.path("merged"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let small = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
    assert_eq!(names, [&small[..2], &["model.safetensors"], &small[2..]].concat());
    for name in &small[1..] {
        let read = |folder: &str| std::fs::read(place.path(folder).join(name)).unwrap();
        assert!(read("merged") == read("tiny"), "{name}");
    }
    let config = std::fs::read_to_string(place.path("merged/config.json")).unwrap();
    assert!(config.contains("\"torch_dtype\": \"float32\""), "{config}");

    // Another base of the same shape is not the one that is recorded.
    write_base_with(&place.path("tiny"), |weights| weights.get_mut("model.norm.weight").unwrap().1[0] += 1.0);
    let said = merge(&place, &["--out", "../other"]);
    insta::assert_snapshot!("adapter_merge_other_base", without_digests(&said));
    assert!(!place.path("other").exists());
}

/// The record that binds an adapter to a base, by the way from the checkout.
fn record_of(base: &Path) -> String {
    let digest = hive_digest(&std::fs::read(base.join("model.safetensors")).unwrap());
    format!("{{\"id\": \"../tiny\", \"digest\": \"{digest}\"}}")
}

fn hive_digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn nothing_is_lost_to_merging() {
    let place = tiny();
    let to = |out: &str, more: &[&str]| merge(&place, &[&["--base", "../tiny", "--out", out], more].concat());
    to("../merged", &[]);
    insta::assert_snapshot!("adapter_merge_exists", to("../merged", &[]));
    assert!(to("../merged", &["--force"]).starts_with("exit: 0\n"));
    place.write("merged/thesis.txt", "years of work");
    insta::assert_snapshot!("adapter_merge_would_lose", to("../merged", &["--force"]));
    insta::assert_snapshot!("adapter_merge_over_base", to("../tiny", &["--force"]));
    assert!(to("../merged.gguf", &["--gguf"]).starts_with("exit: 0\n"));
    insta::assert_snapshot!("adapter_merge_file_exists", to("../merged.gguf", &["--gguf"]));
    assert!(to("../merged.gguf", &["--gguf", "--force"]).starts_with("exit: 0\n"));
    insta::assert_snapshot!("adapter_merge_folder_as_gguf", to("../other", &["--gguf"]));
    insta::assert_snapshot!("adapter_merge_gguf_as_folder", to("../other.gguf", &[]));
    assert!(!place.path("other").exists() && !place.path("other.gguf").exists());
    // The tiny adapter names `tiny`, which is nothing that is known from here.
    insta::assert_snapshot!("adapter_merge_unknown_base", merge(&place, &["--out", "../other"]));
    let config = std::fs::read_to_string(place.path("adapter/adapter_config.json")).unwrap();
    place.write("adapter/adapter_config.json", &config.replace("\"tiny\"", "null"));
    insta::assert_snapshot!("adapter_merge_no_base", merge(&place, &["--out", "../other"]));
}

#[test]
fn a_weight_that_is_too_large_is_named() {
    let place = tiny();
    let large = |tensors: &mut Tensors| {
        let name = "base_model.model.model.layers.1.mlp.down_proj.lora_magnitude_vector";
        tensors.get_mut(name).unwrap().1.fill(1e6);
    };
    write_adapter_with(&place.path("adapter"), large);
    let to = |out: &str, dtype: &str| merge(&place, &["--base", "../tiny", "--out", out, "--dtype", dtype]);
    insta::assert_snapshot!("adapter_merge_overflow", to("../merged", "f16"));
    assert!(!place.path("merged").exists());
    assert!(to("../merged", "bf16").starts_with("exit: 0\n"));
}

#[test]
fn merged_weights_are_those_of_peft() {
    let Some(adapters) = shared("adapters") else { return };
    let mut compared = 0;
    for adapter in folders_with(&adapters, "reference.safetensors").into_iter().filter(|a| a.join("base").is_dir()) {
        let place = Place::new();
        let (dir, base) = (text(&adapter), text(&adapter.join("base")));
        let said = place.run(&["adapter", "merge", "--adapter", &dir, "--base", &base, "--out", "../merged"]);
        assert!(said.starts_with("exit: 0\n"), "{dir}: {said}");
        let merged = read_tensors(&place.path("merged/model.safetensors"));
        for (name, (shape, wanted)) in read_tensors(&adapter.join("reference.safetensors")) {
            let Some(name) = name.strip_prefix("merged.") else { continue };
            let (got_shape, got) = &merged[name];
            assert_eq!(*got_shape, shape, "{dir}: {name}");
            let off = got.iter().zip(&wanted).map(|(g, w)| (g - w).abs()).fold(0.0, f32::max);
            assert!(off < 1e-6, "{dir}: {name} is off by {off:.1e}");
            compared += 1;
        }
    }
    assert!(compared > 0, "`{}` holds no adapter with its base", adapters.display());
}
