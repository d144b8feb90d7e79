//! `hive expert plan`: what training would do, without training.

use serde_json::Value;

use crate::expert_train::place;

#[test]
fn the_recipes_on_qwen3s_shapes() {
    let place = place();
    let plan = |profile: &str| -> Value {
        let args = [
            "expert",
            "plan",
            "sql",
            "--profile",
            profile,
            "--arch",
            "qwen3-0.6b",
            "--records",
            "99935",
            "--record-tokens",
            "40",
            "--json",
        ];
        let output = place.output(&[], &args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let optimized = plan("optimized");
    assert_eq!(optimized["trainable"], 6_451_200);
    assert_eq!((&optimized["steps"], &optimized["warmup"]), (&1665.into(), &167.into()));
    assert_eq!(optimized["origins"]["training.epochs"], "recipe optimized");
    let external = plan("external");
    assert_eq!(external["trainable"], 1_146_880);
    assert_eq!(external["modules"][0], serde_json::json!({"module": "q_proj", "layers": 28, "parameters": 688_128}));
}

#[test]
fn every_value_has_an_origin_and_concerns_are_told() {
    let place = place();
    place.write("checkout/hive.toml", "[training]\nweight_decay = 0.01\n");
    let args = [
        "expert",
        "plan",
        "sql",
        "--base",
        "../tiny",
        "--profile",
        "before",
        "--set",
        "max_seq_len=4000",
        "--set",
        "synthetic_records=40",
        "--set",
        "micro_batch_tokens=200",
        "--set",
        "target_modules=all-linear",
        "--set",
        "data.lints.too-long-completion=off",
    ];
    let said = place.run_with(&[("HIVE_TRAINING__BETA2", "0.99")], &args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let (out, _) = said.split_once("--- stderr\n").unwrap();
    let row = |key: &str| -> String {
        let line = out.lines().find(|l| l.trim_start().starts_with(key)).unwrap_or_else(|| panic!("{key}: {out}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("training.learning_rate "), "training.learning_rate 3e-4 recipe before");
    assert_eq!(row("training.weight_decay "), "training.weight_decay 0.01 hive.toml");
    assert_eq!(row("training.beta2 "), "training.beta2 0.99 HIVE_TRAINING__BETA2");
    assert_eq!(row("training.warmup_steps "), "training.warmup_steps 100 recipe before");
    assert_eq!(row("adapter.target_modules "), "adapter.target_modules all-linear --set");
    assert_eq!(row("training.epsilon "), "training.epsilon 1e-8 default");
    assert!(!out.contains("training.warmup_ratio "), "what does not count is not shown: {out}");
    assert!(row("trainable").contains("gate_proj"), "{out}");
    assert!(out.contains("warning the only step is warm-up"), "{out}");
    assert!(out.contains("longer than micro_batch_tokens = 200: 38 records"), "{out}");
    assert!(!place.path("checkout/runs").exists(), "a plan leaves nothing");
}

#[test]
fn what_would_do_nothing_is_refused() {
    let place = place();
    let plan = |sets: &[&str]| {
        let args = [&["expert", "plan", "sql", "--arch", "smollm2-135m", "--records", "10"][..], sets].concat();
        place.run(&args)
    };
    insta::assert_snapshot!(
        "plan_without_effect",
        plan(&["--set", "layers_to_transform=[0, 40]", "--set", "adapter.rank_pattern.gate_proj=4"])
    );
    insta::assert_snapshot!("plan_unknown_profile", plan(&["--profile", "optimised"]));
}
