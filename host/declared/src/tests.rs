//! What a declared expert says of records and answers.

use hive_sdk::{Expert, LintLevel, Record, Settings, Verdict};
use hive_tests::check_all;
use serde_json::{Value, json};

use crate::{Commands, DeclaredExpert};

fn expert(validate: Value, more: Value) -> DeclaredExpert {
    let mut manifest = json!({
        "name": "t", "version": "0.1.0", "abi": 5, "description": "d", "license": "MIT", "base_models": ["b"],
        "dataset": {"fields": [
            {"name": "question"}, {"name": "n", "type": "number", "optional": true},
            {"name": "schema", "type": "json", "optional": true}, {"name": "answer", "completion": true}
        ]},
        "prompt": [{"role": "user", "content": "{question}"}],
        "validate": validate,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        manifest[key] = value.clone();
    }
    DeclaredExpert::new(manifest.to_string(), Commands::Refused("a test".to_owned())).expect("an expert")
}

/// The verdict on a record in short: `accept`, `reject CODE`, `note CODE`, `repair CODE VALUE`.
fn verdict(expert: &DeclaredExpert, record: &[(&str, &str)]) -> String {
    let record = Record::from_pairs(record.iter().copied());
    match expert.validate(&record).expect("a verdict") {
        Verdict::Accept { notes, .. } if notes.is_empty() => "accept".to_owned(),
        Verdict::Accept { notes, .. } => format!("note {}", notes[0].code),
        Verdict::Repaired { record, changes, .. } => {
            format!("repair {} {}", changes[0].code, record.text("answer").unwrap_or_default())
        }
        Verdict::Reject { code, .. } => format!("reject {code}"),
    }
}

#[test]
fn each_rule_says_what_breaks_it() {
    check_all(
        [
            (json!({"enum": ["a", "b"]}), "a", true),
            (json!({"enum": ["a", "b"]}), "A", false),
            (json!({"regex": "^[0-9]+$"}), "12", true),
            (json!({"regex": "^[0-9]+$"}), "12a", false),
            (json!({"max_chars": 2}), "äö", true),
            (json!({"max_chars": 2}), "abc", false),
            (json!({"number": {"min": 0, "max": 5}}), " 5 ", true),
            (json!({"number": {"min": 0, "max": 5}}), "5.1", false),
            (json!({"number": {}}), "inf", false),
            (json!("json"), "[1]", true),
            (json!("json"), "[1", false),
            (json!({"json_schema": {"type": "array"}}), "[1]", true),
            (json!({"json_schema": {"type": "array"}}), "{}", false),
            (json!({"json_schema": {"type": "array"}}), "no", false),
            (json!({"json_schema_field": "schema"}), "{}", true),
            (json!({"json_schema_field": "schema"}), "[]", false),
        ],
        |(rule, answer, follows)| {
            let spec = json!([{"code": "c", "description": "d", "field": "answer", "rule": rule}]);
            let got = verdict(
                &expert(spec, json!({})),
                &[("question", "q"), ("schema", r#"{"type":"object"}"#), ("answer", answer)],
            );
            assert_eq!(got, if follows { "accept" } else { "reject c" }, "{rule} {answer}");
        },
    );
}

#[test]
fn records_lack_nothing_that_is_required_and_have_the_declared_types() {
    let plain = expert(json!([]), json!({}));
    assert_eq!(verdict(&plain, &[("question", "q"), ("answer", "a"), ("n", "1.5")]), "accept");
    assert_eq!(verdict(&plain, &[("question", "q")]), "reject missing-field");
    assert_eq!(verdict(&plain, &[("question", "q"), ("answer", " ")]), "reject missing-field");
    assert_eq!(verdict(&plain, &[("question", "q"), ("answer", "a"), ("n", "one")]), "reject not-a-number");
    assert_eq!(verdict(&plain, &[("question", "q"), ("answer", "a"), ("schema", "{")]), "reject not-json");
    let needs = json!([{"code": "needs-n", "description": "d", "field": "n", "rule": "required"}]);
    assert_eq!(verdict(&expert(needs, json!({})), &[("question", "q"), ("answer", "a")]), "reject needs-n");
}

#[test]
fn levels_decide_and_repairs_come_first() {
    let spec = json!([{"code": "c", "description": "d", "field": "answer", "rule": {"enum": ["yes", "no"]},
        "repair": ["trim", "lower"]}]);
    let expert = expert(spec, json!({}));
    let of = |level: Option<LintLevel>, answer: &str| {
        let lints = level.map(|level| ("c".to_owned(), level)).into_iter().collect();
        expert.configure(&Settings { lints, ..Settings::default() }).expect("settings");
        verdict(&expert, &[("question", "q"), ("answer", answer)])
    };
    use LintLevel::{Note, Off, Reject, Repair};
    check_all(
        [
            (None, " Yes ", "repair c yes"),
            (Some(Reject), " Yes ", "repair c yes"),
            (Some(Reject), "maybe", "reject c"),
            (Some(Repair), "NO", "repair c no"),
            (Some(Repair), "maybe", "note c"),
            (Some(Note), "Yes", "note c"),
            (Some(Off), "maybe", "accept"),
        ],
        |(level, answer, expected)| assert_eq!(of(level, answer), expected, "{level:?} {answer}"),
    );
    let unknown = Settings { options: [("x".to_owned(), json!(1))].into_iter().collect(), ..Settings::default() };
    assert!(expert.configure(&unknown).expect_err("refused").message.contains("no option `x`"));
}

#[test]
fn classes_are_counted() {
    let spec = json!([
        {"code": "a", "description": "d", "field": "question", "rule": {"enum": ["q"]}},
        {"code": "b", "description": "d", "field": "answer",
         "rule": {"json_schema": {"properties": {"label": {"enum": ["x", "y"]}, "text": {"type": "string"}}}}},
    ]);
    let record = Record::from_pairs([("question", "q"), ("answer", r#"{"label": "x", "text": "long"}"#)]);
    let verdict = expert(spec, json!({})).validate(&record).expect("a verdict");
    let labels: Vec<_> = verdict.facts().labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["label=x", "question=q"]);
}

#[test]
fn questions_and_answers_are_inspected() {
    let validate = json!([
        {"code": "long", "description": "d", "field": "question", "rule": {"max_chars": 3}},
        {"code": "c", "description": "d", "field": "answer", "rule": {"enum": ["a"]}},
    ]);
    let form = json!({"generation": {"json_schema_field": "schema"}});
    let expert = expert(validate, form);
    let inspect = |record: &[(&str, &str)], answer: Option<&str>| {
        let record = Record::from_pairs(record.iter().copied());
        let found = expert.inspect(&record, answer).expect("an inspection");
        found.faults.into_iter().map(|f| f.code).collect::<Vec<_>>().join(" ")
    };
    let object = r#"{"type": "object"}"#;
    check_all(
        [
            (vec![("question", "q")], None, ""),
            (vec![("question", "four")], None, "long"),
            (vec![("question", "q"), ("schema", r#"{"type": 1}"#)], None, "unusable-schema"),
            (vec![("question", "q"), ("schema", object)], Some("{}"), "c"),
            (vec![("question", "q"), ("schema", object)], Some("[]"), "c does-not-conform"),
            (vec![("question", "q"), ("schema", object)], Some("a"), "not-json"),
            // The rules for the answer's field hold for answers too.
            (vec![("question", "q")], Some("x"), "c"),
            (vec![("question", "q")], Some("a"), ""),
        ],
        |(record, answer, expected)| assert_eq!(inspect(&record, answer), expected, "{record:?} {answer:?}"),
    );
}

#[test]
fn without_graders_it_says_that_it_cannot_grade() {
    let plain = expert(json!([]), json!({}));
    let prompt = Record::from_pairs([("question", "q"), ("answer", "a")]);
    let why = plain.grade(&prompt, "a").expect_err("no grade").message;
    assert!(why.contains("declares no `grade`"), "{why}");
    let graded = expert(json!([]), json!({"grade": [{"grader": "exact"}]}));
    assert_eq!(graded.examine(&prompt, &["b".to_owned()], "b").expect("a grade").score, 1.0);
}
