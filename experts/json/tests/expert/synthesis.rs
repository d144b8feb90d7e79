//! Records that the synthesiser makes.

use std::collections::BTreeSet;

use hive_sdk::rng::Rng;
use hive_sdk::{Record, Verdict};
use hive_tests::check_all;
use serde_json::Value;

use crate::plugin;

fn text<'a>(record: &'a Record, field: &str) -> &'a str {
    record.text(field).unwrap_or_default()
}

fn made(seed: u64, n: usize) -> Vec<Record> {
    plugin().synthesize(seed, n).unwrap().unwrap()
}

#[test]
fn every_record_is_accepted_and_right() {
    check_all([11, 12, 13].into_iter().flat_map(|seed| made(seed, 1_000)), |record| {
        let verdict = plugin().validate(&record).unwrap();
        assert!(matches!(&verdict, Verdict::Accept { notes, .. } if notes.is_empty()), "{record:?}: {verdict:?}");
        let grade = plugin().grade(&record, text(&record, "json")).unwrap();
        assert_eq!((grade.score, grade.findings), (1.0, vec![]), "{record:?}");
        assert!(grade.checks.values().all(|passed| *passed), "{record:?}: {:?}", grade.checks);
        let chat = plugin().render(&record).unwrap();
        assert_eq!(chat.messages[2].content, text(&record, "json"), "the JSON is not in its final form");
    });
}

#[test]
fn texts_are_clean() {
    check_all(made(14, 3_000), |record| {
        let given = text(&record, "text");
        assert!(!given.contains(['{', '}', '^']) && !given.contains("  -  ") && given.trim() == given, "{given:?}");
        assert!((8..=700).contains(&given.len()), "{} bytes: {given}", given.len());
        assert!(text(&record, "schema").len() + text(&record, "json").len() < 1_400, "{record:?}");
    });
}

#[test]
fn records_differ() {
    let records = made(15, 20_000);
    assert_eq!(records.len(), 20_000);
    let distinct = |field: &str| records.iter().map(|r| text(r, field)).collect::<BTreeSet<_>>().len();
    assert_eq!((distinct("id"), distinct("text")), (20_000, 20_000));
    assert!(distinct("schema") > 15_000, "{} schemas", distinct("schema"));
    assert!(distinct("json") > 18_000, "{} values", distinct("json"));
    let share = |what: fn(&str, &str, &str) -> bool| {
        let count = records.iter().filter(|r| what(text(r, "text"), text(r, "schema"), text(r, "json"))).count();
        count as f64 / records.len() as f64
    };
    check_all(
        [
            ("null", share(|_, _, json| json.contains("null")), 0.08..0.5),
            ("array", share(|_, _, json| json.contains('[')), 0.2..0.7),
            ("nested", share(|_, _, json| json[1..].contains('{')), 0.15..0.6),
            ("boolean", share(|_, _, json| json.contains("true") || json.contains("false")), 0.2..0.8),
            ("enum", share(|_, schema, _| schema.contains("\"enum\"")), 0.2..0.9),
            ("date", share(|_, schema, _| schema.contains("\"date\"")), 0.2..0.9),
            ("closed", share(|_, schema, _| schema.contains("additionalProperties")), 0.2..0.6),
            ("several lines", share(|text, _, _| text.contains('\n')), 0.2..0.8),
        ],
        |(what, share, range)| assert!(range.contains(&share), "{what}: {share}"),
    );
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let a = made(5, 400);
    assert_eq!(a, made(5, 400));
    assert_eq!(a[..150], made(5, 150)[..], "a shorter run is no prefix");
    let b = made(6, 400);
    assert!(!a.iter().any(|record| b.iter().any(|other| text(other, "text") == text(record, "text"))));
    assert_eq!(made(5, 0), []);
}

#[test]
fn any_run_is_balanced() {
    let kind =
        |record: &Record| text(record, "id").trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
    let records = made(21, 600);
    for window in records.chunks(200) {
        let kinds: BTreeSet<_> = window.iter().map(kind).collect();
        assert!(kinds.len() >= 40, "{} kinds", kinds.len());
    }
}

#[test]
fn more_than_there_is_is_refused() {
    let error = plugin().synthesize(1, usize::MAX).unwrap_err();
    assert!(error.message.contains("expected at most 200000"), "{error}");
}

/// The number of values without parts.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        Value::Object(entries) if !entries.is_empty() => entries.values().map(leaves).sum(),
        _ => 1,
    }
}

/// The value with its `at`th part without parts changed a little; `at` is counted down on the way.
fn changed(value: &Value, at: &mut usize) -> Value {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().map(|item| changed(item, at)).collect(),
        Value::Object(entries) if !entries.is_empty() => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), changed(value, at))).collect())
        }
        leaf if *at == 0 => {
            *at = usize::MAX;
            match leaf {
                Value::String(text) => {
                    let rest: String = text.chars().skip(1).collect();
                    Value::from(text.split_once(' ').map_or(rest, |(_, rest)| rest.to_owned()))
                }
                Value::Number(n) => Value::from(n.as_f64().unwrap_or_default() + 1.0),
                Value::Bool(flag) => Value::from(!*flag),
                Value::Null => Value::from(""),
                _ => Value::Null,
            }
        }
        leaf => {
            *at -= 1;
            leaf.clone()
        }
    }
}

/// Nearly the gold: one value changed a little.
fn mutated(json: &str, rng: &mut Rng) -> String {
    let value: Value = serde_json::from_str(json).unwrap();
    changed(&value, &mut rng.below(leaves(&value))).to_string()
}

#[test]
fn answers_that_are_not_the_gold_are_not_right() {
    let records = made(31, 1_500);
    let mut rng = Rng::new(1, 1);
    let (mut all, mut caught) = (0, 0);
    for (record, other) in records.iter().zip(records.iter().cycle().skip(1)) {
        let json = text(record, "json");
        let truncated: String = json.chars().take(json.chars().count() - 1).collect();
        let wrong = [
            mutated(json, &mut rng),
            text(other, "json").to_owned(),
            String::new(),
            text(record, "text").to_owned(),
            text(record, "schema").to_owned(),
            truncated,
        ];
        for answer in wrong {
            all += 1;
            let grade = plugin().grade(record, &answer).unwrap();
            assert!((0.0..=1.0).contains(&grade.score));
            if grade.score < 1.0 {
                caught += 1;
                assert!(!grade.findings.is_empty(), "no reason is given: {answer} for {json}");
            }
        }
    }
    assert!(f64::from(caught) >= 0.99 * f64::from(all), "caught {caught} of {all}");
}

#[test]
fn order_and_spelling_do_not_matter() {
    fn respelled(value: &Value) -> String {
        match value {
            Value::Object(entries) => {
                let parts: Vec<_> = entries
                    .iter()
                    .rev()
                    .map(|(k, v)| format!("{} : {}", Value::from(k.as_str()), respelled(v)))
                    .collect();
                format!("{{ {} }}", parts.join(" ,\n"))
            }
            Value::Array(items) => format!("[{}]", items.iter().map(respelled).collect::<Vec<_>>().join(", ")),
            Value::Number(n) if n.is_i64() => format!("{n}.0"),
            Value::Number(n) => format!("{:e}", n.as_f64().unwrap()),
            Value::String(text) => {
                let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                format!("\"{escaped}\"")
            }
            other => other.to_string(),
        }
    }
    check_all(made(41, 500), |record| {
        let value: Value = serde_json::from_str(text(&record, "json")).unwrap();
        let answer = respelled(&value);
        assert_eq!(plugin().grade(&record, &answer).unwrap().score, 1.0, "{answer}");
    });
}
