//! The table of functions (`functions/`): every name that MySQL or SQLite and PostgreSQL both have bears
//! a verdict, and every example returns the value that it has in the other database, or is refused;
//! never another value.

use hive_tests::check_all;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use expert_sql::Dialect;
use expert_sql::dialect::translate;
use expert_sql::execute::{Around, Database, Proof, Settings};

/// Functions that PostgreSQL has in its grammar and not in its catalogue.
const IN_GRAMMAR: [&str; 32] = [
    "any_value",
    "cast",
    "coalesce",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "exists",
    "extract",
    "greatest",
    "grouping",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_table",
    "json_value",
    "least",
    "localtime",
    "localtimestamp",
    "nullif",
    "overlay",
    "position",
    "session_user",
    "substring",
    "system_user",
    "trim",
    "user",
    "values",
];

/// Examples that are known to return another value, and why they stay.
const KNOWN: [(&str, &str, &str); 4] = [
    ("mysql", "CAST(i AS UNSIGNED) % 7", "a negative number as UNSIGNED: no type of PostgreSQL's has its values"),
    ("mysql", "JSON_EXTRACT(doc, '$.b[0]')", "of what is no array MySQL takes the whole as its first item"),
    ("mysql", "doc ->> '$.b[0]'", "of what is no array MySQL takes the whole as its first item"),
    ("mysql", "ROUND(1.005e0, 2)", "the text 1.005 is a double there and exact in PostgreSQL"),
];

/// Notes on what was left as it is.
const NOTES: [&str; 2] = ["case-in-comparison", "whole-decimal"];

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("functions").join(name)).unwrap()
}

/// The rows of a table of tab-separated values, without its heading.
fn rows(table: &str) -> Vec<Vec<String>> {
    table.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn dialect(database: &str) -> Dialect {
    if database == "mysql" { Dialect::MySql } else { Dialect::Sqlite }
}

/// Whether two values are the same: numbers to four digits, since MySQL's division keeps four;
/// JSON by what it holds; moments whatever fractions of zero they show.
fn same(wanted: Option<&str>, found: Option<&str>) -> bool {
    let (Some(wanted), Some(found)) = (wanted, found) else { return wanted.is_none() && found.is_none() };
    if wanted == found {
        return true;
    }
    let truth = |text: &str| match text {
        "t" | "true" => "1".to_owned(),
        "f" | "false" => "0".to_owned(),
        other => other.to_owned(),
    };
    let (wanted, found) = (truth(wanted), truth(found));
    if let (Ok(a), Ok(b)) = (wanted.parse::<f64>(), found.parse::<f64>()) {
        return (a - b).abs() <= 1e-4 * a.abs().max(b.abs()).max(1e-4) || a == b;
    }
    let json = |text: &str| {
        text.starts_with(['[', '{', '"']).then(|| serde_json::from_str::<serde_json::Value>(text).ok()).flatten()
    };
    if let (Some(a), Some(b)) = (json(&wanted), json(&found))
        && a == b
    {
        return true;
    }
    // `\x…` is how PostgreSQL shows bytes.
    let bytes = |text: &str| text.strip_prefix("\\x").map(str::to_owned);
    if let Some(hex) = bytes(&found) {
        return wanted.bytes().map(|b| format!("{b:02x}")).collect::<String>() == hex;
    }
    let moment = |text: &str| {
        let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
        let text = match text.split_once('.') {
            Some((whole, fraction)) if whole.contains(':') => match fraction.trim_end_matches('0') {
                "" => whole.to_owned(),
                rest => format!("{whole}.{rest}"),
            },
            _ => text.to_owned(),
        };
        // `0:30:00`.
        if text.contains(':') { text.trim_start_matches('0').to_owned() } else { text }
    };
    moment(&wanted) == moment(&found)
}

#[test]
fn every_shared_name_bears_a_verdict() {
    let table = rows(&file("functions.tsv"));
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut known = |name: &str| {
        let sql = format!("SELECT COUNT(*) FROM pg_proc WHERE proname = '{}'", name.replace('\'', "''"));
        match database.ask("", &sql, Around::default(), 5_000).unwrap().0 {
            Proof::Ran(ran) => ran.rows[0][0].as_deref() != Some("0"),
            other => panic!("{name}: {other:?}"),
        }
    };
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    check_all(&table, |row| {
        let [of, name, there, verdict, how, ..] = &row[..] else { panic!("{row:?}") };
        assert!(seen.entry(of).or_default().insert(name), "{of} {name} stands twice");
        let there = there == "yes";
        let found = IN_GRAMMAR.contains(&name.as_str()) || name.starts_with('-') || known(name);
        assert!(!found || there, "{of} {name}: PostgreSQL has it, and the table does not say so");
        assert!(!there || verdict != "absent", "{of} {name}: PostgreSQL has it, so it is not absent");
        assert!(["same", "rewritten", "depends", "refused", "absent"].contains(&verdict.as_str()), "{verdict}");
        assert!(!matches!(verdict.as_str(), "rewritten" | "depends" | "refused") || !how.is_empty(), "{of} {name}");
    });
    // SQLite's own list, as this build of it has it.
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let mut names = sqlite.prepare("SELECT DISTINCT name FROM pragma_function_list").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let missing: Vec<&String> = names.iter().filter(|name| !seen["sqlite"].contains(name.as_str())).collect();
    assert!(missing.is_empty(), "SQLite has functions that the table does not: {missing:?}");
    assert!(seen["mysql"].len() > 350, "{}", seen["mysql"].len());
}

#[test]
fn no_example_returns_another_value() {
    let verdicts: BTreeMap<(String, String), String> = rows(&file("functions.tsv"))
        .into_iter()
        .map(|row| ((row[0].clone(), row[1].clone()), row[3].clone()))
        .collect();
    let fixtures = [("mysql", file("fixture.mysql.sql")), ("sqlite", file("fixture.sqlite.sql"))];
    let mut database = Database::open(&Settings::default()).unwrap();
    let mut wrong = Vec::new();
    let (mut agree, mut refused) = (0, 0);
    for row in rows(&file("examples.tsv")).into_iter().chain(rows(&file("beyond_examples.tsv"))) {
        let [of, name, expression, values, ..] = &row[..] else { panic!("{row:?}") };
        let fixture = &fixtures.iter().find(|(database, _)| database == of).unwrap().1;
        let wanted: Vec<Option<String>> = serde_json::from_str(values).unwrap();
        let whole = expression.to_uppercase();
        let sql = match wanted.len() {
            _ if whole.starts_with("SELECT") || whole.starts_with("WITH") => expression.clone(),
            8 => format!("SELECT {expression} AS v FROM t ORDER BY id"),
            _ => format!("SELECT {expression} AS v FROM t"),
        };
        let verdict = verdicts.get(&(of.clone(), name.clone())).map_or("operator", String::as_str);
        let outcome = match translate(fixture, &sql, Some(dialect(of))) {
            Err(error) => Err(error.why),
            Ok(done) => match database.ask(&done.schema, &done.sql, Around::default(), 5_000).unwrap().0 {
                Proof::Ran(ran) => {
                    let found: Vec<Option<&str>> = ran.rows.iter().map(|row| row[0].as_deref()).collect();
                    // What was left as it is and may mean something else bears a note of that.
                    let noted = done.notes.iter().any(|n| NOTES.contains(&n.rule));
                    let agrees = noted
                        || found.len() == wanted.len()
                            && found.iter().zip(&wanted).all(|(found, wanted)| same(wanted.as_deref(), *found));
                    let known = KNOWN.iter().any(|(database, text, _)| database == of && text == expression);
                    if agrees == known {
                        wrong.push(format!(
                            "{of} {name}: {expression}\n    {}\n    wanted {wanted:?}\n    found  {found:?}",
                            done.sql
                        ));
                        continue;
                    }
                    if known {
                        continue;
                    }
                    Ok(())
                }
                Proof::StatementRefused(_, error) => Err(format!("{error}: {}", done.sql)),
                other => panic!("{expression}: {other:?}"),
            },
        };
        match outcome {
            Ok(()) => agree += 1,
            Err(why) => {
                refused += 1;
                if std::env::var_os("HIVE_SHOW_REFUSED").is_some() {
                    eprintln!("{of} {name} ({verdict}): {expression}: {why}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} return other values:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agree > 10 * refused, "{agree} agree, {refused} are refused");
}
