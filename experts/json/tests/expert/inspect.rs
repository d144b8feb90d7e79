//! Faults and notes for the person who asks.

use hive_sdk::Record;
use hive_tests::check_all;

use crate::plugin;

const SCHEMA: &str = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#;

fn codes(findings: &[hive_sdk::Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn questions_are_checked_before_the_model_runs() {
    check_all(
        [
            (vec![("text", "one"), ("schema", SCHEMA)], vec![]),
            (vec![("text", "one")], vec!["no-schema"]),
            (vec![("schema", SCHEMA)], vec!["no-text"]),
            (vec![("text", " "), ("schema", "{")], vec!["no-text", "schema-is-no-json"]),
            (vec![("text", "one"), ("schema", r#"{"type":"int"}"#)], vec!["no-json-schema"]),
            (vec![("text", "one"), ("schema", r#"{"$ref":"a.json"}"#)], vec!["remote-reference"]),
        ],
        |(fields, expected)| {
            let found = plugin().inspect(&Record::from_pairs(fields.clone()), None).unwrap();
            assert_eq!(codes(&found.faults), expected, "{fields:?}");
        },
    );
    let asked = Record::from_pairs([("text", "one"), ("schema", "{ \"type\": \"object\" }")]);
    let found = plugin().inspect(&asked, None).unwrap();
    assert_eq!(found.record.unwrap().text("schema"), Some(r#"{"type":"object"}"#));
}

#[test]
fn answers_are_checked_against_the_schema() {
    let asked = Record::from_pairs([("text", "I have 3."), ("schema", SCHEMA)]);
    check_all(
        [
            (r#"{"n":3}"#, vec![], vec![]),
            (r#"{"n":4}"#, vec![], vec!["invented-value"]),
            (r#"{"n":"3"}"#, vec!["does-not-conform"], vec![]),
            (r#"{}"#, vec!["does-not-conform"], vec![]),
            ("```json\n{\"n\":3}\n```", vec!["code-fence"], vec![]),
            ("three", vec!["json-does-not-parse"], vec![]),
            (" ", vec!["no-json"], vec![]),
        ],
        |(answer, faults, notes)| {
            let found = plugin().inspect(&asked, Some(answer)).unwrap();
            assert_eq!((codes(&found.faults), codes(&found.notes)), (faults, notes), "{answer}");
        },
    );
}
