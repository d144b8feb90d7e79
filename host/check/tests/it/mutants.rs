//! Every check against its mutation.

use std::path::Path;

use hive_check::{Depth, Outcome, Report, Subject, checks, run};
use hive_data::sources::LocalData;
use hive_plugins::{InProcess, LoadFault, LoadedExpert, PluginError};
use hive_sdk::Record;
use hive_tests::check_all;
use serde_json::json;
use tempfile::TempDir;

use crate::faulty_calls::Faulty;
use crate::manifests::manifest;
use crate::sound::{Loud, case_variant, record};

/// Lines of the data set of a mutation.
fn data(mutation: &str) -> String {
    let word = |i: usize| ["red", "blue", "green", "white", "black"][i % 5];
    let text = |i: usize| format!("data {} {} {i}", word(i), word(i / 5));
    let mut records: Vec<Record> = (0..40).map(|i| record(&text(i), "plain")).collect();
    match mutation {
        "data-few" => records.truncate(5),
        "data-duplicates" => (10..40).for_each(|i| records[i] = records[i % 10].clone()),
        "data-contradiction" => {
            records[9] = records[8].clone();
            records[9].set("loud", "ANOTHER ANSWER TO IT");
        }
        "data-suite" => records[9] = record("where is my hat", "fancy"),
        "data-length" => (0..10).for_each(|i| records[i].set("tone", "kindly ".repeat(300))),
        "data-constant" => {
            let variant = |i: usize| record(&case_variant("data of the same", i % 16), ["plain", "fancy"][i / 16]);
            records = (0..32).map(variant).collect();
        }
        _ => {}
    }
    let mut lines: Vec<String> = records.iter().map(|record| json!(record).to_string()).collect();
    match mutation {
        "data-read" => lines = vec!["no data at all".to_owned()],
        "data-rows" => (0..10).for_each(|i| lines[i] = "{\"text\": ".to_owned()),
        _ => {}
    }
    lines.join("\n") + "\n"
}

fn open(mutation: &str, manifest: &str) -> Result<LoadedExpert, PluginError> {
    if mutation == "boundary-load" {
        let (expert, library) = ("loud".to_owned(), "libexpert_loud.so".into());
        let fault = LoadFault::NoSymbol("HIVE_EXPERT_TABLE".to_owned());
        return Err(PluginError::Load { expert, library, installed: false, fault });
    }
    let name = if mutation == "boundary-name" { "quiet" } else { "loud" };
    let expert = Faulty { inner: InProcess(Loud::new(mutation, manifest)), mutation: mutation.to_owned() };
    LoadedExpert::over(name, Box::new(expert))
}

/// Checks the expert of a mutation.
pub fn checked(mutation: &str, depth: Depth) -> Report {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("data.jsonl", &data(mutation));
    for (file, code) in [("LICENSE", "package-license-file"), ("README.md", "package-readme")] {
        if mutation != code {
            write(file, "text");
        }
    }
    let text = manifest(mutation);
    let subject = subject(mutation, &text, folder.path());
    run(&subject, depth)
}

fn subject<'a>(mutation: &'a str, text: &'a str, folder: &Path) -> Subject<'a> {
    Subject {
        name: if mutation == "boundary-name" { "quiet" } else { "loud" }.to_owned(),
        manifest_file: "loud.json".to_owned(),
        manifest: text.to_owned(),
        open: Box::new(move || open(mutation, text)),
        declared: false,
        folder: Some(folder.to_owned()),
        around: Vec::new(),
        flags: vec!["base".to_owned()],
        dataset: Some(LocalData { name: "data.jsonl".to_owned(), path: folder.join("data.jsonl") }),
    }
}

/// The codes of the failed checks.
fn failed(report: &Report) -> Vec<&'static str> {
    let failed = report.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::Failed(..)));
    failed.map(|checked| checked.check.code).collect()
}

/// What was found, for the message of a failing assertion.
fn findings(report: &Report) -> String {
    let mut text = String::new();
    for checked in &report.checks {
        if let Outcome::Failed(findings, total) = &checked.outcome {
            for finding in findings.iter().take(3) {
                text += &format!("\n  {} ({total}): {finding}", checked.check.code);
            }
        }
    }
    text
}

#[test]
fn a_sound_expert_passes_every_check() {
    let report = checked("", Depth::Full);
    assert_eq!(failed(&report), [""; 0], "{}", findings(&report));
    let skipped: Vec<_> =
        report.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::Skipped(_))).collect();
    assert!(skipped.is_empty(), "{skipped:?}");
    assert_eq!(report.counts().passed, checks().count());
}

#[test]
fn every_check_catches_an_expert_that_only_it_catches() {
    let (all, mut proved) = (checks().count(), 0);
    check_all(checks(), |check| {
        let report = checked(check.code, Depth::Full);
        assert_eq!(failed(&report), [check.code], "{}", findings(&report));
        proved += 1;
    });
    println!("{proved} of {all} checks are proved");
    assert!(proved == all && all >= 100);
}

#[test]
fn the_quick_half_catches_what_it_is_for() {
    check_all(checks().filter(|check| check.quick), |check| {
        let report = checked(check.code, Depth::Quick);
        assert_eq!(failed(&report), [check.code], "{}", findings(&report));
    });
    let report = checked("", Depth::Quick);
    assert_eq!(report.counts().passed, checks().filter(|check| check.quick).count());
}
