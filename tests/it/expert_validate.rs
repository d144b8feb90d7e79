//! `hive expert validate`: good manifests, typos, and files that are none.

use hive_errors::Diagnostic as _;

use crate::harness::{Place, manifest, repository};

fn validate(text: &str) -> String {
    let place = Place::new();
    place.write("checkout/manifests/x.json", text);
    place.run(&["expert", "validate", "manifests/x.json"])
}

#[test]
fn a_sound_manifest() {
    insta::assert_snapshot!(validate(&manifest("x")));
}

#[test]
fn every_fault_at_once() {
    let text = r#"{
      "_comment": "notes",
      "name": "My Expert",
      "version": "1",
      "abi": 7,
      "description": "",
      "base_models": ["F:/models/qwen"],
      "dataset": {"fields": [{"name": "question"}, {"name": "sql"}], "group_by": "questoin"},
      "recipe": {"adapter": {"rnak": 12, "alpha": "24", "target_modules": ["q_proj", "q_proj", "x_proj"]}},
      "profiles": {"quick": {"training": {"step": 3, "warmup_ratio": 2}}},
      "eval_prompts": [
        {"id": "a", "record": {"question": "q", "sql": "s"}},
        {"id": "a", "record": {"question": "q", "answer": "s"}}
      ]
    }"#;
    insta::assert_snapshot!(validate(text));
}

#[test]
fn a_file_that_is_not_json() {
    insta::assert_snapshot!(validate("{\n  \"name\": \"x\",\n  // a remark\n}\n"));
}

#[test]
fn a_file_that_does_not_exist() {
    let place = Place::new();
    let text = place.run(&["expert", "validate", "manifests/none.json"]);
    // The cause is the operating system's own text.
    assert!(
        text.starts_with("exit: 2\n--- stdout\n--- stderr\nerror: Failed to read manifest `manifests/none.json`\n"),
        "{text}"
    );
}

#[test]
fn the_manifests_of_this_repository_are_valid() {
    for name in hive_plugins::Checkout::at(repository()).unwrap().experts() {
        let path = repository().join(format!("manifests/{name}.json"));
        if path.exists() {
            hive_plugins::manifest::check_file(&path).unwrap_or_else(|e| panic!("{e}\n{}", e.details().join("\n")));
        }
    }
}
