//! What an author of an expert can get wrong without noticing: each mistake is found before the first
//! step, or when the adapter is used, and named with the record and the field.

use hive_tests::check_all;
use serde_json::{Value, json};

use crate::harness::{Place, plugin};
use crate::tiny_base::{write_adapter, write_base};

const MANIFEST: &str = include_str!("fixtures/careless.json");

/// A place with the expert `careless` and a tiny base.
pub fn place() -> Place {
    let place = Place::new();
    place.install_with("careless", &plugin("careless"), MANIFEST);
    write_base(&place.path("tiny"));
    place
}

const TRAIN: [&str; 5] = ["expert", "train", "careless", "--base", "../tiny"];

/// Runs `hive` with the mistake `trap`.
fn with(place: &Place, trap: &str, args: &[&str]) -> String {
    place.run_with(&[("HIVE_TEST_TRAP", trap)], args)
}

/// The error of a command that must have found its input not acceptable.
fn error_of(said: &str) -> &str {
    assert!(said.starts_with("exit: 1\n"), "{said}");
    said.split_once("error: ").unwrap_or_else(|| panic!("{said}")).1
}

#[test]
fn an_authors_mistakes_are_found_before_the_first_step() {
    let place = place();
    let mut all = String::new();
    check_all(["leak", "mute", "needs-answer", "half", "nan", "two", "unsure", "two-answers"], |trap| {
        let said = with(&place, trap, &TRAIN);
        all += &format!("## {trap}\n{}\n", error_of(&said));
        assert!(!said.contains("judged") && !said.contains("evaluation before"), "before anything is judged: {said}");
        assert!(!place.path("checkout/runs/careless-1").exists(), "no run is left of it");
    });
    insta::assert_snapshot!(all);
    // `plan` says the same before anyone trains.
    let said = with(&place, "leak", &["expert", "plan", "careless", "--base", "../tiny"]);
    assert!(error_of(&said).starts_with("Expert `careless` cannot be trained: "), "{said}");
}

#[test]
fn a_manifest_that_is_not_the_file_is_told_at_every_use() {
    let place = place();
    insta::assert_snapshot!("traps_other_manifest", with(&place, "manifest", &TRAIN));
    let listed = with(&place, "manifest", &["expert", "list"]);
    assert!(listed.contains("broken: its `manifest_json` is not "), "{listed}");
}

#[test]
fn mistakes_that_only_data_shows_are_found_as_well() {
    let place = place();
    let line = |question: &str| json!({"question": question, "loud": question.to_uppercase()}).to_string();
    let lines = |first: &str| (0..40).map(|i| line(&format!("{first} {i}"))).collect::<Vec<_>>().join("\n");
    let train = [&TRAIN[..], &["--dataset", "d.jsonl"]].concat();
    // A prompt that shows the answer of these records alone: found by the first of them, unjudged.
    place.write("checkout/d.jsonl", &lines("data"));
    let said = with(&place, "leak-data", &train);
    let error = error_of(&said);
    assert!(error.starts_with("Expert `careless` cannot be trained: 40 faults were found"), "{error}");
    assert!(error.contains("d.jsonl:1, field `loud`: the prompt depends on the answer"), "{error}");
    assert!(error.contains("… and 20 more"), "{error}");
    // Beyond the first records: when one is judged.
    place.write("checkout/d.jsonl", &[lines("fine"), lines("good"), lines("data")].join("\n"));
    let data = ["expert", "data", "careless", "--dataset", "d.jsonl", "--out", "prepared", "--base", "../tiny"];
    let said = with(&place, "leak-data", &data);
    assert!(error_of(&said).contains("d.jsonl:81, field `loud`: the prompt depends on the answer"), "{said}");
    // A set that another library of the expert rendered is rendered again, and compared.
    place.write("checkout/d.jsonl", &lines("data"));
    let said = place.run(&data);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let report = place.path("checkout/prepared/report.json");
    let text = std::fs::read_to_string(&report).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["rendered_by"] = json!("another");
    std::fs::write(&report, value.to_string()).unwrap();
    let prepared = [&TRAIN[..], &["--dataset", "prepared", "--out", "prepared-run"]].concat();
    let said = with(&place, "leak-data", &prepared);
    assert!(error_of(&said).contains("has other prompts than expert `careless` renders now"), "{said}");
    let said = place.run(&prepared);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    // Records that teach nothing do not train, and are counted with their reason.
    place.write("checkout/d.jsonl", &format!("{}\n{}", lines("mute"), lines("loud")));
    let said = with(&place, "mute-data", &[&train[..], &["--out", "some"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("no-completion"), "{said}");
    place.write("checkout/d.jsonl", &lines("mute"));
    let said = with(&place, "mute-data", &train);
    let error = error_of(&said);
    assert!(error.contains("no-completion") && error.contains("look at `loud`"), "{error}");
}

#[test]
fn prompts_that_changed_after_training_are_told() {
    let place = place();
    let said = place.run(&TRAIN);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("checkout/runs/careless-1/run.json")).unwrap())
            .unwrap();
    assert_eq!(record["prompts"][0]["id"], "hello");
    assert!(record["prompts"][0]["record"]["loud"].is_null(), "{record}");
    let told = "expert `careless` renders the prompt `hello` differently than in training";
    let ask = ["expert", "run", "careless", "--max-new-tokens", "4", "hello"];
    let eval = ["expert", "eval", "careless", "--max-new-tokens", "4", "--force"];
    let package = ["expert", "package", "careless"];
    for command in [&ask[..], &eval, &package] {
        let said = place.run(command);
        assert!(said.starts_with("exit: 0\n") && !said.contains(told), "{said}");
    }
    std::fs::remove_dir_all(place.path("checkout/dist")).unwrap();
    for adapter in ["runs/careless-1/adapter", "runs/careless-1/checkpoints/step-000002"] {
        let said = with(&place, "words", &[&ask[..], &["--adapter", adapter]].concat());
        assert!(said.starts_with("exit: 0\n") && said.contains(&format!("warning: {told}")), "{said}");
    }
    let said = with(&place, "words", &eval);
    assert!(said.starts_with("exit: 0\n") && said.contains(&format!("warning: {told}")), "{said}");
    let report = std::fs::read_to_string(place.path("checkout/runs/careless-1/eval/builtin.md")).unwrap();
    assert!(report.contains("| prompts | – | expert `careless` renders"), "{report}");
    insta::assert_snapshot!("traps_package_other_prompts", with(&place, "words", &package));
    assert!(!place.path("checkout/dist").exists(), "nothing is written");
}

#[test]
fn a_package_that_its_receiver_could_not_prove_is_not_made() {
    let place = place();
    // Trained and packaged with prompts that the manifest does not declare.
    let said = with(&place, "words", &TRAIN);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let said = with(&place, "words", &["expert", "package", "careless"]);
    let error = error_of(&said);
    assert!(error.contains("does not compute what was recorded when it was made"), "{error}");
    assert!(error.contains("renders the prompt `hello` in other words"), "{error}");
    let left = std::fs::read_dir(place.path("checkout/dist")).map(|d| d.count()).unwrap_or(0);
    assert_eq!(left, 0, "nothing is written");
}

#[test]
fn what_a_profile_is_said_to_be_is_said_when_it_is_used() {
    let place = place();
    let said = place.run(&[&TRAIN[..], &["--profile", "brief"]].concat());
    let (out, err) = said.split_once("--- stderr\n").unwrap();
    let told = "brief: one step, to see that it runs. What it trains is of no use\n";
    assert!(err.contains(told) && !out.contains(told), "once, before anything is trained: {said}");
    let said = place.run(&TRAIN);
    assert!(said.starts_with("exit: 0\n") && !said.contains("one step, to see"), "{said}");
    // The words of the question are quoted for a shell, the schema of nothing is asked for.
    assert!(said.contains(" expert run careless --run runs/careless-2 "), "{said}");
}

#[test]
fn the_expert_looks_at_the_question_and_at_the_answer() {
    let place = place();
    write_adapter(&place.path("adapter"));
    let ask = |more: &[&str]| {
        let args =
            ["expert", "run", "careless", "--adapter", "../adapter", "--base", "../tiny", "--max-new-tokens", "4"];
        place.output(&[], &[&args[..], more].concat())
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // A question that cannot be answered: nothing is loaded for it, not even a base that is not there.
    let said = place.run(&["expert", "run", "careless", "--base", "../nowhere", "--base-only", "?"]);
    let error = error_of(&said);
    assert_eq!(error, "Failed to ask expert `careless`: `question` has no word\n  it is short\n");
    // An answer with a fault stands on stdout all the same.
    let output = ask(&["hello"]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && out.ends_with('\n'), "{err}");
    assert!(err.contains("warning: the answer cannot be used: it is not in capitals\n"), "{err}");
    let output = ask(&["--strict", "hello"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), out));
    assert!(text(&output.stderr).contains("error: The answer cannot be used: it is not in capitals\n"));
    // What is only worth knowing is no fault.
    let output = ask(&["--strict", "fine"]);
    assert!(
        output.status.success() && text(&output.stderr).contains("note on the answer: it has "),
        "{}",
        text(&output.stderr)
    );
    // An expert that ends over it has told nothing.
    let output = ask(&["abort"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("warning: the answer was not checked: "), "{}", text(&output.stderr));
    assert_eq!(ask(&["--strict", "abort"]).status.code(), Some(1));
    // A question that the shell has split.
    let output = ask(&["how", "are", "you"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("hint: put it in quotes: 'how are you'"), "{}", text(&output.stderr));
    let said = place.run(&["expert", "run", "careless", "--base-only", " "]);
    assert!(said.contains("needs the field `question`, which is missing or empty"), "{said}");
    assert!(said.contains("hint: it is the text after the expert's name"), "{said}");
}
