//! The manifest and its eval prompts.

use std::collections::BTreeSet;

use expert_json::JsonExpert;
use hive_sdk::protocol::MethodId;
use hive_sdk::{EvalPrompt, Expert, Manifest, Verdict};
use hive_tests::check_all;

use crate::plugin;

#[test]
fn it_follows_its_schema_and_declares_what_the_expert_reads() {
    let json: String = plugin().call(MethodId::Manifest, &()).unwrap();
    let manifest = Manifest::parse(&json).unwrap();
    assert_eq!((manifest.completion_field(), manifest.asked_field()), (Some("json"), Some("text")));
    let fields: Vec<_> = manifest.dataset.fields.iter().map(|f| (f.name.as_str(), f.optional)).collect();
    assert_eq!(fields, [("id", true), ("text", false), ("schema", false), ("json", false)]);
    assert!(manifest.profiles.contains_key("quickstart"));
    let aliases: Vec<_> = manifest.dataset.fields.iter().flat_map(|f| &f.aliases).collect();
    assert_eq!(aliases.len(), aliases.iter().collect::<BTreeSet<_>>().len(), "an alias stands for two fields");
    let checks: Vec<_> = manifest.checks.iter().map(|check| check.code.as_str()).collect();
    assert_eq!(checks, ["parses", "conforms", "no-invented-key", "enum-values", "numbers", "dates"]);
}

#[test]
fn the_prompt_has_the_schema_in_its_shortest_form() {
    let given = crate::record("  Two pears, please. \n", "{\n  \"b\": {},\n  \"a\": { \"it's\": 1 }\n}", "{\"b\":2}");
    let chat = plugin().render(&given).unwrap();
    let turns: Vec<_> = chat.messages.iter().map(|m| m.content.as_str()).collect();
    assert_eq!((chat.completion_start, turns[1]), (2, "{\"b\":{},\"a\":{\"it's\":1}}\n\nTwo pears, please."));
    assert_eq!(turns[2], "{\"b\":2}");
}

#[test]
fn every_gold_of_an_eval_prompt_is_accepted_and_right() {
    let prompts: Vec<EvalPrompt> = plugin().call(MethodId::EvalPrompts, &()).unwrap();
    assert!(prompts.len() >= 80, "got {}", prompts.len());
    check_all(&prompts, |prompt| {
        let verdict = plugin().validate(&prompt.record).unwrap();
        // Dates are read in English alone: those of other languages count as invented.
        let foreign = prompt.tags.iter().any(|tag| tag == "language");
        let accepted = matches!(&verdict, Verdict::Accept { notes, .. } if notes.is_empty() || foreign);
        assert!(accepted, "{}: {verdict:?}", prompt.id);
        let grade = plugin().grade(&prompt.record, prompt.record.text("json").unwrap()).unwrap();
        assert_eq!((grade.score, grade.findings), (1.0, vec![]), "{}", prompt.id);
        for alternative in &prompt.alternatives {
            let grade = plugin().grade(&prompt.record, alternative).unwrap();
            assert!(grade.score < 1.0 && grade.checks["conforms"], "{}: {alternative}", prompt.id);
        }
    });
    let ids: BTreeSet<_> = prompts.iter().map(|p| &p.id).collect();
    assert_eq!(ids.len(), prompts.len(), "ids repeat");
    let tags: BTreeSet<_> = prompts.iter().flat_map(|p| &p.tags).map(String::as_str).collect();
    for tag in
        "nested array date time enum null optional distractor unit money boolean scalar table chat email".split(' ')
    {
        assert!(tags.contains(tag), "no prompt has the tag {tag}");
    }
    assert_eq!(prompts.iter().filter(|p| p.featured).count(), 4);
}

#[test]
fn eval_prompts_never_train() {
    let records = plugin().synthesize(1, 3_000).unwrap().unwrap();
    let texts: BTreeSet<_> = records.iter().filter_map(|r| r.text("text")).collect();
    let answers: BTreeSet<_> = records.iter().filter_map(|r| r.text("json")).filter(|json| json.len() > 40).collect();
    check_all(JsonExpert::default().eval_prompts().unwrap(), |prompt| {
        let (text, json) = (prompt.record.text("text").unwrap(), prompt.record.text("json").unwrap());
        assert!(!texts.contains(text) && !answers.contains(json), "{}", prompt.id);
        // Nor does any sentence of theirs occur in what is synthesised.
        for sentence in text.split(['.', '\n', '!', '?']).map(str::trim).filter(|sentence| sentence.len() >= 25) {
            assert!(!texts.iter().any(|other| other.contains(sentence)), "{}: {sentence}", prompt.id);
        }
    });
}
