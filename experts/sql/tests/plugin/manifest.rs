//! The manifest and its eval prompts.

use hive_tests::check_all;
use std::collections::BTreeSet;

use expert_sql::SqlExpert;
use hive_sdk::protocol::MethodId;
use hive_sdk::{EvalPrompt, Expert, Manifest, Method, Verdict};

use crate::plugin;

#[test]
fn it_follows_its_schema_and_declares_what_the_expert_reads() {
    let json: String = plugin().call(MethodId::Manifest, &()).unwrap();
    let manifest = Manifest::parse(&json).unwrap();
    assert_eq!(manifest.completion_field(), Some("sql"));
    assert_eq!(manifest.dataset.group_by.as_deref(), Some("schema"));
    let fields: Vec<_> = manifest.dataset.fields.iter().map(|f| (f.name.as_str(), f.optional)).collect();
    assert_eq!(fields[..5], [("id", true), ("question", false), ("schema", false), ("sql", false), ("dialect", true)]);
    assert_eq!(fields[5..], [("inserts", true), ("database", true), ("evidence", true)]);
    assert!(manifest.profiles.contains_key("quickstart"));
    let aliases: Vec<_> = manifest.dataset.fields.iter().flat_map(|f| &f.aliases).collect();
    assert_eq!(aliases.len(), aliases.iter().collect::<BTreeSet<_>>().len(), "an alias stands for two fields");

    let adapter = manifest.recipe.adapter;
    assert_eq!((adapter.method, adapter.rank, adapter.alpha, adapter.dropout), (Method::Dora, 12, 24.0, 0.1));
}

#[test]
fn every_gold_of_an_eval_prompt_is_accepted_and_right() {
    let prompts: Vec<EvalPrompt> = plugin().call(MethodId::EvalPrompts, &()).unwrap();
    assert!(prompts.len() >= 60, "got {}", prompts.len());
    check_all(&prompts, |prompt| {
        let verdict = plugin().validate(&prompt.record).unwrap();
        assert!(matches!(&verdict, Verdict::Accept { notes, .. } if notes.is_empty()), "{}: {verdict:?}", prompt.id);
        let grade = plugin().grade(&prompt.record, prompt.record.text("sql").unwrap()).unwrap();
        assert_eq!((grade.score, grade.findings), (1.0, vec![]), "{}", prompt.id);
    });
    let ids: BTreeSet<_> = prompts.iter().map(|p| &p.id).collect();
    assert_eq!(ids.len(), prompts.len(), "ids repeat");
    let tags: BTreeSet<_> = prompts.iter().flat_map(|p| &p.tags).map(String::as_str).collect();
    let wanted = "missing-group-by needless-alias invented-table left-join join aggregate having sub-query exists window \
                  cte recursive-cte union case dates null-logic dml";
    for tag in wanted.split_whitespace() {
        assert!(tags.contains(tag), "no prompt has the tag {tag}");
    }
    assert_eq!(prompts.iter().filter(|p| p.featured).count(), 4);
}

#[test]
fn eval_prompts_never_train() {
    let records = plugin().synthesize(1, 500).unwrap().unwrap();
    let schemas: BTreeSet<_> = records.iter().filter_map(|r| r.text("schema")).collect();
    let tables = |schema: &str| -> BTreeSet<String> {
        schema.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
    };
    for prompt in SqlExpert::default().eval_prompts().unwrap() {
        let schema = prompt.record.text("schema").unwrap();
        assert!(!schemas.contains(schema), "{}", prompt.id);
        for other in &schemas {
            assert!(tables(schema).is_disjoint(&tables(other)), "{} shares a table name with {other}", prompt.id);
        }
    }
}
