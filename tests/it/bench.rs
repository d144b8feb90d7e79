//! `hive bench train`: the numbers it prints, and that it computes what PEFT computes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Place;
use crate::shared::{folders_with, shared};
use crate::tiny_base::{Tensors, read_tensors, write_adapter, write_base};

/// The one JSON line of a run that succeeded.
fn json_line(place: &Place, args: &[&str]) -> Value {
    let output = place.output(&[], args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn training_is_what_peft_computes() {
    let Some(parity) = shared("parity") else { return };
    let mut compared = 0;
    for case in folders_with(&parity, "expected.json") {
        let Some(base) = base_of(&parity, &case) else {
            eprintln!("skipped: `{}` has no base model beside it", case.display());
            continue;
        };
        compare(&base, &case);
        compared += 1;
    }
    assert!(compared > 0, "`{}` holds no case that can be compared", parity.display());
}

/// The base of a case: the folder beside it, or beside that one, whose name the case's starts with.
fn base_of(parity: &Path, case: &Path) -> Option<PathBuf> {
    let name = case.file_name()?.to_str()?;
    let is_start = |base: &&PathBuf| {
        let words = base.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with(words.split("-135m").next().unwrap_or(words))
    };
    [Some(parity), parity.parent()]
        .into_iter()
        .flatten()
        .find_map(|folder| folders_with(folder, "config.json").into_iter().find(|base| is_start(&base)))
}

fn compare(base: &Path, case: &Path) {
    let name = case.file_name().unwrap_or_default().to_string_lossy();
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(case.join("expected.json")).unwrap()).unwrap();
    let place = Place::new();
    let out = place.path("out");
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let number = |key: &str| expected["optimizer"][key].to_string();
    let got = json_line(
        &place,
        &[
            &["bench", "train", "--json", "--base", &text(base), "--adapter", &text(&case.join("init"))][..],
            &["--batch-file", &text(&case.join("batch.safetensors")), "--out", &text(&out)],
            &["--lr", &number("lr"), "--weight-decay", &number("weight_decay"), "--steps", &number("steps")],
        ]
        .concat(),
    );
    assert_eq!(got["trainable"], expected["trainable"], "{name}");

    let numbers = |value: &Value| value.as_array().unwrap().iter().filter_map(Value::as_f64).collect::<Vec<_>>();
    let losses = numbers(&got["losses"]);
    let wanted = [numbers(&expected["losses"]), vec![expected["loss_after"].as_f64().unwrap()]].concat();
    assert_eq!(losses.len(), wanted.len(), "{name}: one loss before each update and one after the last");
    for (step, (got, want)) in losses.iter().zip(&wanted).enumerate() {
        let off = (got - want).abs() / want;
        assert!(off < 1e-5, "{name}: loss {step} is {got}, expected {want} (off by {off:.1e})");
    }

    let file = |folder: &Path| read_tensors(&folder.join("adapter_model.safetensors"));
    let (init, wanted, got) = (file(&case.join("init")), file(&case.join("final")), file(&out));
    assert_eq!(got.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{name}: the same tensors");
    for kind in ["lora_A", "lora_B", "lora_magnitude_vector"] {
        let off = update_distance(kind, &init, &got, &wanted);
        assert!(off < 1e-3, "{name}: the update of {kind} is off by {off:.1e}");
    }
}

/// ‖(got − init) − (wanted − init)‖ / ‖wanted − init‖ over all tensors of this kind.
fn update_distance(kind: &str, init: &Tensors, got: &Tensors, wanted: &Tensors) -> f64 {
    let (mut off, mut whole) = (0.0, 0.0);
    for (name, (_, start)) in init.iter().filter(|(name, _)| name.contains(kind)) {
        for ((s, g), w) in start.iter().zip(&got[name].1).zip(&wanted[name].1) {
            off += (f64::from(*g) - f64::from(*w)).powi(2);
            whole += (f64::from(*w) - f64::from(*s)).powi(2);
        }
    }
    assert!(whole > 0.0, "the reference changes {kind}");
    (off / whole).sqrt()
}

#[test]
fn the_json_line_has_these_keys() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    let args = ["bench", "train", "--base", "../tiny", "--rank", "2", "--seq", "16", "--accum", "2", "--steps", "2"];
    let got = json_line(&place, &[&args[..], &["--json"]].concat());
    let mut keys: Vec<&str> = got.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "losses",
        "peak_rss_mb",
        "step_s",
        "steps_s",
        "threads",
        "tokens_per_s",
        "tokens_per_step",
        "trainable",
        "useful_gflop_per_s",
    ];
    assert_eq!(keys, expected);
    assert_eq!(got["losses"].as_array().unwrap().len(), 2);
    assert_eq!(got["tokens_per_step"], 64);
    assert!(got["tokens_per_s"].as_f64().unwrap() > 0.0 && got["step_s"].as_f64().unwrap() >= 0.0);
}

#[test]
fn a_prompt_and_a_text_are_timed() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    let args = ["bench", "generate", "--base", "../tiny", "--prompt", "9", "--tokens", "3", "--times", "1", "--json"];
    let got = json_line(&place, &args);
    assert!(got["prompt_tokens_per_s"].as_f64().unwrap() > 0.0 && got["tokens_per_s"].as_f64().unwrap() > 0.0, "{got}");
}

#[test]
fn the_plain_form_says_the_same_in_words() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    let text = place.run(&["bench", "train", "--base", "../tiny", "--rank", "2", "--seq", "16", "--steps", "1"]);
    assert!(text.starts_with("exit: 0\n") && text.ends_with("--- stderr\n"), "{text}");
    assert!(text.contains(" tokens/s, ") && text.contains(" trainable parameters"), "{text}");
}

#[test]
fn misuse_is_told() {
    let place = Place::new();
    write_base(&place.path("tiny"));
    write_adapter(&place.path("adapter"));
    let base = ["bench", "train", "--base", "../tiny"];
    let run = |more: &[&str]| place.run(&[&base[..], more].concat());
    insta::assert_snapshot!("bench_zero_steps", run(&["--steps", "0"]));
    insta::assert_snapshot!("bench_prompt_frac", run(&["--prompt-frac", "1"]));
    insta::assert_snapshot!("bench_unknown_target", run(&["--targets", "q_proj,x_proj", "--steps", "1"]));
    crate::tiny_base::write_ids(&place.path("ids.safetensors"), &[1, 3], &[1, 2, 3]);
    insta::assert_snapshot!(
        "bench_batch_without_labels",
        run(&["--adapter", "../adapter", "--batch-file", "../ids.safetensors"])
    );
}
