//! `hive expert check`: what a user sees, and faults of real processes. Every check by itself is tested in `host/check`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hive_tests::check_all;
use serde_json::{Value, json};

use crate::expert_traps::place;
use crate::harness::{Place, repository};

/// The report of a check as JSON.
fn report(place: &Place, vars: &[(&str, &str)], args: &[&str]) -> Value {
    let output = place.output(vars, &[&["expert", "check"][..], args, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The codes of the failed checks.
fn failed(report: &Value) -> BTreeSet<String> {
    let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "failed");
    failed.map(|check| check["code"].as_str().unwrap().to_owned()).collect()
}

/// What was said, without the time that it took.
fn timeless(said: &str) -> String {
    let lines = said.lines().map(|line| match line.split_once(" checks in ") {
        Some((n, rest)) => format!("{n} checks in [TIME]{}", &rest[rest.find(':').unwrap()..]),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_wrong_is_shown_with_what_goes_wrong_otherwise() {
    let place = place();
    let said = place.run_with(&[("HIVE_TEST_TRAP", "leak"), ("COLUMNS", "80")], &["expert", "check", "careless"]);
    insta::assert_snapshot!("check_leak", timeless(&said));
    assert!(said.starts_with("exit: 1\n"), "{said}");
    let said =
        place.run_with(&[("HIVE_TEST_TRAP", "leak"), ("COLUMNS", "80")], &["expert", "check", "careless", "--quick"]);
    assert!(said.starts_with("exit: 1\n") && said.contains("render-leak") && !said.contains("train "), "{said}");
}

#[test]
fn faults_of_processes_are_one_finding_and_no_crash() {
    let place = place();
    let sound = failed(&report(&place, &[], &["careless"]));
    let faults = [
        ("abort", "boundary-exit"),
        ("quit", "boundary-exit"),
        ("overflow", "boundary-exit"),
        ("greedy", "boundary-exit"),
        ("hang", "boundary-time"),
        ("panic", "boundary-panic"),
        ("print", "boundary-stdout"),
        ("manifest", "boundary-manifest"),
        ("leak", "render-leak"),
    ];
    check_all(faults, |(trap, code)| {
        let begin = Instant::now();
        let failed = failed(&report(&place, &[("HIVE_TEST_TRAP", trap)], &["careless"]));
        let new: Vec<&String> = failed.difference(&sound).collect();
        assert_eq!(new, [code], "{trap}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{trap}: a fault costs one time limit per method");
    });
    // Training refuses such an expert, and is not ended by it.
    let train = ["expert", "train", "careless", "--base", "../tiny"];
    let said = place.run_with(&[("HIVE_TEST_TRAP", "quit")], &train);
    assert!(said.starts_with("exit: 1\n") && said.contains("boundary-exit: eval prompt `hello`"), "{said}");
}

#[test]
fn a_folder_with_a_manifest_is_checked() {
    let place = Place::new();
    let record = |text: &str| json!({"text": text, "loud": text.to_uppercase()});
    let manifest = json!({
        "name": "shout", "version": "0.1.0", "abi": 5, "description": "Says it louder", "license": "MIT",
        "base_models": ["smollm2-135m-instruct"],
        "dataset": {"fields": [{"name": "text"}, {"name": "loud", "completion": true}]},
        "prompt": [{"role": "user", "content": "{text|trim}"}],
        "eval_prompts": [{"id": "hi", "record": record("hi")}],
    });
    place.write("checkout/mine/expert.json", &manifest.to_string());
    let lines: Vec<String> = (0..30).map(|i| record(&format!("word {i}")).to_string()).collect();
    place.write("checkout/mine/records.jsonl", &lines.join("\n"));
    let found = report(&place, &[], &["mine"]);
    let outcome = |code: &str| {
        found["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap()["outcome"].clone()
    };
    assert_eq!(found["statement"]["level"], "full", "{found:#}");
    for code in ["render-leak", "data-leak", "train-step", "validate-gold"] {
        assert_eq!(outcome(code), "passed", "{code}");
    }
    assert_eq!(outcome("grade-gold"), "skipped", "it declares no grade");
    assert_eq!(outcome("boundary-stdout"), "skipped", "it has no code");
    assert!(failed(&found).contains("package-readme"));
    // A faulty manifest is told, and nothing else.
    place.write("checkout/mine/expert.json", &manifest.to_string().replace("license", "licence"));
    let found = report(&place, &[], &["mine"]);
    assert_eq!(failed(&found), BTreeSet::from(["manifest-missing-key", "manifest-unknown-key"].map(str::to_owned)));
    assert_eq!(found["statement"]["level"], "none");
}

#[test]
fn the_experts_of_this_repository_pass() {
    let level = |place: &Place, named: &str| {
        let found = report(place, &[], &[named]);
        assert_eq!(found["statement"]["level"], "full", "{named}: {:?}", found["statement"]["failures"]);
    };
    for name in hive_plugins::Checkout::at(repository()).unwrap().experts() {
        let place = Place::new();
        place.install_own(&name);
        level(&place, &name);
    }
    let folders = std::fs::read_dir(repository().join("examples/experts")).unwrap().flatten();
    check_all(folders, |folder| level(&Place::new(), folder.path().to_str().unwrap()));
    // What `hive expert new` writes is sound as it stands.
    let place = Place::new();
    let said = place.run(&["expert", "new", "mine"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    level(&place, "mine");
}
