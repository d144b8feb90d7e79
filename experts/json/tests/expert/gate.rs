//! Verdicts on records.

use hive_sdk::{LintLevel, Settings, Verdict};
use hive_tests::check_all;
use serde_json::json;

use crate::{plugin, record};

const TEXT: &str = "Ada bought three cups on 9 March 2024.";
const SCHEMA: &str = r#"{"type":"object","properties":{"name":{"type":"string"},"cups":{"type":"integer"},"day":{"type":"string","format":"date"}},"required":["name"]}"#;

#[test]
fn faults_reject_a_record() {
    let good = r#"{"name":"Ada"}"#;
    check_all(
        [
            (record("", SCHEMA, good), "no-text"),
            (record(TEXT, " ", good), "no-schema"),
            (record(TEXT, SCHEMA, ""), "no-json"),
            (record(TEXT, "{", good), "schema-is-no-json"),
            (record(TEXT, r#"{"type":"thing"}"#, good), "no-json-schema"),
            (record(TEXT, "[1]", good), "no-json-schema"),
            (record(TEXT, r#"{"$ref":"http://127.0.0.1:9/x.json"}"#, good), "remote-reference"),
            (record(TEXT, SCHEMA, "{name: 1}"), "json-does-not-parse"),
            (record(TEXT, SCHEMA, r#"{"name":1}"#), "does-not-conform"),
            (record(TEXT, SCHEMA, r#"{"cups":3}"#), "does-not-conform"),
            (record(TEXT, SCHEMA, r#"{"name":"Ada","day":"9 March 2024"}"#), "does-not-conform"),
        ],
        |(record, expected)| match plugin().validate(&record).unwrap() {
            Verdict::Reject { code, why, .. } => assert_eq!(code, expected, "{why}"),
            other => panic!("{expected}: {other:?}"),
        },
    );
}

#[test]
fn form_is_repaired() {
    let right = r#"{"name":"Ada","cups":3,"day":"2024-03-09"}"#;
    check_all(
        [
            ("```json\n{\"name\":\"Ada\",\"cups\":3,\"day\":\"2024-03-09\"}\n```", &["code-fence"][..]),
            ("{ \"name\": \"Ada\",\n  \"cups\": 3, \"day\": \"2024-03-09\" }", &["needless-whitespace"]),
            (r#"{"day":"2024-03-09","cups":3,"name":"Ada"}"#, &["key-order"]),
            (
                "```\n{\"cups\": 3, \"name\": \"\\u0041da\", \"day\":\"2024-03-09\"}\n```",
                &["code-fence", "needless-whitespace", "key-order"],
            ),
        ],
        |(json, expected)| match plugin().validate(&record(TEXT, SCHEMA, json)).unwrap() {
            Verdict::Repaired { record, changes, notes, .. } => {
                assert_eq!(record.text("json"), Some(right));
                assert_eq!(changes.iter().map(|c| c.code.as_str()).collect::<Vec<_>>(), expected);
                assert_eq!(notes, []);
                assert!(matches!(plugin().validate(&record).unwrap(), Verdict::Accept { .. }), "repaired twice");
            }
            other => panic!("{json}: {other:?}"),
        },
    );
}

#[test]
fn what_nobody_said_is_noted() {
    let notes = |json: &str| match plugin().validate(&record(TEXT, SCHEMA, json)).unwrap() {
        Verdict::Accept { notes, .. } => notes,
        other => panic!("{other:?}"),
    };
    assert_eq!(notes(r#"{"name":"Ada","cups":3,"day":"2024-03-09"}"#), []);
    let found = notes(r#"{"name":"Eva","cups":4}"#);
    assert_eq!((found.len(), found[0].code.as_str()), (1, "invented-value"));
    assert!(found[0].message.contains("`Eva` at `/name`, 4 at `/cups`"), "{}", found[0].message);
    let found = notes(r#"{"name":"Ada","colour":"Ada"}"#);
    assert_eq!((found.len(), found[0].code.as_str()), (1, "unknown-key"));
}

#[test]
fn levels_are_the_settings() {
    let plugin = plugin();
    let level = |code: &str, level| Settings { lints: [(code.to_owned(), level)].into(), ..Settings::default() };
    let given = record(TEXT, SCHEMA, r#"{"name":"Eva"}"#);
    plugin.configure(&level("invented-value", LintLevel::Reject)).unwrap();
    assert!(matches!(plugin.validate(&given).unwrap(), Verdict::Reject { code, .. } if code == "invented-value"));
    plugin.configure(&level("invented-value", LintLevel::Off)).unwrap();
    assert!(matches!(plugin.validate(&given).unwrap(), Verdict::Accept { notes, .. } if notes.is_empty()));
    plugin.configure(&Settings::default()).unwrap();
    let options = Settings { options: [("depth".to_owned(), json!(1))].into_iter().collect(), ..Settings::default() };
    assert!(plugin.configure(&options).unwrap_err().message.contains("there is no option `depth`"));
}

#[test]
fn facts_describe_a_record() {
    let schema = r#"{"type":"object","properties":{"b":{"type":"array","items":{"type":"object","properties":{"x":{"type":["integer","null"]}}}},"a":{"type":"string"}}}"#;
    let verdict = plugin().validate(&record("It is, 1.", schema, r#"{"b":[{"x":1},{"x":null}],"a":"it"}"#)).unwrap();
    let facts = verdict.facts();
    assert_eq!((facts.labels["structure"].as_str(), facts.labels["null"].as_str()), ("list of objects", "yes"));
    assert_eq!(
        (facts.measures["fields"], facts.measures["depth"], facts.measures["keys in the schema"]),
        (3.0, 4.0, 3.0)
    );
    assert_eq!(facts.keys["text"], "it is 1");
    assert_eq!(facts.keys["json"], r#"{"a":"it","b":[{"x":1},{"x":null}]}"#);
}
