//! What each grader gives an answer.

use super::*;
use hive_tests::check_all;
use serde_json::json;

fn graders(grade: Value) -> (Graders, Manifest) {
    let manifest = json!({
        "name": "t", "version": "0.1.0", "abi": 5, "description": "d", "license": "MIT", "base_models": ["b"],
        "dataset": {"fields": [
            {"name": "question"}, {"name": "extra", "optional": true}, {"name": "answer", "completion": true}
        ]},
        "grade": grade,
    });
    let manifest = Manifest::parse(&manifest.to_string()).expect("a manifest");
    let commands = Commands::In(std::env::temp_dir());
    let (graders, faults) = Graders::new(&manifest, commands);
    assert_eq!(faults, []);
    (graders, manifest)
}

fn grade(grade: Value, extra: &str, right: &[&str], completion: &str) -> Result<Grade, ExpertError> {
    let (graders, _) = graders(grade);
    let prompt = Record::from_pairs([("question", "q"), ("extra", extra), ("answer", right[0])]);
    graders.grade(&Graded { prompt: &prompt, right: right.to_vec(), completion, options: &Map::new() })
}

fn score(spec: Value, right: &str, completion: &str) -> f64 {
    grade(json!([spec]), "", &[right], completion).expect("a grade").score
}

#[test]
fn each_grader_gives_what_its_documentation_says() {
    let fields = json!({"grader": {"json_fields": {"fields": {
        "label": "text", "amount": {"number": {"relative": 0.01}}, "tags": "set", "at": "value"
    }}}, "normalise": ["unfence", "lower"]});
    let leaves = json!({"grader": {"json_fields": {}}, "normalise": ["trim"]});
    let set = json!({"grader": {"set_f1": {"separator": ";"}}, "normalise": ["lower"]});
    let number = json!({"grader": {"numeric": {"relative": 0.1, "absolute": 2}}});
    check_all(
        [
            (json!({"grader": "exact"}), "a", "a", 1.0),
            (json!({"grader": "exact"}), "a", "a ", 0.0),
            (json!({"grader": "exact", "normalise": ["trim", "lower"]}), "A", " a ", 1.0),
            (json!({"grader": {"one_of": {"values": ["x", "Y"]}}, "normalise": ["lower"]}), "gold", "y", 1.0),
            (json!({"grader": {"one_of": {"values": ["x"]}}}), "gold", "gold", 0.0),
            (json!({"grader": {"regex": {"pattern": "^a+$"}}}), "gold", "aaa", 1.0),
            (json!({"grader": {"regex": {"pattern": "^a+$"}}}), "gold", "aab", 0.0),
            (number.clone(), "100", "109.9", 1.0),
            (number.clone(), "100", "111", 0.0),
            (number.clone(), "1", "2.9", 1.0),
            (number.clone(), "1,250.5", "1250.5", 1.0),
            (number.clone(), "1,25", "1.25", 0.0),
            (number.clone(), "100", "about 100", 0.0),
            (number, "-0", "0", 1.0),
            (json!({"grader": {"numeric": {}}}), "0.3", "0.30000000000000004", 1.0),
            (set.clone(), "a;B;c", "c; b ;A", 1.0),
            (set.clone(), "a;b", "a", 2.0 / 3.0),
            (set.clone(), "a;b", "a;b;c", 0.8),
            (set.clone(), "[\"a\",\"b\"]", "b;a", 1.0),
            (set, "a;a", "a", 2.0 / 3.0),
            (
                fields.clone(),
                r#"{"label":"Bug","amount":10}"#,
                "```json\n{\"amount\": \"10.05\", \"label\": \"bug\"}\n```",
                1.0,
            ),
            (fields.clone(), r#"{"label":"bug","amount":10}"#, r#"{"label":"bug","amount":11}"#, 0.5),
            (fields.clone(), r#"{"label":"bug","amount":10}"#, r#"{"label":"bug"}"#, 2.0 / 3.0),
            (fields.clone(), r#"{"tags":["b","a"]}"#, r#"{"tags":["a","b"],"undeclared":1}"#, 1.0),
            (fields.clone(), r#"{"at":{"x":1,"y":"2"}}"#, r#"{"at":{"y":"2","x":1.0}}"#, 1.0),
            (fields.clone(), r#"{"at":2}"#, r#"{"at":"2"}"#, 0.0),
            (fields, r#"{"label":"bug"}"#, "bug", 0.0),
            (leaves.clone(), r#"{"a":{"b":[1,"x"]},"c":null}"#, r#"{"c":null,"a":{"b":[1.0," x "]}}"#, 1.0),
            (leaves.clone(), r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3}"#, 0.5),
            (leaves, "{}", "{}", 1.0),
        ],
        |(spec, right, completion, expected)| {
            let got = score(spec.clone(), right, completion);
            assert!((got - expected).abs() < 1e-9, "{spec} {right} {completion}: got {got}, expected {expected}");
        },
    );
}

#[test]
fn an_answer_is_right_when_all_graders_say_so() {
    let two = json!([
        {"grader": "exact", "weight": 999_999},
        {"grader": {"regex": {"field": "extra"}}, "check": "shape"},
    ]);
    let grade = |completion| grade(two.clone(), "^[a-z]$", &["a"], completion).expect("a grade");
    let right = grade("a");
    assert_eq!((right.score, right.checks["shape"]), (1.0, true));
    let long = self::grade(two.clone(), "^[0-9]$", &["a"], "a").expect("a grade");
    assert_eq!((long.score, long.checks["shape"]), (BELOW_RIGHT, false));
    assert_eq!(grade("b").score, 1.0 / 1_000_000.0);
}

#[test]
fn alternatives_and_choices_of_the_record_count() {
    let exact = json!([{"grader": "exact"}]);
    assert_eq!(grade(exact, "", &["a", "b"], "b").expect("a grade").score, 1.0);
    let one_of = json!([{"grader": {"one_of": {"field": "extra"}}}]);
    for extra in ["[\"x\", 2]", "x\n 2 \n"] {
        assert_eq!(grade(one_of.clone(), extra, &["a"], "2").expect("a grade").score, 1.0, "{extra}");
    }
    assert_eq!(grade(one_of, "", &["a"], "a").expect("a grade").score, 0.0);
}

#[test]
fn findings_say_what_differs() {
    let fields = json!([{"grader": {"json_fields": {"fields": {"label": "text", "n": "value"}}}}]);
    let grade = grade(fields, "", &[r#"{"label":"a","n":1}"#], r#"{"label":"b"}"#).expect("a grade");
    let findings: Vec<&str> = grade.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(findings, ["`label`: got `b`, expected `a`", "`n` is missing, expected `1`"]);
}

#[cfg(unix)]
mod commands {
    use super::*;

    fn by(script: &str, timeout_ms: u64) -> Result<Grade, ExpertError> {
        let command = json!([{"grader": {"command": {"argv": ["sh", "-c", script], "timeout_ms": timeout_ms}}}]);
        grade(command, "", &["gold"], "answer")
    }

    #[test]
    fn a_program_grades() {
        let script = r#"grep -q '"gold":"gold".*"completion":"answer"' &&
            echo '{"score": 0.5, "findings": [{"code": "half", "message": "half of it"}]}'"#;
        let grade = by(script, 5_000).expect("a grade");
        assert_eq!((grade.score, grade.findings[0].code.as_str()), (0.5, "half"));
    }

    #[test]
    fn a_program_that_fails_says_why() {
        check_all(
            [
                ("echo no luck >&2; exit 3", "ended with exit status: 3: no luck"),
                ("echo yes", "wrote `yes"),
                ("echo '{\"score\": 2}'", "gave the score 2"),
                ("echo '{\"score\": 1, \"why\": 2}'", "unknown field `why`"),
                ("true", "wrote ``"),
            ],
            |(script, expected)| {
                let got = by(script, 5_000).expect_err("a failure").message;
                assert!(got.contains(expected), "{script}: {got}");
            },
        );
        let missing = json!([{"grader": {"command": {"argv": ["no-such-program-here"]}}}]);
        let got = grade(missing, "", &["g"], "a").expect_err("a failure").message;
        assert!(got.contains("cannot be started"), "{got}");
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("child");
        let script = format!("sleep 60 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
        assert_eq!(by(&script, 2_000).expect("a grade").findings[0].code, "timed-out");
        let child = std::fs::read_to_string(&file).expect("the child's number");
        let gone = || !std::path::Path::new("/proc").join(child.trim()).join("fd").exists() || is_zombie(child.trim());
        assert!((0..100).any(|_| gone() || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            false
        }));
    }

    /// Whether a process has ended and nobody has asked for its status.
    fn is_zombie(process: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        state.rsplit(") ").next().is_none_or(|rest| rest.starts_with('Z'))
    }

    #[test]
    fn a_program_without_end_costs_one_answer() {
        let started = std::time::Instant::now();
        let grade = by("sleep 60", 200).expect("a grade");
        assert_eq!((grade.score, grade.findings[0].code.as_str()), (0.0, "timed-out"));
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn a_program_does_not_run_where_it_is_refused() {
        let manifest = r#"{"name": "t", "version": "0.1.0", "abi": 5, "description": "d", "license": "MIT",
            "base_models": ["b"], "dataset": {"fields": [{"name": "q"}, {"name": "a", "completion": true}]},
            "grade": [{"grader": {"command": {"argv": ["sh", "-c", "echo '{\"score\": 1}'"]}}}]}"#;
        let manifest = Manifest::parse(manifest).expect("a manifest");
        let (graders, _) = Graders::new(&manifest, Commands::Refused("its signer is not trusted".to_owned()));
        let prompt = Record::from_pairs([("q", "q"), ("a", "a")]);
        let asked = Graded { prompt: &prompt, right: vec!["a"], completion: "a", options: &Map::new() };
        let got = graders.grade(&asked).expect_err("refused").message;
        assert!(got.contains("may not run: its signer is not trusted"), "{got}");
    }
}
