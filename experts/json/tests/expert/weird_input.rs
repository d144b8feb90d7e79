//! Unusual input gives a verdict or an error, never a panic, and in a bounded time.

use std::time::{Duration, Instant};

use hive_sdk::Record;
use hive_sdk::protocol::MethodId;
use hive_tests::check_all;
use serde_json::json;

use crate::{plugin, record};

fn weird() -> Vec<String> {
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        defs.insert(format!("d{level}"), json!({"allOf": [next, next], "items": next}));
    }
    defs.insert("d40".to_owned(), json!(true));
    let mut long = serde_json::Map::new();
    for level in 0..4_000 {
        long.insert(format!("d{level}"), json!({"$ref": format!("#/$defs/d{}", level + 1)}));
    }
    long.insert("d4000".to_owned(), json!({"type": "string"}));
    vec![
        String::new(),
        " \n\t".to_owned(),
        "\0".to_owned(),
        "é🦀\u{202e}\u{feff}".to_owned(),
        "```".to_owned(),
        "``````".to_owned(),
        "```é```".to_owned(),
        "{".to_owned(),
        "\"\\ud800\"".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "-0".to_owned(),
        "1e400".to_owned(),
        "123456789012345678901234567890".to_owned(),
        "{\"\":{\"\":[]}}".to_owned(),
        "{\"a/b~c\":{\"%\":1}}".to_owned(),
        "{\"$ref\":\"#\"}".to_owned(),
        "{\"$ref\":\"#/a%2\",\"$dynamicRef\":\"#x\",\"$recursiveRef\":\"#\"}".to_owned(),
        "{\"properties\":[],\"items\":1,\"enum\":{},\"required\":\"a\"}".to_owned(),
        "{\"pattern\":\"(a+)+$\"}".to_owned(),
        "{\"pattern\":\"(?=(a+)+b)\",\"patternProperties\":{\"^(a|a)*$\":false}}".to_owned(),
        "{\"multipleOf\":1e-300,\"minimum\":1e308}".to_owned(),
        "{\"unevaluatedProperties\":false,\"unevaluatedItems\":{\"$ref\":\"#\"}}".to_owned(),
        "{\"uniqueItems\":true,\"contains\":{\"$ref\":\"#\"},\"not\":{\"not\":{\"$ref\":\"#\"}}}".to_owned(),
        json!({"$ref": "#/$defs/d0", "$defs": defs}).to_string(),
        json!({"$ref": "#/$defs/d0", "$defs": long}).to_string(),
        "[".repeat(100_000),
        format!("{}1{}", "[".repeat(120), "]".repeat(120)),
        format!("{}1{}", "{\"a\":".repeat(120), "}".repeat(120)),
        format!("{}{{}}{}", "{\"items\":".repeat(120), "}".repeat(120)),
        format!("\"{}\"", "a".repeat(1 << 20)),
        format!("[{}0]", "0,".repeat(1 << 19)),
        format!("[{}{{}}]", "{\"a\":1},".repeat(1 << 17)),
        "x 12 1,2.3 ".repeat(1 << 16),
    ]
}

#[test]
fn nothing_panics_or_takes_long() {
    let weird = weird();
    let plain = ["{\"type\":\"object\"}", "{\"items\":{\"type\":\"integer\"},\"uniqueItems\":true}", "{}"];
    let pairs = weird.iter().flat_map(|a| plain.iter().map(move |b| (a.as_str(), *b)));
    let pairs = pairs.clone().chain(pairs.map(|(a, b)| (b, a)));
    let small = weird.iter().filter(|text| text.len() < 1_000).map(String::as_str);
    let all = pairs.chain(small.clone().flat_map(|a| small.clone().map(move |b| (a, b)))).collect::<Vec<_>>();
    check_all(all, |(schema, json)| {
        let shown: String = format!("{schema:.60} | {json:.60}");
        let started = Instant::now();
        let given = record("the text 12", schema, json);
        plugin().validate(&given).unwrap();
        let _ = plugin().render(&given);
        let _ = plugin().grade(&given, json);
        let _ = plugin().grade(&given, schema);
        plugin().inspect(&given, None).unwrap();
        plugin().inspect(&given, Some(json)).unwrap();
        assert!(started.elapsed() < Duration::from_secs(20), "{shown}: {:?}", started.elapsed());
    });
}

#[test]
fn texts_of_any_kind_are_read() {
    check_all(weird(), |text| {
        let given = record(&text, "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":\"é\"}");
        let started = Instant::now();
        plugin().validate(&given).unwrap();
        plugin().inspect(&given, Some("{\"a\":\"é\"}")).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    });
}

#[test]
fn a_record_of_anything_is_judged() {
    for value in [json!({}), json!({"text": 1, "schema": [], "json": false}), json!({"text": "t", "schema": null})] {
        let given: Record = serde_json::from_value(value).unwrap();
        plugin().call::<Vec<hive_sdk::Verdict>>(MethodId::Validate, &[&given]).unwrap();
    }
}
