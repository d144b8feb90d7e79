//! Records that the synthesiser makes.

use hive_tests::check_all;
use std::collections::{BTreeMap, BTreeSet};

use hive_sdk::{Record, Verdict};

use crate::plugin;

fn text<'a>(record: &'a Record, field: &str) -> &'a str {
    record.text(field).unwrap_or_default()
}

/// `synth-real-estate-join-where-17` without its number.
fn kind(record: &Record) -> String {
    text(record, "id").trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned()
}

#[test]
fn every_record_is_accepted_and_right() {
    check_all(plugin().synthesize(11, 3_000).unwrap().unwrap(), |record| {
        // The gate's own verdict, with the statement executed in PostgreSQL, without a single note.
        let verdict = plugin().validate(&record).unwrap();
        assert!(matches!(&verdict, Verdict::Accept { notes, .. } if notes.is_empty()), "{record:?}: {verdict:?}");
        let grade = plugin().grade(&record, text(&record, "sql")).unwrap();
        assert_eq!((grade.score, grade.findings), (1.0, vec![]), "{record:?}");
        let chat = plugin().render(&record).unwrap();
        assert_eq!(chat.messages[2].content, text(&record, "sql"), "the SQL is not in its final form");
    });
}

#[test]
fn the_style_is_one() {
    check_all(plugin().synthesize(12, 3_000).unwrap().unwrap(), |record| {
        let sql = text(&record, "sql");
        assert!(
            !sql.contains(['\n', ';', '{', '}'])
                && !sql.contains("  ")
                && !sql.contains('*') | sql.contains("(*)") | sql.contains(" * "),
            "{sql}"
        );
        let question = text(&record, "question");
        assert!(!question.contains(['{', '}']) && !question.contains("  "), "{question}");
        assert!(question.starts_with(char::is_uppercase) && question.ends_with(['.', '?']), "{question}");
    });
}

#[test]
fn there_are_many_shapes_domains_and_wordings() {
    let records = plugin().synthesize(13, 20_000).unwrap().unwrap();
    assert_eq!(records.len(), 20_000);
    let schemas: BTreeSet<_> = records.iter().map(|r| text(r, "schema")).collect();
    assert!(schemas.len() >= 25, "got {} schemas", schemas.len());
    assert!(schemas.iter().all(|schema| schema.len() < 620), "a schema is long");

    let asked: BTreeSet<_> = records.iter().map(|r| (text(r, "schema"), text(r, "question"))).collect();
    assert_eq!(asked.len(), records.len(), "a question is asked twice of one schema");
    let ids: BTreeSet<_> = records.iter().map(|r| text(r, "id")).collect();
    assert_eq!(ids.len(), records.len(), "ids repeat");

    // Several ways to ask for the same SQL, in most kinds of most domains.
    let mut wordings: BTreeMap<(String, &str), BTreeSet<&str>> = BTreeMap::new();
    for record in &records {
        wordings.entry((kind(record), text(record, "sql"))).or_default().insert(text(record, "question"));
    }
    let most = wordings.values().map(BTreeSet::len).max().unwrap_or_default();
    assert!(most >= 8, "the most wordings of one statement are {most}");
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let a = plugin().synthesize(5, 400).unwrap().unwrap();
    assert_eq!(a, plugin().synthesize(5, 400).unwrap().unwrap());
    assert_eq!(a[..150], plugin().synthesize(5, 150).unwrap().unwrap()[..], "a shorter run is no prefix");
    let b = plugin().synthesize(6, 400).unwrap().unwrap();
    let shared = a.iter().filter(|record| b.contains(record)).count();
    assert!(shared < 20, "two seeds share {shared} of 400 records");
    assert_eq!(plugin().synthesize(5, 0).unwrap().unwrap(), []);
}

#[test]
fn any_run_is_balanced() {
    let records = plugin().synthesize(21, 960).unwrap().unwrap();
    for window in [&records[..320], &records[320..640], &records[640..]] {
        let mut per_schema: BTreeMap<&str, usize> = BTreeMap::new();
        for record in window {
            *per_schema.entry(text(record, "schema")).or_default() += 1;
        }
        let counts: Vec<_> = per_schema.values().collect();
        assert!(per_schema.len() >= 25 && counts.iter().all(|n| (3..=20).contains(*n)), "{counts:?}");
    }
}

#[test]
fn more_than_there_is_is_refused() {
    let error = plugin().synthesize(1, usize::MAX).unwrap_err();
    assert!(error.message.contains("expected at most 200000"), "{error}");
}
