//! The manifest of each mutation: the sound one with one change.

use serde_json::{Value, json};

use crate::sound::{MANIFEST, case_variant};

/// The manifest of this mutation; the sound one if it is about something else.
pub fn manifest(mutation: &str) -> String {
    if mutation == "manifest-json" {
        return MANIFEST.replacen(',', ",,", 1);
    }
    if mutation == "manifest-duplicate-key" {
        return MANIFEST.replacen("\"version\"", "\"license\": \"MIT\", \"version\"", 1);
    }
    let mut m: Value = serde_json::from_str(MANIFEST).unwrap();
    change(mutation, &mut m);
    format!("{m:#}\n")
}

fn change(mutation: &str, m: &mut Value) {
    let prompt = |m: &Value, i: usize| m["eval_prompts"][i].clone();
    match mutation {
        "manifest-unknown-key" => m["licence"] = json!("MIT"),
        "manifest-missing-key" => drop(m.as_object_mut().unwrap().remove("license")),
        "manifest-type" => m["generation"]["max_new_tokens"] = json!("64"),
        "manifest-range" => m["recipe"]["adapter"]["rank"] = json!(0),
        "manifest-choice" => m["recipe"]["adapter"]["method"] = json!("dorra"),
        "manifest-schema" => m["checks"][0]["code"] = json!("Upper Case"),
        "manifest-blank" => m["description"] = json!(" "),
        "manifest-name" => m["name"] = json!("Loud"),
        "manifest-version" => m["version"] = json!("1"),
        "manifest-abi" => m["abi"] = json!(7),
        "manifest-absolute-path" => m["base_models"] = json!(["/models/x"]),
        "manifest-list-twice" => m["base_models"] = json!(["a", "a"]),
        "manifest-field-twice" => {
            let field = m["dataset"]["fields"][1].clone();
            m["dataset"]["fields"].as_array_mut().unwrap().push(field);
        }
        "manifest-completion-field" => drop(m["dataset"]["fields"][3].as_object_mut().unwrap().remove("completion")),
        "manifest-input" => m["dataset"]["fields"][3]["input"] = json!("text"),
        "manifest-pattern" => m["dataset"]["chat_patterns"] = json!(["(?P<text>"]),
        "manifest-group-by" => m["dataset"]["group_by"] = json!("stile"),
        "manifest-option-twice" => {
            let option = m["options"][0].clone();
            m["options"].as_array_mut().unwrap().push(option);
        }
        "manifest-uses" => m["uses"] = json!([{"name": "A server", "kind": "url", "help": "It helps"}]),
        "manifest-eval-id" => m["eval_prompts"][1]["id"] = json!("p0"),
        "manifest-eval-record" => m["eval_prompts"][1]["record"]["txet"] = json!("x"),
        "manifest-prompt-template" => m["prompt"][1]["content"] = json!("{text"),
        "manifest-prompt-completion" => m["prompt"][1]["content"] = json!("{text} {style} {loud}"),
        "manifest-lint-twice" => m["dataset"]["lints"][1]["code"] = json!("double-space"),
        "manifest-lint-level" => m["dataset"]["lints"][0]["level"] = json!("repair"),
        "manifest-recipe-lint" => m["recipe"]["data"] = json!({"lints": {"doubled-space": "note"}}),
        "manifest-adapter" => m["recipe"]["adapter"]["alpha"] = json!(0.0),
        "manifest-profile-note" => m["profile_notes"]["slow"] = json!("many steps"),
        "manifest-rule" => {
            m["validate"] = json!([{"code": "few", "description": "It is few", "field": "txet", "rule": "required"}]);
        }
        "manifest-asked-field" => {
            for i in 0..2 {
                m["dataset"]["fields"][i] = json!({"name": m["dataset"]["fields"][i]["name"], "optional": true});
            }
        }
        "manifest-alias-clash" => m["dataset"]["fields"][1]["aliases"] = json!(["Text"]),
        "manifest-heading-clash" => {
            m["dataset"]["fields"][0]["headings"] = json!(["input"]);
            m["dataset"]["fields"][1]["headings"] = json!(["Input"]);
        }
        "manifest-chat-groups" => m["dataset"]["chat_patterns"] = json!(["(?P<text>.*)"]),
        "manifest-flag-clash" => m["options"][0]["name"] = json!("base"),
        "manifest-base-known" => m["base_models"] = json!(["my-own-base"]),
        "manifest-abi-current" => m["abi"] = json!(3),
        "manifest-description" => m["description"] = json!("It says it. ".repeat(20)),
        "render-turn-order" => m["prompt"][0]["role"] = json!("user"),
        "suite-size" => {
            let prompts = m["eval_prompts"].as_array_mut().unwrap();
            prompts.truncate(5);
        }
        "suite-contradiction" | "suite-duplicate" => {
            m["eval_prompts"][3]["record"] = prompt(m, 2)["record"].clone();
            if mutation == "suite-contradiction" {
                let loud = format!("{}!", prompt(m, 2)["record"]["loud"].as_str().unwrap());
                m["eval_prompts"][3]["record"]["loud"] = json!(loud);
            }
        }
        "suite-alternative-same" => m["eval_prompts"][4]["alternatives"] = json!(["NOBODY KNOWS THE ANSWER"]),
        "suite-constant" => {
            for i in 0..8 {
                let text = case_variant("hello my dear friend", i);
                m["eval_prompts"][i]["record"] = json!({"text": text, "style": "plain", "loud": text.to_uppercase()});
            }
            m["eval_prompts"][4]["alternatives"] = json!(["HELLO DEAR"]);
        }
        "suite-length" => m["eval_prompts"][5]["record"]["tone"] = json!("kindly ".repeat(300)),
        "train-adapter" => m["recipe"]["adapter"]["rank_pattern"] = json!({"x_proj": 3}),
        // The gradient of A is 0 in the first step.
        "train-step" => m["recipe"]["training"]["epsilon"] = json!(0.0),
        "train-learning-rate" => m["recipe"]["training"]["learning_rate"] = json!(0.0),
        "package-license" => m["license"] = json!("see LICENSE"),
        "package-prompt" => drop(m.as_object_mut().unwrap().remove("prompt")),
        "package-secret" => {
            let option = json!({"name": "api_token", "kind": "text", "help": "The token"});
            m["options"].as_array_mut().unwrap().push(option);
        }
        "package-path" => {
            let field = json!({"name": "file", "optional": true, "path": true});
            m["dataset"]["fields"].as_array_mut().unwrap().push(field);
            m["eval_prompts"][5]["record"]["file"] = json!("/tmp/x.txt");
        }
        _ => {}
    }
}
