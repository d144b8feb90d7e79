//! `hive expert data` on data as people have it: files with faults, names and chats of every form,
//! fields for a whole set, few schemas, and a home that cannot be written to.

use std::path::Path;

use hive_data::pipeline::{Half, PreparedSet};
use hive_sdk::Record;
use serde_json::{Value, json};

use crate::expert_data::place as plain_place;
use crate::expert_train::{TRAIN, place as sql_place};
use crate::harness::{Place, ReadOnly};

const T: &str = "CREATE TABLE t (a INT, b INT);";

/// `hive expert data sql` on this file.
fn data(place: &Place, file: &str, more: &[&str]) -> String {
    let args = ["expert", "data", "sql", "--base", "none", "--out", "out", "--dataset", file];
    place.run(&[&args[..], more].concat())
}

fn set(place: &Place) -> PreparedSet {
    PreparedSet::open(&place.path("checkout/out")).unwrap()
}

/// All records of the set that was prepared last.
fn records(place: &Place) -> Vec<Record> {
    let set = set(place);
    let rows = set.rows(Half::Train).unwrap().chain(set.rows(Half::Validation).unwrap());
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn faults_cost_their_rows_and_no_more() {
    let place = plain_place();
    let bad = [
        "{\"do\": \"fine\", \"answer\": \"A9\"",
        "[1]",
        "{\"do\": \"\\udc00\", \"answer\": \"A\"}",
        "{\"do\": NaN, \"answer\": \"A\"}",
    ];
    let mut text = "{\"do\": \"fine 1\", \"answer\": \"A1\", \"score\": NaN}\n".to_owned();
    text += &(bad.join("\n") + "\n{\"do\": \"fine 2\", \"answer\": \"A2\"}\n");
    place.write("checkout/a.jsonl", &text);
    let args = ["expert", "data", "misbehaving", "--base", "none", "--out", "out", "--dataset"];
    insta::assert_snapshot!("faulty_lines", place.run(&[&args[..], &["a.jsonl"]].concat()));
    place.write("checkout/b.csv", "Do;ANSWER;x\nfine 1;A1;\n\"fine 2;A2;\nfine 3;A3;\n\nfine 4;A4\n");
    let said = place.run(&[&args[..], &["b.csv"]].concat());
    assert!(said.contains("   reading b.csv: CSV with semicolons: do ← Do, answer ← ANSWER; not read: x\n"), "{said}");
    let report = set(&place).report;
    assert_eq!((report.records, report.accepted, report.rejects[0].code.as_str()), (4, 2, "ragged-row"));
    place.write("checkout/c.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n");
    insta::assert_snapshot!("lfs_pointer", place.run(&[&args[..], &["c.parquet"]].concat()));
    place.write("checkout/suite.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n");
    let said = place.run(&["expert", "compare", "misbehaving", "--recipe", "before", "--suite", "suite.jsonl"]);
    assert!(said.contains("suite.jsonl`: it is a Git LFS pointer: `git lfs pull` gets the file\n"), "{said}");
}

#[test]
fn names_and_chats_as_they_are_in_use() {
    let place = sql_place();
    let sql = "SELECT COUNT(*) FROM t WHERE a =";
    // Each with a number of its own, so that none repeats another.
    let chat = |asked: String| json!({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": format!("{sql} @")}]});
    let coder = format!(
        "### Task\nGenerate a SQL query to answer [QUESTION]How many t are @?[/QUESTION]\n\n### Database Schema\n\
         This query will run on a database whose schema is represented in this string:\n{T}\n\n### Answer\n\
         Given the database schema, here is the SQL query that answers [QUESTION]How many t are @?[/QUESTION]\n[SQL]\n"
    );
    let turns = json!([{"from": "system", "value": format!("Schema:\n{T}")}, {"from": "human", "value": "How many t are @?"}, {"from": "gpt", "value": format!("{sql} @")}]);
    let rows = [
        json!({"question_id": 1, "db_id": "x", " Question ": "How many t are @?", "evidence": "", "SQL": format!("{sql} @"), "Schema": T}),
        chat(format!("### Schema\n{T}\n\n### Question\nHow many t are @?")),
        chat(format!("## Database\n```sql\n{T}\n```\n\n## Question\nHow many t are @?")),
        chat(format!("**Schema:** {T}\n**Question:** How many t are @?")),
        chat(format!("<schema>{T}</schema>\n<question>How many t are @?</question>")),
        chat(format!("How many t are @?\n\nHere is the schema:\n{T}")),
        chat(format!("Given the following schema, how many t are @?\n\n{T}")),
        chat(format!("Given the following database schema:\n\n{T}\n\nHow many t are @?")),
        chat(coder.clone()),
        json!({"text": format!("{coder}{sql} @")}),
        json!({"conversations": turns}),
        json!({"instruction": "How many t are @?", "input": T, "output": format!("{sql} @")}),
        json!({"instruction": "Translate the question into SQL.", "input": format!("{T}\n\nHow many t are @?"), "output": format!("{sql} @")}),
        json!({"prompt": format!("Question: How many t are @?\nSchema: {T}"), "completion": format!("{sql} @")}),
    ];
    let mut args = ["expert", "data", "sql", "--base", "none", "--out", "out"].map(str::to_owned).to_vec();
    for (i, row) in rows.iter().enumerate() {
        let file = format!("{i}.jsonl");
        place.write(&format!("checkout/{file}"), &row.to_string().replace('@', &i.to_string()));
        args.extend(["--dataset".to_owned(), file]);
    }
    let said = place.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let read = records(&place);
    for (i, row) in rows.iter().enumerate() {
        let asked = format!("How many t are {i}?");
        let record = read.iter().find(|record| record.text("question") == Some(&asked));
        let record = record.unwrap_or_else(|| panic!("{row}\n{said}"));
        assert_eq!((record.text("schema"), record.text("sql")), (Some(T), Some(&*format!("{sql} {i}"))), "{row}");
    }
    assert_eq!(read.len(), rows.len());
}

#[test]
fn a_database_that_has_changed_is_judged_with_again() {
    let place = sql_place();
    let line = |i: usize| {
        let record = json!({
            "question": format!("What is 100 divided by every b, and {i} added?"),
            "schema": T,
            "sql": format!("SELECT 100 / b + {i} FROM t"),
            "database": "t.sql",
        });
        record.to_string() + "\n"
    };
    place.write("checkout/a.jsonl", &(0..12).map(line).collect::<String>());
    let dump = |b: usize| format!("CREATE TABLE t (a INT, b INT);\nINSERT INTO t VALUES (1, {b});\n");
    place.write("checkout/t.sql", &dump(10));
    assert!(data(&place, "a.jsonl", &[]).starts_with("exit: 0\n"));
    assert_eq!(set(&place).report.accepted, 12);
    place.write("checkout/t.sql", &dump(0));
    let said = data(&place, "a.jsonl", &[]);
    assert!(said.contains("fails-on-data"), "{said}");
}

/// Records over so many schemas.
fn shops(schemas: usize, each: usize) -> String {
    let line = |i: usize| {
        let (shop, n) = (i % schemas, i / schemas);
        let schema = format!("CREATE TABLE shop{shop} (alpha INT, beta INT);");
        let question = format!("What is the greatest alpha of shop {shop} whose beta is above {}?", n * 7);
        let sql = format!("SELECT MAX(alpha) FROM shop{shop} WHERE beta > {}", n * 7);
        json!({"question": question, "schema": schema, "sql": sql}).to_string() + "\n"
    };
    (0..schemas * each).map(line).collect()
}

#[test]
fn two_schemas_do_not_cost_half_of_the_records() {
    let place = sql_place();
    place.write("checkout/shops.jsonl", &shops(2, 30));
    let said = data(&place, "shops.jsonl", &[]);
    insta::assert_snapshot!("two_schemas", said);
    assert!(
        std::fs::read_to_string(place.path("checkout/out/report.html"))
            .unwrap()
            .contains("<b>Warning:</b> held-out records")
    );
    let said = data(&place, "shops.jsonl", &["--set", "validation_fraction=0.5"]);
    assert!(
        said.contains("split by `schema` (2 of them, none on both sides)") && said.contains("30 held out"),
        "{said}"
    );
}

#[test]
fn a_field_for_a_whole_set_is_suggested_and_given() {
    let place = sql_place();
    let line = |i: usize| {
        let question = format!("Which a belong to number {i}?");
        json!({"question": question, "schema": T, "sql": format!("SELECT `a` FROM `t` WHERE `b` = {i}")}).to_string()
            + "\n"
    };
    place.write("checkout/mine.jsonl", &(0..24).map(line).collect::<String>());
    let said = data(&place, "mine.jsonl", &[]);
    let warning =
        "   warning 24 of 24 records bear the marks of mysql: `--field dialect=mysql` sets it for all records\n";
    assert!(said.contains(warning), "{said}");
    let said = data(&place, "mine.jsonl", &["--field", "dialect=mysql"]);
    assert!(
        said.contains("reading mine.jsonl: question, schema, sql; where a record has none: dialect = mysql\n"),
        "{said}"
    );
    assert!(!said.contains("   warning "), "{said}");
    for (name, field) in
        [("field_unknown", "dialct=mysql"), ("field_without_value", "dialect"), ("field_completion", "sql=SELECT 1")]
    {
        insta::assert_snapshot!(name, data(&place, "mine.jsonl", &["--field", field]));
    }
    let args = ["--set", "graded_prompts=0", "--field", "dialect=mysql"];
    let said = place.run(&[&TRAIN[..], &args, &["--out", "run", "--dataset", "mine.jsonl"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    let run: Value = serde_json::from_slice(&std::fs::read(place.path("checkout/run/run.json")).unwrap()).unwrap();
    assert_eq!(run["request"]["fields"], json!({"dialect": "mysql"}));
    assert!(place.run(&["expert", "replay", "run"]).starts_with("exit: 0\n"));
    insta::assert_snapshot!(
        "field_of_prepared",
        place.run(&[&TRAIN[..], &args, &["--out", "run2", "--dataset", "out"]].concat())
    );
    insta::assert_snapshot!("field_without_data", place.run(&[&TRAIN[..], &args, &["--out", "run2"]].concat()));
}

#[test]
fn a_home_that_cannot_be_written_to() {
    let place = sql_place();
    place.write("checkout/a.jsonl", &shops(1, 12));
    let Some(_home) = ReadOnly::at(place.path("home")) else {
        eprintln!("skipped: this user may not mount");
        return;
    };
    // The cache's key is another one for every build.
    let without_key = |said: String| match said.split_once("/cache/data/sql/") {
        Some((before, behind)) => format!("{before}/cache/data/sql/[KEY]{}", &behind[32..]),
        None => said,
    };
    insta::assert_snapshot!("read_only_home", without_key(data(&place, "a.jsonl", &[])));
    assert_eq!(records(&place).len(), 12);
    let args = ["expert", "data", "sql", "--base", "none", "--dataset", "a.jsonl"];
    insta::assert_snapshot!("read_only_home_without_out", without_key(place.run(&args)));
    let said =
        place.run(&[&TRAIN[..], &["--set", "graded_prompts=0", "--out", "run", "--dataset", "a.jsonl"]].concat());
    assert!(said.starts_with("exit: 0\n"), "{said}");
    assert!(said.contains("verdicts are not kept, and the next run judges again\n"), "{said}");
    assert!(place.path("checkout/run/adapter").is_dir());
    let left = |prefix: &str| {
        let names = std::fs::read_dir(Path::new(&std::env::temp_dir())).unwrap().flatten().map(|e| e.file_name());
        names.filter(|name| name.to_string_lossy().starts_with(prefix)).count()
    };
    assert_eq!((left("hive-data-"), left("hive-tokens-")), (0, 0), "nothing is left of it");
}
