//! A folder of small inputs on which hive was once wrong, each with the right value: `HIVE_CASES` names
//! it, or it is `cases` among the reference files. What is right stands in `cases.json`: exit code, what
//! is said, which records are kept or rejected, and the rows that each kept record returns on its own
//! data. `just cases DIR` prints right or wrong for each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use expert_sql::execute::{Around, Database, Proof, Settings};
use hive_data::pipeline::{Half, PreparedSet};
use serde_json::{Map, Value};

use crate::expert_train::place;
use crate::harness::{Place, repository};
use crate::shared::shared;

/// Names a `HIVE_HOME` that has the quickstart's base model.
const WITH_BASE: &str = "HIVE_CASES_WITH_BASE";

/// What is right of one run.
struct Expected<'e>(&'e Map<String, Value>);

impl Expected<'_> {
    fn texts(&self, key: &str) -> Vec<&str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.0.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
    }

    fn flag(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(false)
    }
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os("HIVE_CASES").filter(|dir| !dir.is_empty()) {
        Some(dir) => Some(PathBuf::from(dir)),
        None => shared("cases"),
    }
}

#[test]
fn every_case_has_its_right_value() {
    let Some(folder) = folder() else { return };
    let all: Vec<Map<String, Value>> = serde_json::from_str(include_str!("cases.json")).unwrap();
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = 0;
    for expected in &all {
        let expected = Expected(expected);
        let name = expected.0["case"].as_str().unwrap();
        let case = folder.join(name);
        if !case.is_dir() {
            println!("absent  {name}");
            continue;
        }
        // A base model is fetched by whoever asks for these.
        if expected.flag("needs_base") && std::env::var_os(WITH_BASE).is_none() {
            println!("skipped {name}: it needs the quickstart's base model, `{WITH_BASE}` names a home that has it");
            continue;
        }
        match faults(&case, &expected, &mut database) {
            faults if faults.is_empty() => println!("right   {name}"),
            faults => {
                wrong += 1;
                println!("wrong   {name}\n  {}", faults.join("\n  "));
            }
        }
    }
    assert_eq!(wrong, 0, "{wrong} cases are wrong");
}

/// What is not as it is expected.
fn faults(case: &Path, expected: &Expected<'_>, database: &mut Database) -> Vec<String> {
    let place = place();
    let out = place.path("out");
    let (code, said) = run(&place, case, &out, expected);
    let mut faults = Vec::new();
    let wanted = expected.number("exit").unwrap_or(0);
    if code != i32::try_from(wanted).ok() {
        faults.push(format!("exit code {code:?}, expected {wanted}: {}", said.trim()));
    }
    for text in expected.texts("says") {
        if !said.contains(text) {
            faults.push(format!("`{text}` is not said: {}", said.trim()));
        }
    }
    for text in expected.texts("never") {
        if said.contains(text) {
            faults.push(format!("`{text}` is said: {}", said.trim()));
        }
    }
    let about_records = ["kept", "rows", "questions", "rejected", "held_out_at_most"];
    if about_records.iter().any(|key| expected.0.contains_key(*key)) && code == Some(0) {
        records(&out, expected, database, &mut faults);
    }
    faults
}

fn run(place: &Place, case: &Path, out: &Path, expected: &Expected<'_>) -> (Option<i32>, String) {
    let filled = |argument: &str| {
        let words = argument == "{9000 words}";
        let text = if words { "word ".repeat(9_000) } else { argument.to_owned() };
        text.replace("{case}", &case.display().to_string())
            .replace("{out}", &out.display().to_string())
            .replace("{repository}", &repository().display().to_string())
    };
    let usual = ["expert", "data", "sql", "--dataset", "input.jsonl", "--out", "{out}", "--base", "none"];
    let args = match expected.texts("args") {
        args if args.is_empty() => usual.to_vec(),
        args => args,
    };
    let from = expected.0.get("from").and_then(Value::as_str).map_or(case.to_owned(), PathBuf::from);
    if let Some(home) = std::env::var_os(WITH_BASE) {
        let _ = std::os::unix::fs::symlink(Path::new(&home).join("models"), place.path("home/models"));
    }
    let mut command = place.command(&[("HIVE_OFFLINE", "1")], &[]);
    let output = command.args(args.into_iter().map(filled)).current_dir(from).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

/// Holds the prepared records against what is expected of them.
fn records(out: &Path, expected: &Expected<'_>, database: &mut Database, faults: &mut Vec<String>) {
    let set = match PreparedSet::open(out) {
        Ok(set) => set,
        Err(error) => return faults.push(format!("no prepared set: {error}")),
    };
    let mut kept: Vec<Map<String, Value>> = Vec::new();
    let mut held_out = 0;
    for half in [Half::Train, Half::Validation] {
        for row in set.rows(half).unwrap() {
            kept.push(row.unwrap().0);
            held_out += usize::from(half == Half::Validation);
        }
    }
    let text = |record: &Map<String, Value>, field: &str| {
        record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if let Some(count) = expected.number("kept")
        && kept.len() != count
        && !(expected.flag("more") && kept.len() > count)
    {
        faults.push(format!("{} records are kept, expected {count}", kept.len()));
    }
    if let Some(most) = expected.number("held_out_at_most")
        && held_out > most
    {
        faults.push(format!("{held_out} records are held out, expected at most {most}"));
    }
    for question in expected.texts("questions") {
        if !kept.iter().any(|record| text(record, "question") == question) {
            let found: Vec<String> = kept.iter().map(|record| text(record, "question")).collect();
            faults.push(format!("no question is `{question}`: {found:?}"));
        }
    }
    for (id, wanted) in expected.0.get("rows").and_then(Value::as_object).into_iter().flatten() {
        let record = kept.iter().find(|record| id.is_empty() || text(record, "id") == *id);
        let Some(record) = record else {
            faults.push(format!("record `{id}` is not kept"));
            continue;
        };
        let schema = format!("{}\n{}", text(record, "schema"), text(record, "inserts"));
        let found = match database.ask(&schema, &text(record, "sql"), Around::default(), 10_000).unwrap().0 {
            Proof::Ran(ran) => sorted(ran.rows.iter().map(|row| row.iter().map(Option::as_deref).collect())),
            other => vec![vec![format!("{other:?}")]],
        };
        let wanted = wanted.as_array().into_iter().flatten();
        let wanted = sorted(wanted.map(|row| row.as_array().into_iter().flatten().map(Value::as_str).collect()));
        if found != wanted {
            faults.push(format!("record `{id}` returns {found:?}, expected {wanted:?}: {}", text(record, "sql")));
        }
    }
    let rejected: BTreeMap<String, String> = std::fs::read_to_string(out.join("rejected.jsonl"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| {
            let id = line["record"]["id"].as_str().unwrap_or_default().to_owned();
            (id, line["code"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    for (id, code) in expected.0.get("rejected").and_then(Value::as_object).into_iter().flatten() {
        if rejected.get(id).map(String::as_str) != code.as_str() {
            faults.push(format!("record `{id}` is rejected as {:?}, expected {code}", rejected.get(id)));
        }
    }
}

/// Rows without regard to their order, numbers to six digits.
fn sorted<'r>(rows: impl Iterator<Item = Vec<Option<&'r str>>>) -> Vec<Vec<String>> {
    let plain = |value: Option<&str>| match value {
        None => "NULL".to_owned(),
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => format!("{number:.5}"),
            _ => text.to_owned(),
        },
    };
    let mut all: Vec<Vec<String>> = rows.map(|row| row.into_iter().map(plain).collect()).collect();
    all.sort();
    all
}
