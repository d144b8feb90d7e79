//! Scores, checks and findings of answers.

use std::collections::BTreeMap;

use hive_tests::check_all;

use crate::{plugin, record};

const SCHEMA: &str = r#"{"type":"object","properties":{
    "name":{"type":"string"},"n":{"type":"number"},"day":{"type":"string","format":"date"},
    "kind":{"enum":["a","b"]},"tags":{"type":"array","items":{"type":"string"}},
    "lines":{"type":"array","items":{"type":"object","properties":{"item":{"type":"string"},"qty":{"type":"integer"}}}}
    },"required":["name"],"additionalProperties":false}"#;

const GOLD: &str =
    r#"{"name":"Ada","n":2,"day":"2024-03-09","kind":"a","tags":["x","y"],"lines":[{"item":"cup","qty":3}]}"#;

/// The score, the codes of the findings, and the checks.
fn graded(gold: &str, answer: &str) -> (f64, Vec<String>, BTreeMap<String, bool>) {
    let grade = plugin().grade(&record("t", SCHEMA, gold), answer).unwrap();
    let mut codes: Vec<_> = grade.findings.into_iter().map(|f| f.code).collect();
    codes.sort();
    codes.dedup();
    (grade.score, codes, grade.checks)
}

#[test]
fn what_says_the_same_is_right() {
    check_all(
        [
            GOLD.to_owned(),
            format!("```json\n{GOLD}\n```"),
            GOLD.replace(r#""n":2"#, r#""n": 2.0"#),
            GOLD.replace("Ada", " Ada "),
            GOLD.replace("2024-03-09", "9 March 2024"),
            r#"{"lines":[{"qty":3.0,"item":"cup"}],"tags":["x","y"],"kind":"a","day":"2024-03-09","n":2e0,"name":"Ada"}"#.to_owned(),
        ],
        |answer| assert_eq!(graded(GOLD, &answer).0, 1.0, "{answer}"),
    );
    let (_, codes, checks) = graded(GOLD, GOLD);
    assert_eq!(codes, [""; 0]);
    assert!(checks.len() == 6 && checks.values().all(|passed| *passed), "{checks:?}");
}

#[test]
fn each_fault_has_its_code_and_check() {
    check_all(
        [
            (GOLD.replace("Ada", "Eva"), &["wrong-value"][..], &[][..]),
            (GOLD.replace(r#""n":2"#, r#""n":3"#), &["wrong-value"], &["numbers"]),
            (GOLD.replace(r#""n":2"#, r#""n":"2""#), &["does-not-conform", "wrong-type"], &["conforms", "numbers"]),
            (GOLD.replace("03-09", "03-10"), &["wrong-value"], &["dates"]),
            (
                GOLD.replace(r#""kind":"a""#, r#""kind":"c""#),
                &["does-not-conform", "not-in-enum", "wrong-value"],
                &["conforms", "enum-values"],
            ),
            (GOLD.replace(r#""kind":"a""#, r#""kind":"b""#), &["wrong-value"], &[]),
            (
                GOLD.replace(r#""name""#, r#""title":"x","name""#),
                &["does-not-conform", "invented-key"],
                &["conforms", "no-invented-key"],
            ),
            (GOLD.replace(r#""name":"Ada","#, ""), &["does-not-conform", "missing-key"], &["conforms"]),
            (GOLD.replace(r#""n":2,"#, ""), &["missing-key"], &["numbers"]),
            (GOLD.replace(r#","y""#, ""), &["wrong-length"], &[]),
            (GOLD.replace(r#","qty":3"#, ""), &["missing-key"], &["numbers"]),
            (GOLD.replace("{\"name\"", "{name"), &["does-not-parse"], &["conforms", "parses"]),
            (String::new(), &["does-not-parse"], &["conforms", "parses"]),
            (format!("Here it is: {GOLD}"), &["does-not-parse"], &["conforms", "parses"]),
            (format!("{GOLD}{GOLD}"), &["does-not-parse"], &["conforms", "parses"]),
            ("null".to_owned(), &["does-not-conform", "wrong-type"], &["conforms", "dates", "numbers"]),
            (r#"{"name":"Ada","name":"Ada"}"#.to_owned(), &["does-not-parse"], &["conforms", "parses"]),
        ],
        |(answer, codes, failed)| {
            let (score, got, checks) = graded(GOLD, &answer);
            assert!(score < 1.0, "{answer}: {score}");
            assert_eq!(got, codes, "{answer}");
            let got: Vec<_> = checks.iter().filter(|(_, passed)| !**passed).map(|(code, _)| code.as_str()).collect();
            assert_eq!(got, failed, "{answer}");
        },
    );
}

#[test]
fn scores_grow_with_what_is_right() {
    let scores: Vec<f64> = [
        "[]",
        r#"{"name":"Eva"}"#,
        r#"{"name":"Ada"}"#,
        r#"{"name":"Ada","n":2,"day":"2024-03-09"}"#,
        r#"{"name":"Ada","n":2,"day":"2024-03-09","kind":"a","tags":["x","y"],"lines":[{"item":"cup","qty":4}]}"#,
        GOLD,
    ]
    .map(|answer| graded(GOLD, answer).0)
    .to_vec();
    assert!(scores.is_sorted() && scores[1] < scores[2] && scores[4] < 1.0, "{scores:?}");
}

#[test]
fn findings_name_path_and_both_values() {
    let grade = plugin().grade(&record("t", SCHEMA, GOLD), &GOLD.replace("cup", "mug")).unwrap();
    assert_eq!(grade.findings[0].message, "at `/lines/0/item`: got `\"mug\"`, expected `\"cup\"`");
}

#[test]
fn null_and_nothing_are_not_the_same() {
    let schema = r#"{"properties":{"a":{"type":["string","null"]},"b":{"type":"string"}}}"#;
    let grade = |gold, answer| plugin().grade(&record("t", schema, gold), answer).unwrap().score;
    assert!(grade(r#"{"a":null,"b":"x"}"#, r#"{"b":"x"}"#) < 1.0);
    assert!(grade(r#"{"b":"x"}"#, r#"{"a":null,"b":"x"}"#) < 1.0);
}

#[test]
fn any_of_the_right_answers_is_right() {
    let grade = plugin().examine(
        &record("t", SCHEMA, r#"{"name":"Ada"}"#),
        &[r#"{"name":"Ada L."}"#.to_owned()],
        r#"{"name":"Ada L."}"#,
    );
    assert_eq!(grade.unwrap().score, 1.0);
}

#[test]
fn a_gold_that_is_no_json_is_an_error() {
    let error = plugin().grade(&record("t", SCHEMA, "{"), "{}").unwrap_err();
    assert!(error.message.contains("the gold `json` is no JSON"), "{error}");
}
