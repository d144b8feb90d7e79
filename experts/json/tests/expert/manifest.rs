//! The manifest and its eval prompts.

use std::collections::BTreeSet;

use hive_sdk::protocol::MethodId;
use hive_sdk::Manifest;

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
