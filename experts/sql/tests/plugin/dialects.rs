//! Questions with a gold statement in MySQL, SQLite and PostgreSQL, each run in its own database
//! (`tests/dialects`): what the other two become returns PostgreSQL's rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use expert_sql::Dialect;
use expert_sql::dialect::translate;
use expert_sql::execute::{Around, Database, Proof, Settings};
use serde_json::Value;

/// What is known not to agree, and why.
const KNOWN: [(&str, &str, &str); 4] = [
    ("sch-025", "sqlite", "a list takes its order from the query that it is made of"),
    ("sch-050", "sqlite", "texts are subtracted by the digits that they begin with"),
    ("mus-047", "mysql", "a text that begins with a number is one"),
    ("mus-047", "sqlite", "a text that begins with a number is one"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialects")
}

fn lines(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A value as it is compared: numbers by six digits, dates without an empty time of day, truth
/// values as numbers.
fn value(text: Option<&str>) -> String {
    let Some(text) = text else { return "NULL".to_owned() };
    match text {
        "t" | "true" => return "1.00000e0".to_owned(),
        "f" | "false" => return "0.00000e0".to_owned(),
        _ => {}
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => format!("{number:.5e}"),
        _ => text.strip_suffix(" 00:00:00").unwrap_or(text).to_owned(),
    }
}

fn rows<'r>(rows: impl Iterator<Item = Vec<Option<&'r str>>>, ordered: bool) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = rows.map(|row| row.into_iter().map(value).collect()).collect();
    if !ordered {
        all.sort();
    }
    all
}

#[test]
fn other_dialects_return_postgresqls_rows() {
    let expected: BTreeMap<String, Value> =
        lines("expected.jsonl").into_iter().map(|line| (line["id"].as_str().unwrap().to_owned(), line)).collect();
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut failed = Vec::new();
    let mut tried = 0;
    for question in lines("questions.jsonl") {
        let text = |name: &str| question[name].as_str();
        let id = text("id").unwrap();
        let ordered = question["ordered"].as_bool().unwrap_or(false);
        let wanted = expected[id]["rows"].as_array().unwrap().iter();
        let wanted = rows(wanted.map(|row| row.as_array().unwrap().iter().map(Value::as_str).collect()), ordered);
        for (name, dialect) in [("mysql", Dialect::MySql), ("sqlite", Dialect::Sqlite)] {
            tried += 1;
            let path = folder().join(format!("{}.{name}.sql", text("db").unwrap()));
            let schema = std::fs::read_to_string(path).unwrap();
            let outcome = match translate(&schema, text(name).unwrap(), Some(dialect)) {
                Err(error) => Err(error.why),
                Ok(done) => {
                    // A change is looked at through another query.
                    let (schema, sql) = match text("check") {
                        None => (done.schema, done.sql),
                        Some(check) => (format!("{}\n{};", done.schema, done.sql), check.to_owned()),
                    };
                    match database.ask(&schema, &sql, Around::default(), 10_000).unwrap().0 {
                        Proof::Ran(ran) => {
                            let found = ran.rows.iter().map(|row| row.iter().map(Option::as_deref).collect());
                            if rows(found, ordered) == wanted { Ok(()) } else { Err(format!("other rows: {sql}")) }
                        }
                        refused => Err(format!("{refused:?}")),
                    }
                }
            };
            let known = KNOWN.iter().any(|(i, n, _)| *i == id && *n == name);
            match (outcome, known) {
                (Err(why), false) => failed.push(format!("{id} {name}: {why}")),
                (Ok(()), true) => failed.push(format!("{id} {name}: agrees now, and is still listed as known not to")),
                _ => {}
            }
        }
    }
    assert!(tried >= 640, "only {tried} were tried");
    assert!(failed.is_empty(), "{} of {tried}:\n{}", failed.len(), failed.join("\n"));
}
