//! `hive expert train` with what it cannot train on: one clear error each, with a stable exit code.

use crate::expert_train::{TRAIN, place};
use crate::harness::{Place, SmallDisk};
use crate::tiny_base::{HIDDEN, read_tensors, write_base_with};
use hive_tests::check_all;

const SCHEMA: &str = "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT, age INT);";

/// A line of a data set.
fn line(question: &str, schema: &str, sql: &str) -> String {
    serde_json::json!({"question": question, "schema": schema, "sql": sql}).to_string() + "\n"
}

/// Good lines.
fn good(n: usize) -> String {
    (0..n).map(|i| line(&format!("Who is {i}?"), SCHEMA, &format!("SELECT name FROM pets WHERE age = {i}"))).collect()
}

/// Trains on a file with this text.
fn train_on(place: &Place, text: &str, more: &[&str]) -> String {
    place.write("checkout/data.jsonl", text);
    place.run(&[&TRAIN[..], &["--set", "graded_prompts=0", "--dataset", "data.jsonl"], more].concat())
}

#[test]
fn names_and_settings_that_do_not_exist() {
    let place = place();
    let train = |more: &[&str]| place.run(&[&["expert", "train"][..], more].concat());
    insta::assert_snapshot!("train_no_such_expert", train(&["sqll"]));
    insta::assert_snapshot!("train_unknown_profile", train(&["sql", "--profile", "quikstart"]));
    insta::assert_snapshot!("train_unknown_setting", train(&["sql", "--set", "lerning_rate=1"]));
    insta::assert_snapshot!("train_unknown_setting_in_section", train(&["sql", "--set", "training.lerning_rate=1"]));
    insta::assert_snapshot!("train_setting_without_value", train(&["sql", "--set", "rank"]));
    insta::assert_snapshot!("train_settings_out_of_range", train(&["sql", "--set", "rank=0", "--set", "dropout=2"]));
    place.write("checkout/hive.toml", "[training]\nlerning_rate = 1\n");
    insta::assert_snapshot!("train_unknown_setting_in_file", train(&["sql"]));
    place.write("checkout/hive.toml", "[training\n");
    insta::assert_snapshot!("train_file_that_is_not_toml", train(&["sql"]));
    assert!(!place.path("checkout/runs").exists(), "nothing was begun");
}

#[test]
fn data_that_cannot_be_used() {
    let place = place();
    insta::assert_snapshot!("data_empty", train_on(&place, "\n\n", &[]));
    insta::assert_snapshot!("data_not_json", train_on(&place, "{\"question\": \"Who?\", \"schema\": }\n[1, 2]\n", &[]));
    let rejected = line("Who?", "CREATE TABEL pets (name TEXT)", "SELECT name FROM pets")
        + &line("Who?", SCHEMA, "SELECT name FORM pets")
        + &line("How many?", SCHEMA, "SELEC COUNT(*) FROM pets")
        + &line("", SCHEMA, "SELECT 1");
    insta::assert_snapshot!("data_all_rejected", train_on(&place, &rejected, &[]));
    insta::assert_snapshot!("data_without_columns", train_on(&place, "{\"q\": \"Who?\", \"a\": \"SELECT 1\"}\n", &[]));
    insta::assert_snapshot!("data_map_to_no_column", train_on(&place, &good(2), &["--map", "question=quetsion"]));
    insta::assert_snapshot!("data_too_long", train_on(&place, &good(4), &["--set", "max_seq_len=20"]));
    let said = place.run(&[&TRAIN[..], &["--dataset", "none.jsonl"]].concat());
    assert!(
        said.starts_with(
            "exit: 2\n--- stdout\n--- stderr\nerror: Failed to read data set `none.jsonl`\nCaused by:\n  "
        ),
        "{said}"
    );
    assert!(!place.path("checkout/runs/sql-1").exists(), "a run that never began leaves no folder");
}

#[test]
fn records_that_are_too_long_are_dropped_whole_and_counted() {
    let place = place();
    let long = line("Who is the one?", SCHEMA, &format!("SELECT name FROM pets WHERE name = '{}'", "x".repeat(800)));
    let said = train_on(&place, &(good(8) + &long), &["--set", "max_seq_len=500", "--set", "validation_fraction=0"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(
        said.contains(", from 8 records, 0 held out") && said.contains("   dropped 1 record longer than 500 tokens\n"),
        "{said}"
    );
    assert!(said.contains("   reading data.jsonl: question, schema, sql\n"), "{said}");
}

#[test]
fn names_of_control_tokens_in_a_record_train_as_text_and_are_noted() {
    let place = place();
    let sql = |name: &str| format!("SELECT COUNT(*) FROM pets WHERE name = '{name}'");
    let longest = |said: &str| -> usize {
        let rest = said.split("the longest has ").nth(1).expect("it is said");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let one = |name: &str| line(&format!("How many pets are called {name}?"), SCHEMA, &sql(name));
    let more = ["--set", "validation_fraction=0"];
    let more = [&more[..], &["--verbose"]].concat();
    let plain = train_on(&place, &one("x"), &more);
    let named = train_on(&place, &one("<|im_end|><|im_start|>"), &more);
    assert!(named.starts_with("exit: 0\n"), "{named}");
    // A token per byte, in the question and in the completion.
    assert_eq!(longest(&named), longest(&plain) + 2 * ("<|im_end|><|im_start|>".len() - 1));
    let place = crate::expert_train::place();
    place.write("checkout/data.jsonl", &(one("x") + &one("<|im_end|>")));
    let said = place.run(&["expert", "data", "sql", "--dataset", "data.jsonl", "--base", "../tiny", "--json"]);
    let note = "its text holds `<|im_end|>`, which trains as text, not as a control token";
    assert!(said.contains("\"control-token-text\"") && said.contains(note), "{said}");
}

#[test]
fn records_longer_than_the_base_reads_are_refused() {
    let place = place();
    let expected = "error: `max_seq_len` is 5,000, base model `../tiny` reads at most 4,096 tokens\n";
    check_all(
        [
            train_on(&place, &good(4), &["--set", "max_seq_len=5000"]),
            place.run(&[
                "expert",
                "plan",
                "sql",
                "--base",
                "../tiny",
                "--set",
                "max_seq_len=5000",
                "--dataset",
                "data.jsonl",
            ]),
            place.run(&[
                "expert",
                "data",
                "sql",
                "--base",
                "../tiny",
                "--set",
                "max_seq_len=5000",
                "--dataset",
                "data.jsonl",
            ]),
        ],
        |said| {
            assert!(said.starts_with("exit: 1\n") && said.contains(expected), "{said}");
            assert!(said.contains("hint: `--set max_seq_len=4096`"), "{said}");
        },
    );
    let said = place.run(&["expert", "plan", "sql", "--arch", "smollm2-135m", "--set", "max_seq_len=9000"]);
    assert!(
        said.contains("`max_seq_len` is 9,000, base model `random-smollm2-135m` reads at most 8,192 tokens"),
        "{said}"
    );
}

#[test]
fn rejected_records_are_counted_and_the_others_are_trained_on() {
    let place = place();
    let bad = line("Who?", SCHEMA, "SELECT name FORM pets");
    let said = train_on(&place, &(good(8) + &bad + "{\"question\": \"cut"), &[]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(
        said.contains("10 records, 2 rejected; split record by record, because all records have the same `schema`\n"),
        "{said}"
    );
    assert!(said.contains("  1  not-json            data.jsonl:10: not JSON: EOF while parsing a string"), "{said}");
    assert!(said.contains("  1  sql-does-not-parse  data.jsonl:9: `sql` "), "{said}");
}

#[test]
fn a_base_model_that_is_not_to_be_had() {
    let place = place();
    let train = ["expert", "train", "sql", "--steps", "1", "--set", "synthetic_records=10"];
    let offline = place.run_with(&[("HIVE_OFFLINE", "1")], &train);
    insta::assert_snapshot!("base_offline", offline);
    let no_pip = place.run_with(&[("PATH", "")], &train);
    insta::assert_snapshot!("base_without_pip", no_pip);
    insta::assert_snapshot!("base_no_such_model", place.run(&[&train[..], &["--base", "smollm2-135m"]].concat()));
}

#[test]
fn a_loss_that_is_no_number_stops_the_run() {
    let place = place();
    write_base_with(&place.path("tiny"), |weights| {
        weights.get_mut("model.norm.weight").unwrap().1[3] = f32::NAN;
    });
    let error = |said: &str| said.split_once("error: ").map(|(_, error)| error.to_owned()).unwrap_or_default();
    let said = train_on(&place, &good(8), &[]);
    assert!(said.starts_with("exit: 1\n"), "{said}");
    insta::assert_snapshot!("loss_nan_before_training", error(&said));
    let said = train_on(&place, &good(8), &["--set", "validation_fraction=0"]);
    assert!(said.starts_with("exit: 1\n"), "{said}");
    insta::assert_snapshot!("loss_nan_at_the_first_step", error(&said));
}

#[test]
fn a_loss_that_is_no_number_later_leaves_the_last_good_checkpoint() {
    let place = place();
    // One record alone has this letter, whose first byte the base cannot stand.
    let (letter, byte) = ("Ω", 0xce);
    write_base_with(&place.path("tiny"), |weights| {
        weights.get_mut("model.embed_tokens.weight").unwrap().1[byte * HIDDEN] = f32::NAN;
    });
    let data = good(8) + &line(&format!("Who is {letter}?"), SCHEMA, "SELECT name FROM pets");
    let said = train_on(
        &place,
        &data,
        &[
            &["--out", "run", "--set", "validation_fraction=0", "--set", "effective_batch=1"][..],
            &["--set", "save_steps=1", "--set", "steps=9"],
        ]
        .concat(),
    );
    assert!(said.starts_with("exit: 1\n"), "{said}");
    let (_, error) = said.split_once("error: ").unwrap();
    insta::assert_snapshot!("loss_nan_later", error);
    let step = error.strip_prefix("The training loss is NaN at step ").and_then(|e| e.lines().next()).unwrap();
    let good = step.parse::<u64>().unwrap() - 1;
    assert!(good > 0, "a step was made before: {said}");
    let left: Vec<_> = std::fs::read_dir(place.path("checkout/run/checkpoints")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].file_name().to_str(), Some(&*format!("step-{good:06}")));
    let adapter = read_tensors(&left[0].path().join("adapter_model.safetensors"));
    assert!(adapter.values().all(|(_, values)| values.iter().all(|v| v.is_finite())));
}

#[test]
fn run_folders_that_cannot_be_used() {
    let place = place();
    place.write("checkout/file", "");
    insta::assert_snapshot!("run_folder_below_a_file", place.run(&[&TRAIN[..], &["--out", "file/run"]].concat()));
    place.write("checkout/taken/run.json", "{}");
    insta::assert_snapshot!("run_folder_taken", place.run(&[&TRAIN[..], &["--out", "taken"]].concat()));
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing_half_written() {
    let place = place();
    let Some(disk) = SmallDisk::at(place.path("checkout/disk"), "32k") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    let said = place.run(&[&TRAIN[..], &["--out", "disk/run"]].concat());
    assert!(said.starts_with("exit: 2\n--- stdout\n--- stderr\n"), "{said}");
    assert!(said.contains("error: Failed to write `") && said.contains("disk/run/checkpoints/step-0000"), "{said}");
    assert!(said.contains("the disk is full (it takes ") && said.contains(" are free)"), "{said}");
    assert!(said.contains("hint: free some space, or write to another disk: `--out FOLDER`, or `HIVE_HOME` for hive's own files; an interrupted run"), "{said}");
    let left = std::fs::read_dir(disk.folder().join("run/checkpoints")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no checkpoint, whole or half, is left");
    assert!(!disk.folder().join("run/adapter").exists());

    // With more room, the run goes on.
    disk.grow("4m");
    let said = place.run(&["expert", "train", "sql", "--resume", "disk/run"]);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(disk.folder().join("run/adapter").exists());
}
