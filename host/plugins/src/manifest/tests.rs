//! Tests of the messages for faulty manifests.

use hive_errors::Diagnostic as _;
use hive_tests::check_all;
use serde_json::{Value, json};

use super::*;

fn sound() -> Value {
    json!({
        "name": "shout", "version": "0.1.0", "abi": 3, "description": "Says it louder", "license": "MIT",
        "base_models": ["smollm2-135m-instruct"],
        "dataset": {"fields": [{"name": "text"}, {"name": "loud", "completion": true}], "group_by": "text"},
        "prompt": [{"role": "user", "content": "{text|trim}"}],
        "recipe": {"adapter": {"rank": 4, "target_modules": ["q_proj", "v_proj"]}},
        "profiles": {"quickstart": {"training": {"steps": 3}}},
        "eval_prompts": [{"id": "a", "record": {"text": "hi", "loud": "HI"}}]
    })
}

/// The messages for the valid manifest with `value` inserted at the JSON pointer `at`.
fn faults_with(at: &str, value: Value) -> Vec<String> {
    let mut manifest = sound();
    let (parent, key) = at.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(items) => items.push(value),
        _ => unreachable!("test data"),
    }
    faults_of(&manifest.to_string())
}

fn faults_of(text: &str) -> Vec<String> {
    check("m.json", text).map_or_else(|e| e.details(), |_| Vec::new())
}

#[test]
fn a_sound_manifest_has_no_faults() {
    assert_eq!(faults_of(&sound().to_string()), Vec::<String>::new());
}

#[test]
fn each_fault_is_told_once_with_its_path() {
    check_all(
        [
            (
                "/uses",
                json!([{"name": "a server", "kind": "url", "option": "adress", "help": "h"}]),
                "$.uses[0].option: `adress` is no option, expected one of: none",
            ),
            ("/uses", json!([{"name": "a server", "kind": "url", "help": "h"}]), "$.uses[0]: a `url` needs `option`"),
            (
                "/uses",
                json!([{"name": "a program", "kind": "command", "command": "x", "port": 1, "help": "h"}]),
                "$.uses[0].port: a `command` has no `port`",
            ),
            ("/recipe/adapter/rnak", json!(4), "$.recipe.adapter.rnak: unknown key `rnak`, did you mean `rank`?"),
            (
                "/prompt/0/content",
                json!("{txet}"),
                "$.prompt[0].content: `txet` is not a declared field, did you mean `text`?",
            ),
            (
                "/prompt/0/content",
                json!("{loud}"),
                "$.prompt[0].content: `loud` is the completion, which no prompt may hold",
            ),
            (
                "/prompt/0/content",
                json!("{text|shout}"),
                "$.prompt[0].content: `shout` is no filter, expected one of: trim, compact, line, lower, upper, json, lines",
            ),
            (
                "/dataset/fields/0/shape",
                json!("(a"),
                "$.dataset.fields[0].shape: got `(a`, expected a regular expression",
            ),
            ("/recipe/adapter/rank", json!("4"), "$.recipe.adapter.rank: got `\"4\"`, expected a whole number"),
            ("/recipe/adapter/rank", json!(0), "$.recipe.adapter.rank: got `0`, expected at least 1"),
            (
                "/recipe/adapter/method",
                json!("doar"),
                "$.recipe.adapter.method: got `\"doar\"`, expected one of: `dora`, `lora`, did you mean `dora`?",
            ),
            (
                "/recipe/adapter/target_modules",
                json!(["q_proj", "q_proj"]),
                "$.recipe.adapter.target_modules[1]: `q_proj` is in the list twice",
            ),
            (
                "/recipe/adapter/target_modules",
                json!(["q_porj"]),
                "$.recipe.adapter.target_modules[0]: got `\"q_porj\"`, expected one of: `q_proj`, `k_proj`, `v_proj`, \
             `o_proj`, `gate_proj`, `up_proj`, `down_proj`, `all-linear`, did you mean `q_proj`?",
            ),
            (
                "/profiles/quickstart/trainign",
                json!({}),
                "$.profiles.quickstart.trainign: unknown key `trainign`, did you mean `training`?",
            ),
            (
                "/profiles/quickstart/training/steps",
                json!(-1),
                "$.profiles.quickstart.training.steps: got `-1`, expected at least 0",
            ),
            ("/version", json!("1.0"), "$.version: got `1.0`, expected a semantic version like `0.1.0`"),
            ("/abi", json!(1), "$.abi: got 1, expected 5, the ABI of this hive (or 3 and above)"),
            ("/license", json!(""), "$.license: got a blank text, expected some"),
            ("/base_models", json!([]), "$.base_models: got a list of 0, expected at least 1 item"),
            ("/base_models", json!([""]), "$.base_models[0]: got a blank text, expected some"),
            (
                "/recipe/base_model",
                json!("F:/models/x"),
                "$.recipe.base_model: got the absolute path `F:/models/x`, expected an id or a relative path: a manifest \
             serves every machine",
            ),
            (
                "/_comment",
                json!("x"),
                "$._comment: unknown key `_comment`: a manifest holds no comments, `description` says what a thing is",
            ),
            (
                "/dataset/fields/-",
                json!({"name": "text"}),
                "$.dataset.fields[2].name: the field `text` is declared twice",
            ),
            (
                "/dataset/fields/-",
                json!({"name": "b", "completion": true, "optional": true}),
                "$.dataset.fields: got 2 fields with `\"completion\": true`, expected exactly 1",
            ),
            (
                "/dataset/group_by",
                json!("texts"),
                "$.dataset.group_by: `texts` is not a declared field, did you mean `text`?",
            ),
            (
                "/eval_prompts/-",
                json!({"id": "a", "record": {"text": "x", "loud": "X"}}),
                "$.eval_prompts[1].id: the id `a` is used twice",
            ),
            (
                "/eval_prompts/-",
                json!({"id": "b", "record": {"text": "x"}}),
                "$.eval_prompts[1].record.loud: missing, `loud` is a required field",
            ),
            (
                "/eval_prompts/-",
                json!({"id": "b", "record": {"text": "x", "loud": "X", "lod": "X"}}),
                "$.eval_prompts[1].record.lod: `lod` is not a declared field, did you mean `loud`?",
            ),
        ],
        |(at, value, expected)| {
            assert_eq!(faults_with(at, value), [expected], "{at}");
        },
    );
}

#[test]
fn faults_of_declarations_are_told_once_with_their_path() {
    let validate = |rule: Value| json!([{"code": "c", "description": "d", "field": "text", "rule": rule}]);
    let grade = |grader: Value| json!([{"grader": grader}]);
    check_all(
        [
            (
                "/validate",
                json!([{"code": "c", "description": "d", "field": "txt", "rule": "required"}]),
                "$.validate[0].field: `txt` is not a declared field, did you mean `text`?",
            ),
            (
                "/validate",
                json!([{"code": "c", "description": "d", "field": "text", "rule": "json", "level": "repair"}]),
                "$.validate[0].level: got `repair`, expected `reject`, `note` or `off`: the expert cannot repair `c`",
            ),
            (
                "/validate",
                validate(json!("requird")),
                "$.validate[0].rule: `requird` is no rule, did you mean `required`?",
            ),
            (
                "/validate",
                validate(json!({})),
                "$.validate[0].rule: got an object with 0 keys, expected one rule: `required`, `json`, `enum`, `regex`, \
                 `max_chars`, `number`, `json_schema`, `json_schema_field`",
            ),
            (
                "/validate",
                validate(json!({"max_chars": "9"})),
                "$.validate[0].rule: `max_chars`: invalid type: string \"9\", expected usize",
            ),
            (
                "/validate",
                validate(json!({"enum": []})),
                "$.validate[0].rule.enum: got an empty list, expected the texts that are allowed",
            ),
            (
                "/validate",
                validate(json!({"number": {"min": 2, "max": 1}})),
                "$.validate[0].rule.number: got `min` above `max`: no number is in the range",
            ),
            (
                "/validate",
                validate(json!({"regex": "(a"})),
                "$.validate[0].rule: `(a` is no regular expression: unclosed group",
            ),
            (
                "/validate",
                validate(json!({"regex": "(a{1000}){1000}"})),
                "$.validate[0].rule: the regular expression `(a{1000}){1000}` needs more than 1048576 bytes",
            ),
            (
                "/validate",
                validate(json!({"json_schema": {"$ref": "https://example.org/x"}})),
                "$.validate[0].rule: it refers to `https://example.org/x`, and hive fetches no schema: put that one below \
                 `$defs` and refer to `#/$defs/NAME`",
            ),
            (
                "/validate",
                validate(json!({"json_schema_field": "schema"})),
                "$.validate[0].rule.json_schema_field: `schema` is not a declared field, expected one of: `text`, `loud`",
            ),
            ("/grade", grade(json!("exakt")), "$.grade[0].grader: `exakt` is no grader, did you mean `exact`?"),
            (
                "/grade",
                json!([{"grader": "exact", "weight": 0}]),
                "$.grade: the graders have no weight: every answer would have the score 0",
            ),
            (
                "/grade",
                json!([{"grader": "exact", "check": "same"}]),
                "$.grade[0].check: `same` is no check: the manifest declares no `checks`",
            ),
            (
                "/grade",
                grade(json!({"one_of": {"field": "lout"}})),
                "$.grade[0].grader.one_of.field: `lout` is not a declared field, did you mean `loud`?",
            ),
            (
                "/grade",
                grade(json!({"command": {"argv": [""]}})),
                "$.grade[0].grader.command.argv: got no program, expected one and its arguments",
            ),
            (
                "/generation",
                json!({"json_schema": {}, "grammar": "start: \"a\""}),
                "$.generation.grammar: got `json_schema`, `grammar`, expected one of them at most",
            ),
            (
                "/generation",
                json!({"json_schema": {"type": "objekt"}}),
                "$.generation.json_schema: it is no JSON Schema: at `/type`: \"objekt\" is not valid under any of the schemas listed in the…",
            ),
            (
                "/eval_prompts/-",
                json!({"id": "b", "record": {"text": 1, "loud": "X"}}),
                "$.eval_prompts[1].record.text: got 1, expected a text, as the field's `type` is",
            ),
        ],
        |(at, value, expected)| {
            assert_eq!(faults_with(at, value), [expected], "{at}");
        },
    );
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = r#"{"name": "Bad Name", "version": "x", "abi": 3, "description": "d", "base_models": ["/abs"],
        "dataset": {"fields": [], "group": "q"}, "eval_prompts": [{"id": ""}]}"#;
    let paths: Vec<_> = faults_of(text).iter().map(|f| f.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        paths,
        [
            "$.name",
            "$.version",
            "$.base_models[0]",
            "$.dataset.fields",
            "$.dataset.group",
            "$.eval_prompts[0].id",
            "$.eval_prompts[0].record",
            "$.license",
        ]
    );
}

#[test]
fn a_key_given_twice_is_a_fault() {
    let text = sound().to_string().replacen('{', r#"{"name": "shout","#, 1);
    let faults = faults_of(&text);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("$: duplicate field `name` at line 1"), "{}", faults[0]);
}

#[test]
fn what_is_not_json_names_line_and_column() {
    let error = check("m.json", "{\n  \"name\": \"x\",\n}").unwrap_err();
    assert_eq!(error.to_string(), "m.json:3:1: not JSON: trailing comma");
    assert_eq!(error.exit_code(), 1);
}
