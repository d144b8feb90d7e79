//! The statement that a report makes, and the page of the guide.

use std::collections::BTreeSet;

use hive_check::{CheckStatement, Depth, Group, PassedLevel, checks, page};
use serde_json::json;

use crate::mutants::checked;

#[test]
fn codes_are_unique_and_begin_with_their_group() {
    let codes: BTreeSet<&str> = checks().map(|check| check.code).collect();
    assert_eq!(codes.len(), checks().count());
    for check in checks() {
        let of_group = |group: &Group| check.code.strip_prefix(group.name()).is_some_and(|rest| rest.starts_with('-'));
        assert_eq!(Group::ALL.iter().filter(|group| of_group(group)).count(), 1, "{}", check.code);
        for text in [check.expects, check.otherwise] {
            assert!(!text.ends_with('.') && !text.is_empty(), "{}: {text}", check.code);
        }
    }
}

#[test]
fn the_page_has_an_anchor_for_every_check() {
    let page = page();
    for check in checks() {
        assert_eq!(page.matches(&format!("\n### {}\n", check.code)).count(), 1, "{}", check.code);
    }
}

#[test]
fn a_statement_says_what_was_passed() {
    let report = checked("", Depth::Full);
    let statement = report.statement();
    assert_eq!((statement.level, statement.failed, statement.skipped), (PassedLevel::Full, 0, 0));
    assert_eq!(statement.manifest.len(), 64);
    let read: CheckStatement = serde_json::from_str(&json!(statement).to_string()).unwrap();
    assert_eq!(read, statement);
    assert_eq!(checked("", Depth::Quick).statement().level, PassedLevel::Quick);
    // A `should` does not lower the level, a `must` leaves none.
    let should = checked("package-readme", Depth::Full).statement();
    assert_eq!(
        (should.level, should.failed, should.failures),
        (PassedLevel::Full, 1, vec!["package-readme".to_owned()])
    );
    assert_eq!(checked("render-leak", Depth::Full).statement().level, PassedLevel::None);
}

#[test]
fn what_could_not_be_looked_at_is_skipped_and_not_passed() {
    let report = checked("manifest-json", Depth::Full);
    let counts = report.counts();
    assert_eq!(counts.failed_must, 1);
    assert!(counts.skipped > 90, "{counts:?}");
    let json = report.as_json();
    let of =
        |code: &str| json["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap().clone();
    assert_eq!(of("render-leak")["outcome"], "skipped");
    assert_eq!(of("manifest-json")["findings"][0]["where"], "loud.json:2:18");
    assert_eq!(of("manifest-json")["page"], "docs/checks.md#manifest-json");
}
