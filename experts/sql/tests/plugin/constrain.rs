//! Constrained decoding: which beginnings of statements the check of names allows. `tests/constrain/`
//! has schemas, each with statements that PostgreSQL prepares (`valid`; `beyond` the grammar) and such that it does not
//! (`wrong`): `¦` stands where the check refuses them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use expert_sql::SqlExpert;
use expert_sql::execute::{Pool, Proof, Settings};
use hive_sdk::{Expert, PrefixVerdict, Record, Verdict};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/constrain")
}

/// The schemas of the folder, by name.
pub(super) fn schemas() -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let schemas = files.filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let mut found: Vec<(String, String)> = schemas
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    found.sort();
    found
}

/// The statements on a schema; none if it has none of this kind.
pub(super) fn statements(schema: &str, kind: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(format!("{schema}.{kind}"))).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

pub(super) fn record(schema: &str) -> Record {
    Record::from_pairs([("question", "?"), ("schema", schema)])
}

/// The beginnings of a text, cut between characters, the whole text last.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).map(|at| &text[..at])
}

/// Why the check of names refuses a statement or one of its beginnings.
fn refusal(expert: &SqlExpert, record: &Record, statement: &str) -> Option<String> {
    let verdict = |text, ended| match expert.check_prefix(record, text, ended).unwrap() {
        PrefixVerdict::Fine => None,
        PrefixVerdict::Dead { at, why } => Some(format!("{}¦{}: {why}", &text[..at], &text[at..])),
    };
    beginnings(statement).find_map(|beginning| verdict(beginning, false)).or_else(|| verdict(statement, true))
}

#[test]
fn every_beginning_of_a_valid_statement_is_allowed() {
    let expert = SqlExpert::default();
    let mut faults = Vec::new();
    for (name, schema) in schemas() {
        let record = record(&schema);
        for statement in statements(&name, "valid") {
            faults.extend(refusal(&expert, &record, &statement));
            faults.extend(refusal(&expert, &record, &format!("{statement} ; ")));
        }
        for statement in statements(&name, "beyond") {
            faults.extend(refusal(&expert, &record, &statement));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn postgresql_prepares_what_is_valid_and_nothing_else() {
    let pool = Pool::new(Settings::default());
    let mut faults = Vec::new();
    for (name, schema) in schemas() {
        for (kind, valid) in [("valid", true), ("beyond", true), ("wrong", false)] {
            for statement in statements(&name, kind) {
                let statement = statement.replace('¦', "");
                let proof = pool.prepare(&schema, &statement).unwrap();
                if matches!(proof, Proof::SchemaRefused(..) | Proof::Crashed(_))
                    || matches!(proof, Proof::Ran(_)) != valid
                {
                    faults.push(format!("{kind}: {statement}: {proof:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn wrong_names_are_refused_where_another_choice_helps() {
    let expert = SqlExpert::default();
    let mut faults = Vec::new();
    for (name, schema) in schemas() {
        let record = record(&schema);
        for line in statements(&name, "wrong") {
            let expected = line.find('¦').unwrap();
            let statement = line.replace('¦', "");
            match expert.check_prefix(&record, &statement, true).unwrap() {
                PrefixVerdict::Fine => faults.push(format!("{line}: allowed")),
                PrefixVerdict::Dead { at, why } if at != expected => {
                    faults.push(format!("{line}: refused at {}¦{}: {why}", &statement[..at], &statement[at..]));
                }
                PrefixVerdict::Dead { .. } => {}
            }
            // What has been refused once stays refused, whatever follows.
            let mut refused = false;
            for beginning in beginnings(&statement) {
                match expert.check_prefix(&record, beginning, false).unwrap() {
                    PrefixVerdict::Dead { at, .. } if at > beginning.len() => {
                        faults.push(format!("{beginning}: refused at {at}, behind its end"));
                    }
                    PrefixVerdict::Dead { .. } => refused = true,
                    PrefixVerdict::Fine if refused => faults.push(format!("{beginning}: allowed after a refusal")),
                    PrefixVerdict::Fine => {}
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn synthesized_answers_are_allowed() {
    let expert = SqlExpert::default();
    let records = expert.synthesize(11, 400).unwrap().unwrap();
    let mut faults = Vec::new();
    for record in &records {
        faults.extend(refusal(&expert, record, record.text("sql").unwrap()));
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), records.len(), faults.join("\n"));
}

/// The golds of a published data set, every `step`th, as PostgreSQL prepares them: those that `validate` accepts or
/// translates. None, with a line that says so, where the data sets are not available.
pub(super) fn published(expert: &SqlExpert, file: &str, step: usize) -> Vec<Record> {
    let folder = std::env::var_os("HIVE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("data").join(file)) else {
        eprintln!("skipped: there is no data/{file} in {} (set HIVE_SHARED)", folder.display());
        return Vec::new();
    };
    let field = |value: &serde_json::Value, names: [&str; 2]| {
        names.iter().find_map(|name| value[*name].as_str()).unwrap_or_default().to_owned()
    };
    let judged = text.lines().step_by(step).filter_map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let record = Record::from_pairs([
            ("question", field(&value, ["question", "question"])),
            ("schema", field(&value, ["schema", "context"])),
            ("sql", field(&value, ["sql", "answer"])),
        ]);
        match expert.validate(&record).unwrap() {
            Verdict::Accept { .. } => Some(record),
            Verdict::Repaired { record, .. } => Some(record),
            Verdict::Reject { .. } => None,
        }
    });
    judged.collect()
}

pub(super) const FILES: [&str; 4] =
    ["spider_train.jsonl", "spidersyn_train.jsonl", "sql_create_context_4k.jsonl", "wikisql_20k.jsonl"];

/// What of golds is refused.
fn refused(expert: &SqlExpert, records: &[Record]) -> Vec<String> {
    let mut faults = Vec::new();
    for record in records {
        let rendered = expert.render(record).unwrap();
        let gold = &rendered.completion()[0].content;
        faults.extend(refusal(expert, record, gold));
    }
    faults
}

#[test]
fn published_golds_are_allowed() {
    let expert = SqlExpert::default();
    for file in FILES {
        let records = published(&expert, file, 97);
        let faults = refused(&expert, &records);
        assert!(
            faults.len() * 200 <= records.len(),
            "{file}: {} of {}:\n{}",
            faults.len(),
            records.len(),
            faults.join("\n")
        );
    }
}

/// Takes minutes: prints, for every published gold that PostgreSQL prepares and that is not allowed, where it is refused.
#[test]
#[ignore = "measures whole data sets"]
fn all_published_golds() {
    let expert = SqlExpert::default();
    for file in FILES {
        let records = published(&expert, file, 1);
        let faults = refused(&expert, &records);
        println!("{file}: {} golds, {} refused\n{}", records.len(), faults.len(), faults.join("\n"));
    }
}

#[test]
fn postgresql_has_the_functions_of_the_list() {
    // Those that its grammar has and its catalogue has not.
    let in_grammar = [
        "coalesce",
        "greatest",
        "grouping",
        "json_array",
        "json_arrayagg",
        "json_exists",
        "json_objectagg",
        "json_query",
        "json_scalar",
        "json_serialize",
        "json_value",
        "least",
        "nullif",
        "trim",
    ];
    let text = include_str!("../../src/constrain/functions.txt");
    let names: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
    let listed: Vec<String> =
        names.iter().filter(|name| !in_grammar.contains(name)).map(|name| format!("('{name}')")).collect();
    assert!(listed.len() > 300);
    let sql = format!(
        "SELECT name FROM (VALUES {}) AS listed(name) WHERE NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = name) \
         AND NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = name)",
        listed.join(", ")
    );
    let Proof::Ran(ran) = Pool::new(Settings::default()).prove("CREATE TABLE t (a INT)", &sql).unwrap() else {
        panic!("the query over the catalogue does not run")
    };
    assert!(ran.rows.is_empty(), "not in PostgreSQL: {:?}", ran.rows);
}

/// Numbers that look random and are the same each time.
fn scrambled(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    }
}

#[test]
fn odd_input_ends_in_time() {
    let expert = SqlExpert::default();
    let schemas = schemas();
    let record = record(&schemas[1].1);
    let pieces: Vec<String> = statements("shop", "valid")
        .iter()
        .flat_map(|statement| statement.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .chain(
            ["(", ")", "\"", "'", "é\u{301}", "\0", "$$", "/*", "--", "\u{feff}", "U&\"", ".", ",", "😀"]
                .map(str::to_owned),
        )
        .collect();
    let begun = Instant::now();
    let mut next = scrambled(7);
    for _ in 0..3_000 {
        let text: Vec<&str> = (0..next() % 40).map(|_| pieces[next() % pieces.len()].as_str()).collect();
        for joint in [" ", ""] {
            let text = text.join(joint);
            for ended in [false, true] {
                if let PrefixVerdict::Dead { at, .. } = expert.check_prefix(&record, &text, ended).unwrap() {
                    assert!(text.is_char_boundary(at), "{text}: {at}");
                }
            }
        }
    }
    let long = [
        "(".repeat(16_000),
        "SELECT (".repeat(2_000),
        format!("SELECT {} FROM {}", "name, ".repeat(1_000), "customers, ".repeat(900)),
        format!("SELECT {} FROM {} customers WHERE", "c.name, ".repeat(900), "orders, ".repeat(900)),
        format!("SELECT *, * FROM {}", "(SELECT *, * FROM ".repeat(50) + "customers" + &") AS t".repeat(50)),
        format!("SELECT 1{}", " + 1".repeat(4_000)),
        format!("SELECT {}1", "- ".repeat(8_000)),
        "CASE WHEN ".repeat(1_600),
        format!("SELECT {}", "ARRAY[".repeat(2_600)),
        format!("SELECT name FROM customers GROUP BY {} ORDER BY name", "name, ".repeat(2_000)),
        "x".repeat(1 << 20),
        "é ".repeat(1 << 19),
    ];
    for text in &long {
        let one = Instant::now();
        let _ = expert.check_prefix(&record, text, false).unwrap();
        let _ = expert.check_prefix(&record, text, true).unwrap();
        assert!(one.elapsed() < Duration::from_secs(5), "{:.40}… took {:?}", text, one.elapsed());
    }
    // Schemas as odd: they are read, and nothing is refused for what cannot be known.
    for schema in ["no SQL", "CREATE TABLE", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "\0é😀"] {
        let record = self::record(schema);
        assert_eq!(expert.check_prefix(&record, "SELECT a FROM t WHERE b = 1", true).unwrap(), PrefixVerdict::Fine);
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// The figure that the host plans with: a check is to take less than 200 µs.
#[test]
#[ignore = "measures time"]
fn how_long_a_check_takes() {
    let expert = SqlExpert::default();
    for (name, schema) in schemas() {
        let record = record(&schema);
        let (mut calls, mut bytes, begun) = (0u32, 0, Instant::now());
        let mut slowest = Duration::ZERO;
        for statement in statements(&name, "valid") {
            for beginning in beginnings(&statement) {
                let one = Instant::now();
                let _ = expert.check_prefix(&record, beginning, false).unwrap();
                slowest = slowest.max(one.elapsed());
                calls += 1;
                bytes += beginning.len();
            }
        }
        println!(
            "{name}: {calls} checks of {} bytes: {:?} each, at most {slowest:?}",
            bytes / calls as usize,
            begun.elapsed() / calls
        );
    }
}
