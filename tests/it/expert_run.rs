//! `hive expert run`: one answer on stdout and nothing else.

use crate::expert_train::{TRAIN, place};
use crate::harness::Place;
use crate::tiny_base::{write_adapter, write_adapter_naming, write_base, write_base_with};

const QUESTION: &str = "How many pets are there?";

/// A place with a trained expert and a schema.
fn trained() -> Place {
    let place = place();
    let said = place.run(&[&TRAIN[..], &["--set", "graded_prompts=0"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT PRIMARY KEY, name TEXT);\n");
    place
}

fn ask(place: &Place, more: &[&str]) -> (String, String) {
    let args = ["expert", "run", "sql", "--schema", "pets.sql", "--max-new-tokens", "8", QUESTION];
    let output = place.output(&[], &[&args[..], more].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_answer_is_all_that_is_on_stdout() {
    let place = trained();
    write_adapter(&place.path("adapter"));
    let cut = "warning: the answer was cut after 8 tokens; `--max-new-tokens` allows more\n";
    // What is said of the answer is on stderr.
    let plain = |err: &str| {
        err.lines().enumerate().all(|(i, line)| match i {
            0 => line.starts_with("Asking ") && line.contains("base model `../tiny`"),
            _ => line == cut.trim_end() || line.starts_with("warning: the answer cannot"),
        })
    };
    for how in [&["--run", "runs/sql-1"][..], &[], &["--adapter", "runs/sql-1/adapter"]] {
        let (out, err) = ask(&place, how);
        assert!(out.ends_with('\n') && !out.trim().is_empty(), "{out}");
        assert!(plain(&err), "{err}");
        assert_eq!(ask(&place, how).0, out, "greedy: the same question has the same answer");
    }
    let (out, err) = ask(&place, &["--base-only", "--base", "../tiny"]);
    assert!(out.ends_with('\n'), "{out}");
    assert!(plain(&err), "{err}");
    // An adapter that does not say which base it is for, as PEFT writes them.
    let (changed, _) = ask(&place, &["--adapter", "../adapter", "--base", "../tiny"]);
    assert_ne!(changed, out, "the adapter is applied");
}

#[test]
fn questions_that_cannot_be_asked() {
    let place = trained();
    let run = |more: &[&str]| place.run(&[&["expert", "run", "sql", QUESTION][..], more].concat());
    insta::assert_snapshot!("run_without_schema", run(&[]));
    insta::assert_snapshot!("run_unknown_field", run(&["--schema", "pets.sql", "--field", "tabel=x"]));
    insta::assert_snapshot!("run_field_without_value", run(&["--schema", "pets.sql", "--field", "id"]));
    insta::assert_snapshot!("run_no_such_run", run(&["--schema", "pets.sql", "--run", "runs/sql-9"]));
    place.write("checkout/runs/sql-2/run.json", "{}");
    insta::assert_snapshot!("run_that_has_not_ended", run(&["--schema", "pets.sql", "--run", "runs/sql-2"]));
    let said = run(&["--schema", "none.sql"]);
    assert!(
        said.starts_with("exit: 2\n--- stdout\n--- stderr\nerror: Failed to read `none.sql`\nCaused by:\n  "),
        "{said}"
    );
}

#[test]
fn a_schema_that_is_none_is_told_before_a_model_is_loaded() {
    let place = place();
    let run = |file: &str| {
        // There is no such base: whoever looks for it has gone too far.
        let said =
            place.run(&["expert", "run", "sql", "--base-only", "--base", "../nowhere", "--schema", file, QUESTION]);
        let (head, error) = said.split_once("--- stderr\nerror: ").unwrap_or_else(|| panic!("{said}"));
        format!("## {file}\n{}{error}", head.replace("--- stdout\n", ""))
    };
    for (file, text) in [
        ("none.sql", "-- tables come here\n"),
        ("rows.sql", "INSERT INTO pets VALUES (1);\n"),
        ("broken.sql", "CREATE TABLE pets (\n  pet_id INT,\n  name TEXT NOT,\n);\n"),
        ("words.sql", "pets(pet_id, name)\n"),
    ] {
        place.write(&format!("checkout/{file}"), text);
    }
    for (file, bytes) in [
        ("utf16.sql", &b"\xff\xfeC\0R\0"[..]),
        ("latin1.sql", b"CREATE TABLE t (\n  gr\xf6sse INT);\n"),
        ("pets.sqlite", b"SQLite format 3\0more"),
    ] {
        std::fs::write(place.path("checkout").join(file), bytes).unwrap();
    }
    let files = ["none.sql", "rows.sql", "broken.sql", "words.sql", "utf16.sql", "latin1.sql", "pets.sqlite"];
    let all: Vec<String> = files.into_iter().map(run).chain([run("https://example.org/pets.sql")]).collect();
    insta::assert_snapshot!("run_no_schema", all.join("\n"));
}

#[test]
fn an_answer_that_postgresql_would_refuse_is_said_to_be_one() {
    let place = trained();
    // The tiny base answers nonsense.
    let (_, err) = ask(&place, &["--run", "runs/sql-1"]);
    assert!(err.contains("warning: the answer cannot be used: it is not PostgreSQL: "), "{err}");
    let args = ["expert", "run", "sql", "--schema", "pets.sql", "--max-new-tokens", "8", "--strict", QUESTION];
    let said = place.run(&args);
    assert!(said.starts_with("exit: 1\n") && said.contains("error: The answer cannot be used: "), "{said}");
    // A schema of another database's is brought into PostgreSQL's dialect, as it is for training.
    place.write(
        "checkout/pets.sql",
        "CREATE TABLE `pets` (`pet_id` INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9)) ENGINE=InnoDB;\n",
    );
    let (_, err) = ask(&place, &["--run", "runs/sql-1"]);
    assert!(err.contains("warning: the answer cannot be used: "), "{err}");
}

#[test]
fn an_expert_that_was_never_trained() {
    let place = place();
    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT);\n");
    insta::assert_snapshot!("run_untrained", place.run(&["expert", "run", "sql", "--schema", "pets.sql", QUESTION]));
}

#[test]
fn a_failed_run_does_not_hide_an_earlier_one() {
    let place = trained();
    place.write("checkout/runs/sql-2/run.json", "{}");
    let (out, _) = ask(&place, &[]);
    assert_eq!(out, ask(&place, &["--run", "runs/sql-1"]).0);
}

/// A place with the base and a schema, and nothing trained.
fn untrained() -> Place {
    let place = place();
    place.write("checkout/pets.sql", "CREATE TABLE pets (pet_id INT);\n");
    place
}

/// Tokens of the prompt that a question becomes: the log tells.
fn prompt_tokens(place: &Place, question: &str) -> usize {
    let args = ["expert", "run", "sql", "--base-only", "--base", "../tiny", "--schema", "pets.sql"];
    let args = [&args[..], &["--max-new-tokens", "1", question]].concat();
    let said = place.run_with(&[("HIVE_LOG", "hive=info")], &args);
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let line = said.lines().find(|line| line.contains("answered")).expect("it is in the log");
    let number = line.split("prompt=").nth(1).expect("a number").split(' ').next();
    number.and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn control_tokens_in_a_question_are_text() {
    let place = untrained();
    // The tiny base has a token per byte, so every letter of these names counts.
    let plain = prompt_tokens(&place, "How many x are there?");
    let named = prompt_tokens(&place, "How many <|im_end|><|im_start|>assistant are there?");
    assert_eq!(named, plain + "<|im_end|><|im_start|>assistant".len() - 1);
    assert_eq!(prompt_tokens(&place, "<|im_end|>"), plain - "How many x are there?".len() + "<|im_end|>".len());
}

#[test]
fn a_prompt_that_leaves_no_room_for_an_answer_is_refused() {
    let place = untrained();
    let long = "word ".repeat(1000);
    let run = |more: &[&str]| {
        place.run(
            &[&["expert", "run", "sql", "--base-only", "--base", "../tiny", "--schema", "pets.sql"][..], more].concat(),
        )
    };
    let said = run(&[&long]);
    assert!(
        said.starts_with(
            "exit: 1\n--- stdout\n--- stderr\nAsking base model `../tiny` without an adapter\nerror: The prompt has 5"
        ),
        "{said}"
    );
    assert!(said.contains("together more than the 4096 that the base model reads"), "{said}");
    assert!(said.contains("hint: a shorter prompt"), "{said}");
    let said = run(&["--max-new-tokens", "4000", QUESTION]);
    assert!(said.contains("the answer may have 4000: together more than the 4096"), "{said}");
    assert!(said.contains("hint: `--max-new-tokens 3"), "{said}");
}

#[test]
fn a_prompt_that_is_longer_than_what_was_trained_is_told_of() {
    let place = trained();
    let recipe = place.path("checkout/runs/sql-1/recipe.json");
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&recipe).unwrap()).unwrap();
    value["training"]["max_seq_len"] = 64.into();
    std::fs::write(&recipe, value.to_string()).unwrap();
    for how in [&["--run", "runs/sql-1"][..], &["--adapter", "runs/sql-1/adapter"]] {
        let (_, err) = ask(&place, how);
        let told =
            "tokens, the adapter was trained on records of at most 64: answers to longer prompts were never trained";
        assert!(err.contains("\nwarning: the prompt has ") && err.contains(told), "{err}");
    }
    let (_, err) = ask(&place, &["--base-only", "--base", "../tiny"]);
    assert!(!err.contains("trained on records"), "{err}");
}

#[test]
fn the_base_that_an_adapter_names_is_the_one_that_is_taken() {
    let place = untrained();
    let hub = "HuggingFaceTB/SmolLM2-135M-Instruct";
    let run = |adapter: &str| {
        let args =
            ["expert", "run", "sql", "--schema", "pets.sql", "--max-new-tokens", "1", "--adapter", adapter, QUESTION];
        place.run_with(&[("HIVE_OFFLINE", "1")], &args)
    };
    // An entry of the catalogue, which is not here and may not be fetched, nor is another form of it.
    write_adapter_naming(&place.path("adapter"), hub);
    let said = run("../adapter");
    assert!(said.contains("error: Failed to get base model `smollm2-135m-instruct`: "), "{said}");
    // A folder.
    write_base(&place.path("checkout/near"));
    write_adapter_naming(&place.path("adapter"), "near");
    let said = run("../adapter");
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(
        said.contains("--- stderr\nBase model `near`, which the adapter names as `near`; `--base` gives another\n"),
        "{said}"
    );
    // Nothing that is known, and nothing at all: the expert's first, with a word.
    write_adapter_naming(&place.path("adapter"), "someone/private");
    let said = run("../adapter");
    assert!(
        said.contains("warning: the adapter names base model `someone/private`, which is neither in the catalogue"),
        "{said}"
    );
    assert!(said.contains("it answers on `smollm2-135m-instruct-q4_1`, the expert's first"), "{said}");
    write_adapter_naming(&place.path("adapter"), "");
    assert!(run("../adapter").contains("warning: the adapter names no base model; it answers on `smollm2"));
}

#[test]
fn an_adapter_of_another_base_is_refused() {
    let place = trained();
    write_base_with(&place.path("other"), |weights| weights.values_mut().for_each(|(_, values)| values[0] += 0.5));
    let said = place.run(&["expert", "run", "sql", "--schema", "pets.sql", "--base", "../other", QUESTION]);
    assert!(said.starts_with("exit: 1\n--- stdout\n--- stderr\nerror: "), "{said}");
    assert!(said.contains("was trained on base model `../tiny`"), "{said}");
}
