//! `hive expert train` from end to end: the SQL expert on a tiny base. What it writes, that it
//! writes the same twice, and that a run goes on after Ctrl-C as if nothing had happened.

use hive_tests::check_all;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Place, without_digests};
use crate::tiny_base::{read_tensors, write_base};

/// A place with the SQL expert and a tiny base.
pub fn place() -> Place {
    let place = Place::new();
    place.install_own("sql");
    write_base(&place.path("tiny"));
    place
}

/// A short training run on the expert's own data.
pub const TRAIN: [&str; 19] = [
    "expert",
    "train",
    "sql",
    "--base",
    "../tiny",
    "--set",
    "steps=3",
    "--set",
    "effective_batch=2",
    "--set",
    "max_seq_len=4000",
    "--set",
    "synthetic_records=40",
    "--set",
    "graded_prompts=1",
    "--set",
    "rank=2",
    // To the tiny base a byte is a token.
    "--set",
    "data.lints.too-long-completion=off",
];

/// The adapter's bytes in a run folder.
pub fn adapter(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("adapter/adapter_model.safetensors")).unwrap()
}

/// The lines of a run's metrics.
pub fn metrics(place: &Place, run: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path("checkout").join(run).join("metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_run_leaves_everything_in_its_folder() {
    let place = place();
    let said = place.run(&TRAIN);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let (out, err) = said.split_once("--- stderr\n").unwrap();
    check_all(
        [
            "Result of training (base → expert, adapter of step ",
            "  held-out loss            ",
            "  held-out token accuracy  ",
            "  right answers\n    held-out, 1 of 2       0.0 % [0.0, 79.3] → 0.0 % [0.0, 79.3]\n",
            "    eval prompts, 1 of 96  0.0 % [0.0, 79.3] → 0.0 % [0.0, 79.3]\n  partial credit\n",
            "    held-out, 1 of 2       0.000 [0.000, 0.000] → 0.000 [0.000, 0.000]\n",
            "Adapter: runs/sql-1/adapter\n",
            "Try it (none of these prompts was answered correctly):\n  ",
            " expert run sql --run runs/sql-1 --schema runs/sql-1/example.schema.sql '",
        ],
        |line| {
            assert!(out.contains(line), "`{line}` is missing on stdout:\n{said}");
        },
    );
    check_all(
        [
            "      data 40 records; split by `schema`",
            "      plan DoRA rank 2 on `../tiny`, ",
            "     steps 3 of 2 records, from 38 records, 2 held out, evaluated every ",
            "      cost ",
            ", in `runs/sql-1`",
            "evaluation before training: held-out loss ",
            "step 1/3  loss ",
            "step 3/3  loss ",
            "evaluation after step 3: held-out loss ",
        ],
        |line| {
            assert!(err.contains(line), "`{line}` is missing on stderr:\n{said}");
        },
    );

    let run = place.path("checkout/runs/sql-1");
    let mut names: Vec<String> =
        std::fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            ".lock",
            "adapter",
            "checkpoints",
            "evaluation.json",
            "example.schema.sql",
            "made.json",
            "metrics.jsonl",
            "receipt.json",
            "recipe.json",
            "report.html",
            "run.json",
            "tensorboard"
        ]
    );
    assert_eq!(json(&run.join("run.json"))["expert"], "sql");
    let recipe = json(&run.join("recipe.json"));
    assert_eq!(recipe["base_model"], "../tiny");
    assert_eq!(recipe["training"]["steps"], 3);
    let metrics = metrics(&place, "runs/sql-1");
    let steps: Vec<u64> =
        metrics.iter().filter(|m| m["grad_norm"].is_f64()).filter_map(|m| m["step"].as_u64()).collect();
    assert_eq!(steps, [1, 2, 3]);
    assert_eq!(
        metrics.iter().filter(|m| m["eval_loss"].is_f64()).count(),
        2,
        "before the first step and after the last"
    );
    let checkpoint = run.join("checkpoints/step-000003");
    for file in
        ["adapter_config.json", "adapter_model.safetensors", "hive_base.json", "optimizer.safetensors", "state.json"]
    {
        assert!(checkpoint.join(file).is_file(), "{file}");
    }
    let evaluation = json(&run.join("evaluation.json"));
    assert_eq!(evaluation["format"], 2);
    let expert = &evaluation["eval_prompts"]["expert"];
    assert_eq!(expert["graded"].as_array().unwrap().len(), 1);
    assert_eq!((&expert["of"], &expert["right_answers"]["of"]), (&Value::from(96), &Value::from(1)));
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("right answers, 1 of 96 eval prompts") && page.contains("partial credit, 1 of 96"), "{page}");
    let receipt = json(&run.join("receipt.json"));
    assert_eq!((&receipt["format"], &receipt["best_by"]), (&Value::from(2), &Value::from("eval_loss")));
    // q, k, v, o, up and down of two layers: A, B and magnitude of each.
    assert_eq!(read_tensors(&run.join("adapter/adapter_model.safetensors")).len(), 36);
    let config = json(&run.join("adapter/adapter_config.json"));
    assert_eq!((&config["r"], &config["use_dora"]), (&Value::from(2), &Value::from(true)));
    let digest = json(&run.join("adapter/hive_base.json"))["digest"].as_str().unwrap().len();
    assert_eq!(digest, 64);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let place = place();
    let run = |folder: &str, more: &[&str]| {
        let args = [&TRAIN[..], &["--set", "graded_prompts=0", "--out", folder], more].concat();
        let said = place.run(&args);
        assert!(said.starts_with("exit: 0\n"), "{said}");
        adapter(&place.path("checkout").join(folder))
    };
    let first = run("a", &[]);
    assert!(first == run("b", &[]), "same seed, same bytes");
    assert!(first != run("c", &["--set", "seed=43"]), "another seed, other bytes");

    // The size of a micro-batch is about memory: only rounding may tell.
    run("d", &["--set", "micro_batch_tokens=8"]);
    for (whole, cut) in metrics(&place, "a").iter().zip(metrics(&place, "d")) {
        for key in ["loss", "eval_loss"] {
            let (Some(whole), Some(cut)) = (whole[key].as_f64(), cut[key].as_f64()) else { continue };
            assert!((whole - cut).abs() < 1e-5 * whole, "{key} {whole}, in small micro-batches {cut}");
        }
    }
}

#[test]
fn a_base_may_be_named_by_an_absolute_path() {
    let place = place();
    let base = place.path("tiny").display().to_string();
    let said = place.run(&["expert", "train", "sql", "--base", &base, "--steps", "1", "--set", "max_seq_len=10"]);
    // Its tokenizer counted: no completion has so few tokens.
    assert!(said.contains("5000  too-long-completion  "), "the base was opened: {said}");
}

#[test]
fn json_is_one_object() {
    let place = place();
    let output = place.output(&[], &[&TRAIN[..], &["--json"]].concat());
    assert!(output.status.success());
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["run", "adapter", "step", "loss", "token_accuracy", "held_out", "eval_prompts"]);
    for part in ["held_out", "eval_prompts"] {
        assert_eq!(value[part]["prompts"], 1);
        assert_eq!(value[part]["right_answers"]["expert"]["of"], 1);
        assert_eq!(value[part]["partial_credit"]["base"]["of"], 1);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_as_if_nothing_had_happened() {
    let place = place();
    let long = |out| {
        [&TRAIN[..], &["--steps", "60", "--set", "graded_prompts=0", "--set", "eval_steps=20", "--out", out]].concat()
    };
    let said = place.run(&long("whole"));
    assert!(said.starts_with("exit: 0\n"), "{said}");

    let mut child = place.command(&[], &long("parts")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said: Vec<String> = Vec::new();
    for line in lines.by_ref() {
        let first_step = line.starts_with("step 1/60 ");
        said.push(line);
        if first_step {
            break;
        }
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    said.extend(lines);
    let said = said.join("\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "there is no result yet");
    assert!(said.contains("Stopping; Ctrl-C again ends at once, without saving"), "{said}");
    assert!(said.contains(" of 60; the checkpoint is in `parts`"), "{said}");
    assert!(said.ends_with("hive expert train sql --resume parts"), "{said}");
    assert!(!place.path("checkout/parts/adapter").exists());

    let said = place.run(&["expert", "train", "sql", "--resume", "parts"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("  resuming after step "), "{said}");
    let run = |name: &str| place.path("checkout").join(name);
    assert!(adapter(&run("whole")) == adapter(&run("parts")), "stopped and resumed is the same as in one go");
    let steps = |name: &str| {
        let all = metrics(&place, name);
        all.iter().map(|v| (v["step"].clone(), v["loss"].clone(), v["eval_loss"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(steps("whole"), steps("parts"));
}

#[test]
fn what_cannot_be_resumed() {
    let place = place();
    let resume = |more: &[&str]| place.run(&[&["expert", "train", "sql", "--resume"][..], more].concat());
    insta::assert_snapshot!("resume_nothing", resume(&[]));
    insta::assert_snapshot!("resume_no_run", resume(&["../tiny"]));
    insta::assert_snapshot!("resume_with_settings", resume(&["runs/sql-1", "--set", "rank=3"]));

    let said = place.run(&[&TRAIN[..], &["--set", "graded_prompts=0"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    write_other_base(&place);
    let said = resume(&["runs/sql-1"]);
    let (_, error) = said.split_once("error: ").unwrap();
    insta::assert_snapshot!("resume_other_base", without_digests(error));
}

fn write_other_base(place: &Place) {
    crate::tiny_base::write_base_with(&place.path("tiny"), |weights| {
        weights.values_mut().for_each(|(_, values)| values[0] += 0.5);
    });
}
