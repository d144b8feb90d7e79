//! `examples/experts/cron/grade.awk`, run as hive runs it: one JSON object in, one out. Skipped where there is no `awk`;
//! `HIVE_TEST_AWK` names another one (`gawk --posix`, `busybox awk`).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use hive_tests::check_all;
use serde_json::{Value, json};

/// The folder of the expert.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/experts/cron")
}

/// What the grader says to `input`; `None` where there is no awk.
fn run(input: &str) -> Option<Output> {
    let awk = std::env::var("HIVE_TEST_AWK").unwrap_or_else(|_| "awk".to_owned());
    let mut words = awk.split(' ');
    let child = Command::new(words.next().unwrap())
        .args(words)
        .args(["-f", "grade.awk"])
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: `{awk}` does not start");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

/// The grade of `completion`; `None` where there is no awk.
fn grade(gold: &str, alternatives: &[&str], completion: &str) -> Option<Value> {
    let record = json!({"words": "a \"quoted\" text, with {braces} and [brackets]", "schedule": gold});
    let input = json!({"prompt": record, "gold": gold, "alternatives": alternatives, "completion": completion});
    let output = run(&input.to_string())?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The codes of a grade's findings, in order.
fn codes(grade: &Value) -> Vec<&str> {
    grade["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn schedules_that_mean_the_same_times_are_right() {
    check_all(
        [
            ("30 6 * * 1-5", "30 6 * * 1-5"),
            ("30 6 * * 1-5", "30\t06  * *   MON-fri\n"),
            ("30 6 * * 1-5", "30 6 * * 1,2,3,4,5"),
            ("*/15 * * * *", "0,15,30,45 * * * *"),
            ("*/15 * * * *", "0-59/15 */1 1-31 jan-dec *"),
            ("0 0 * * 0", "0 0 * * 7"),
            ("0 0 * * 0,5,6", "0 0 * * 5-7"),
            ("0 0 * * *", "0 0 * * 0-7"),
            ("0 0 1 */3 *", "0 0 1 1,4,7,10 *"),
            ("0 8-20/2 * * *", "0 8,10,12,14,16,18,20 * * *"),
            ("0 0 29 2 *", "0 0 29 FEB *"),
            // Only 31 days exist in January, and only 29 in February.
            ("0 0 * 2 *", "0 0 1-29 2 *"),
            // Either day is meant, in whichever words.
            ("0 6 1 * 1", "0 6 1 * Mon"),
            // A field that begins with `*` does not restrict, with a step neither: odd days that are Mondays.
            ("0 6 */2 * 1", "0 6 */2 * 1"),
        ],
        |(gold, completion)| {
            let Some(grade) = grade(gold, &[], completion) else { return };
            assert_eq!(grade, json!({"score": 1.0, "findings": []}), "{gold} / {completion}");
        },
    );
}

#[test]
fn other_times_get_a_tenth_per_field_that_agrees() {
    check_all(
        [
            ("30 6 * * 1-5", "30 18 * * 1-5", 0.4, &["hour"][..]),
            ("30 6 * * 1-5", "0 7 * * *", 0.2, &["minute", "hour", "weekday"]),
            ("0 0 1 1 0", "5 5 5 5 5", 0.0, &["minute", "hour", "day-of-month", "month", "weekday"]),
            ("0 0 1 * *", "0 0 1 2 *", 0.4, &["month"]),
            ("0 6 * * 1", "0 6 1 * 1", 0.4, &["day-of-month"]),
            // The same numbers in every field, and yet other days.
            ("0 6 1 * *", "0 6 1 * 0-6", 0.5, &["days"]),
            ("0 6 */2 * 1", "0 6 1-31/2 * 1", 0.5, &["days"]),
        ],
        |(gold, completion, score, faults)| {
            let Some(grade) = grade(gold, &[], completion) else { return };
            assert_eq!(grade["score"], json!(score), "{gold} / {completion}: {grade}");
            assert_eq!(codes(&grade), faults, "{gold} / {completion}: {grade}");
        },
    );
}

#[test]
fn a_finding_says_which_field_and_what_was_expected() {
    let Some(grade) = grade("30 6 * * 1-5", &[], "30 18 * * 1-5") else { return };
    let said = json!({"code": "hour", "message": "hour: got `18`, expected `6`"});
    assert_eq!(grade["findings"], json!([said]));
}

#[test]
fn what_is_no_schedule_scores_nothing() {
    check_all(
        [
            ("", "expected 5 fields, got 0 in ``"),
            ("0 0 * *", "expected 5 fields, got 4 in `0 0 * *`"),
            ("0 0 * * * *", "expected 5 fields, got 6 in `0 0 * * * *`"),
            ("@daily", "expected 5 fields, got 1 in `@daily`"),
            ("0 0 * * 1\n0 0 * * 2", "expected one line, got several"),
            ("0 0 ? * 1", "day of month `?`: expected 1 to 31, got `?`"),
            ("60 0 * * *", "minute `60`: expected 0 to 59, got `60`"),
            ("0 24 * * *", "hour `24`: expected 0 to 23, got `24`"),
            ("0 0 0 * *", "day of month `0`: expected 1 to 31, got `0`"),
            ("0 0 * 13 *", "month `13`: expected 1 to 12 or a name, got `13`"),
            ("0 0 * * 8", "weekday `8`: expected 0 to 7 or a name, got `8`"),
            ("0 0 * * monday", "weekday `monday`: expected 0 to 7 or a name, got `monday`"),
            ("mon 0 * * *", "minute `mon`: expected 0 to 59, got `mon`"),
            ("0 0 L * *", "day of month `L`: expected 1 to 31, got `L`"),
            ("*/0 * * * *", "minute `*/0`: expected a step of at least 1, got `0`"),
            ("*/x * * * *", "minute `*/x`: expected a step of at least 1, got `x`"),
            ("5/15 * * * *", "minute `5/15`: a step needs `*` or a range before it"),
            ("*/5/5 * * * *", "minute `*/5/5`: more than one step in `*/5/5`"),
            ("0 17-9 * * *", "hour `17-9`: the range `17-9` ends before it begins"),
            ("0 1-2-3 * * *", "hour `1-2-3`: expected one range, got `1-2-3`"),
            ("0 -1 * * *", "hour `-1`: expected 0 to 23, got ``"),
            ("0 1,,2 * * *", "hour `1,,2`: an empty item in a list"),
            ("0 1, * * *", "hour `1,`: an empty item in a list"),
            ("0 \"6\\\" * * *", "hour `\"6\\\"`: expected 0 to 23, got `\"6\\\"`"),
        ],
        |(completion, message)| {
            let Some(grade) = grade("0 0 * * *", &[], completion) else { return };
            let finding = json!({"code": "not-a-schedule", "message": message});
            assert_eq!(grade, json!({"score": 0.0, "findings": [finding]}), "{completion}");
        },
    );
}

#[test]
fn the_best_of_gold_and_alternatives_counts() {
    let Some(best) = grade("0 0 * * 0", &["0 0 * * 1", "0 6 * * 1"], "0 6 * * mon") else { return };
    assert_eq!(best, json!({"score": 1.0, "findings": []}));
    let near = grade("5 5 5 5 5", &["0 6 * * 2"], "0 6 * * mon").unwrap();
    assert_eq!((near["score"].as_f64(), codes(&near)), (Some(0.4), vec!["weekday"]));
}

#[test]
fn json_is_read_with_all_its_escapes() {
    let inputs = [
        r#"{"completion":"\u0030 \u0036 * * *","gold":"0 6 * * *","alternatives":[],"prompt":{"gold":"x"}}"#,
        r#"{ "prompt" : {"words": "\\\"}]\u00e9\ud83d\ude00", "n": [1, -2.5e3, true, null, {"completion": "x"}]} ,
            "alternatives" : [ ] , "gold" : "0\t6 * * *" , "completion" : "0 6 *\/1 * *\r\n" }"#,
    ];
    check_all(inputs, |input| {
        let Some(output) = run(input) else { return };
        let grade: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(grade, json!({"score": 1.0, "findings": []}), "{input}");
    });
}

#[test]
fn an_answer_of_any_characters_gives_json() {
    let all: String = (1..256).filter_map(char::from_u32).collect();
    check_all([all.as_str(), "ein Zeitplan für täglich 😀", &"very long ".repeat(400)], |completion| {
        let Some(grade) = grade("0 0 * * *", &[], completion) else { return };
        assert_eq!(grade["score"], 0.0);
        assert_eq!(codes(&grade), ["not-a-schedule"]);
    });
}

#[test]
fn a_faulty_input_is_an_error_and_no_grade() {
    check_all(
        [
            (r#"{"gold":"0 0 * * *"}"#, "no text `completion`"),
            (r#"{"completion":"0 0 * * *"}"#, "no text `gold`"),
            (r#"{"completion":"0 0 * * *","gold":"daily"}"#, "the gold answer: expected 5 fields"),
            (r#"{"completion":"0 0 * * *","gold":"0 0 30 2 *"}"#, "names no day of any year"),
            (r#"{"completion":"0 0 * * *","gold":"0 0 * * *","alternatives":["x"]}"#, "alternative 1: expected 5"),
            (r#"{"completion":"0 0 * * *","gold":"0 0 * * *","alternatives":[1]}"#, "alternative 1 is no text"),
            (r#"{"completion":"0 0 * * *","gold":"0 0 "#, "a text without its end"),
            (r#"{"completion":"0 0 * * *" "gold":"0 0 * * *"}"#, "expected `,` or `}`"),
            (r#"{"completion":"\x","gold":"0 0 * * *"}"#, "unknown escape"),
            (r#"{"completion":"0 0 * * *","gold":"0 0 * * *"} x"#, "text after the JSON value"),
            ("", "expected a value"),
        ],
        |(input, message)| {
            let Some(output) = run(input) else { return };
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains(message), "{input}: {said}");
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{input}");
        },
    );
}

#[test]
fn every_gold_answer_of_the_expert_is_right_by_its_own_grader() {
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder().join("expert.json")).unwrap()).unwrap();
    let records = std::fs::read_to_string(folder().join("records.jsonl")).unwrap();
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let eval = manifest["eval_prompts"].as_array().unwrap().iter().map(|prompt| &prompt["record"]);
    let golds = records.iter().chain(eval).map(|record| record["schedule"].as_str().unwrap());
    check_all(golds.collect::<BTreeSet<&str>>(), |gold| {
        let Some(grade) = grade(gold, &[], gold) else { return };
        assert_eq!(grade["score"], 1.0, "{gold}: {grade}");
    });
}
