//! `hive expert eval` and `hive expert compare` from end to end, on a tiny base that answers nonsense:
//! what is asked, refused, kept and written, and that nothing hangs.

use hive_tests::check_all;
use std::path::Path;

use serde_json::{Value, json};

use crate::expert_train::{TRAIN, place};
use crate::harness::Place;
use crate::tiny_base::{write_adapter, write_base_with};

const SCHEMA: &str = "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT, kind TEXT);";
const ROWS: &str = "INSERT INTO pets VALUES (1, 'Rex', 'dog'), (2, 'Tom', 'cat');";

/// A place with an adapter for the tiny base.
fn with_adapter() -> Place {
    let place = place();
    write_adapter(&place.path("adapter"));
    place
}

fn suite(place: &Place, lines: &[Value]) {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    place.write("checkout/suite.jsonl", &text.join("\n"));
}

fn eval(place: &Place, more: &[&str]) -> String {
    let args = [
        "expert",
        "eval",
        "sql",
        "--base",
        "../tiny",
        "--adapter",
        "../adapter",
        "--suite",
        "suite.jsonl",
        "--max-new-tokens",
        "6",
    ];
    place.run(&[&args[..], more].concat())
}

fn report(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_suite_is_checked_asked_and_examined() {
    let place = with_adapter();
    let sqlite = place.path("checkout/pets.sqlite");
    let connection = rusqlite::Connection::open(&sqlite).unwrap();
    connection.execute_batch(&format!("{SCHEMA} {ROWS}")).unwrap();
    drop(connection);
    let long = "x".repeat(5_000);
    suite(
        &place,
        &[
            json!({"id": "good", "question": "How many?", "schema": SCHEMA, "inserts": ROWS,
                   "gold": ["SELECT COUNT(*) FROM pets", "SELECT COUNT(pet_id) FROM pets"], "tags": ["aggregate"]}),
            json!({"id": "sqlite", "question": "Which names?", "schema": SCHEMA, "database": "pets.sqlite",
                   "dialect": "sqlite", "gold": "SELECT name FROM pets WHERE `kind` = \"dog\"", "db_id": "pets"}),
            json!({"id": "long", "question": long, "schema": SCHEMA, "gold": "SELECT name FROM pets"}),
            json!({"id": "broken", "question": "q", "schema": SCHEMA, "gold": "SELECT nam FROM pets"}),
            json!({"id": "ends-never", "question": "q", "schema": SCHEMA,
                   "gold": "SELECT COUNT(*) FROM (SELECT generate_series(1, 1000000000000) AS i) AS n"}),
            json!({"id": "no-gold", "question": "q", "schema": SCHEMA}),
            json!({"id": "good", "question": "again", "schema": SCHEMA, "gold": "SELECT 1"}),
        ],
    );
    let said = eval(&place, &["--out", "report"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    check_all(
        [
            "suite suite.jsonl: 3 prompts, 1 of them changed by the gate, 4 refused:",
            "  broken: there is no column `nam`",
            "  ends-never: the expert did not answer within 30 s (too-slow)",
            "  no-gold: got no `gold`",
            "ignored, as the expert has no such field: `db_id`",
            "base vs adapter: only base is right on 0, only adapter on 0 (p = 1.000, no difference is shown); partial credit",
            "right answers ",
            "partial credit ",
            "right rows ",
            "Report: report/suite.html",
        ],
        |line| {
            assert!(said.contains(line), "`{line}` is missing:\n{said}");
        },
    );
    let report = report(&place.path("checkout/report/suite.json"));
    assert_eq!(report["suite"]["asked"], 3);
    let candidates = report["candidates"].as_array().unwrap();
    assert_eq!(candidates.iter().map(|c| c["name"].as_str().unwrap()).collect::<Vec<_>>(), ["base", "adapter"]);
    for candidate in candidates {
        assert_eq!(candidate["right_answers"]["of"], 3);
        assert_eq!(candidate["partial_credit"]["of"], 3);
        assert!(candidate["gold_loss"].as_f64().unwrap() > 0.0);
        assert_eq!(candidate["findings"]["prompt-too-long"], 1);
        let rows = candidate["checks"].as_array().unwrap().iter().find(|c| c["code"] == "right-rows").unwrap();
        assert_eq!(rows["rate"]["of"], 3, "an answer that was not given is not right");
    }
    assert_eq!(candidates[1]["facts"]["method"], "DoRA");
    assert!(candidates[1]["trainable_parameters"].as_u64().unwrap() > 0);
    let page = std::fs::read_to_string(place.path("checkout/report/suite.html")).unwrap();
    assert!(page.contains("ends-never") && !page.contains("{{"), "{page}");
    let markdown = std::fs::read_to_string(place.path("checkout/report/suite.md")).unwrap();
    assert!(markdown.contains("| right answers | ") && markdown.contains("| partial credit | "), "{markdown}");

    // Again: nothing is asked, and what comes out is the same.
    let again = eval(&place, &["--json"]);
    let text = again.split_once("--- stdout\n").unwrap().1.split_once("--- stderr").unwrap().0;
    let again: Value = serde_json::from_str(text).unwrap();
    assert_eq!(again["report"]["candidates"], report["candidates"]);
}

#[test]
fn the_checkpoints_of_a_run_are_ranked_and_recipes_compared() {
    let place = place();
    suite(
        &place,
        &[
            json!({"id": "a", "question": "How many?", "schema": SCHEMA, "inserts": ROWS, "gold": "SELECT COUNT(*) FROM pets"}),
            json!({"id": "b", "question": "Which?", "schema": SCHEMA, "inserts": ROWS, "gold": "SELECT name FROM pets"}),
        ],
    );
    let said = place
        .run(&[&TRAIN[..], &["--set", "graded_prompts=0", "--set", "save_steps=1", "--set", "eval_steps=1"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let how = ["--suite", "suite.jsonl", "--max-new-tokens", "4"];
    let said = place.run(&[&["expert", "eval", "sql", "--checkpoint", "all"], &how[..]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    check_all(
        [
            "rank  checkpoint  right answers  partial credit  eval loss",
            "step 3",
            "The loss picks step ",
            "Report: runs/sql-1/eval/suite-checkpoints.html",
        ],
        |line| {
            assert!(said.contains(line), "`{line}` is missing:\n{said}");
        },
    );
    let said = place.run(&[&["expert", "eval", "sql", "--checkpoint", "9"], &how[..]].concat());
    assert!(said.contains("has no checkpoint of step `9`") && said.contains("there are: 1, 2, 3"), "{said}");

    let compare = [
        "expert compare sql --base ../tiny --adapter ours=runs/sql-1 --recipe external optimized --out side",
        "--set steps=2 --set effective_batch=2 --set max_seq_len=4000 --set synthetic_records=40",
        "--set data.lints.too-long-completion=off --suite suite.jsonl --max-new-tokens 4",
    ];
    let compare: Vec<&str> = compare.iter().flat_map(|line| line.split(' ')).collect();
    let said = place.run(&compare);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("Comparison: side/compare.html"), "{said}");
    let found = report(&place.path("checkout/side/compare.json"));
    let names: Vec<&str> =
        found["candidates"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["base", "ours", "external", "optimized"]);
    let fact = |i: usize, key: &str| found["candidates"][i]["facts"][key].clone();
    assert_eq!((fact(2, "method"), fact(2, "rank")), (json!("LoRA"), json!(8)));
    assert_eq!((fact(3, "method"), fact(3, "rank")), (json!("DoRA"), json!(12)));
    assert_eq!(fact(3, "steps"), json!(2));
    // The runs stand: nothing is trained again.
    let again = place.run(&compare);
    assert!(again.contains("optimized was trained before, on the same data"), "{again}");
    assert!(!again.contains("step 1/2"), "{again}");
}

#[test]
fn what_cannot_be_examined_says_so() {
    let place = with_adapter();
    suite(&place, &[json!({"id": "a", "question": "q", "schema": SCHEMA, "gold": "SELECT name FROM pets"})]);
    let compare = |more: &[&str]| place.run(&[&["expert", "compare", "sql"], more].concat());
    let said = compare(&[]);
    assert!(said.starts_with("exit: 2\n") && said.contains("nothing to compare the base with"), "{said}");
    let said = compare(&["--adapter", "nowhere"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("is not of the form `NAME=SOURCE`"), "{said}");
    let said = compare(&["--adapter", "x=nowhere"]);
    assert!(said.contains("There is neither a run nor an adapter in `nowhere`"), "{said}");
    let said = compare(&["--adapter", "x=../adapter", "--adapter", "x=../adapter", "--base", "../tiny"]);
    assert!(said.contains("Two candidates are called `x`"), "{said}");
    let said = place.run(&["expert", "eval", "sql"]);
    assert!(
        said.starts_with("exit: 2\n")
            && said.contains("Expert `sql` has no trained adapter: there is no finished run of it"),
        "{said}"
    );

    // An adapter for a base of another shape, and a pickle.
    write_base_with(&place.path("other"), |weights| {
        weights.values_mut().for_each(|(_, values)| values.iter_mut().for_each(|v| *v *= 0.5));
    });
    let said = place.run(&[&TRAIN[..], &["--set", "graded_prompts=0"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let said = place.run(&["expert", "eval", "sql", "--base", "../other", "--suite", "suite.jsonl"]);
    assert!(said.starts_with("exit: 1\n") && said.contains("it was trained on base model"), "{said}");
    std::fs::rename(place.path("adapter/adapter_model.safetensors"), place.path("adapter/adapter_model.bin")).unwrap();
    let said = eval(&place, &[]);
    assert!(said.starts_with("exit: 1\n") && said.contains("adapter_model.bin"), "{said}");

    place.write("checkout/suite.jsonl", "{\"id\": \"a\"}\n");
    let said = place.run(&["expert", "eval", "sql", "--suite", "suite.jsonl"]);
    assert!(said.contains("No prompt of the suite `suite.jsonl` is left: all 1 are refused"), "{said}");
    let said = place.run(&["expert", "eval", "sql", "--suite", "none.jsonl"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("There is no suite `none.jsonl`"), "{said}");
}
