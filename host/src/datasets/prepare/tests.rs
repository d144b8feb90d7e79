//! Preparing records with an expert that is part of the test.

use hive_sdk::{Expert, ExpertError, Grade, Rendered};

use super::*;
use crate::plugins::InProcess;

/// Trims, and refuses what starts with `!`.
struct Tidy;

impl Expert for Tidy {
    fn manifest_json(&self) -> &str {
        r#"{"name": "tidy", "version": "0.1.0", "abi": 2, "description": "d", "license": "MIT", "base_models": ["b"],
            "dataset": {"fields": [{"name": "g"}, {"name": "x", "completion": true}], "group_by": "g"}}"#
    }
    fn render(&self, _: &Record) -> Result<Rendered, ExpertError> {
        Err(ExpertError::new("not part of this test"))
    }
    fn validate(&self, record: &Record) -> Result<Verdict, ExpertError> {
        let x = record.require("x")?;
        if x.starts_with('!') {
            return Ok(Verdict::reject("shouts", format!("`{x}` starts with `!`")));
        }
        if x.trim() == x {
            return Ok(Verdict::accept());
        }
        let mut record = record.clone();
        record.set("x", x.trim());
        Ok(Verdict::repaired(record, "blank-ends", "trimmed `x`"))
    }
    fn grade(&self, _: &Record, _: &str) -> Result<Grade, ExpertError> {
        Err(ExpertError::new("not part of this test"))
    }
}

fn prepared(pairs: &[(&str, &str)]) -> Result<Prepared, DatasetError> {
    let expert = InProcess::open("tidy", Tidy).unwrap();
    let records = pairs
        .iter()
        .enumerate()
        .map(|(index, (g, x))| SourcedRecord {
            record: Record::from_pairs([("g", *g), ("x", *x)]),
            source: Source::Synthetic { index },
        })
        .collect();
    let settings = SplitSettings { seed: 1, validation_fraction: 0.3, validation_records: 10 };
    prepare(&expert, "`data.jsonl`", records, &Rejects::default(), &settings)
}

#[test]
fn repairs_rejects_and_duplicates_are_counted() {
    let done = prepared(&[("a", "1"), ("a", " 1 "), ("a", "!no"), ("b", "2"), ("c", "3"), ("d", "4")]).unwrap();
    let report = &done.report;
    assert_eq!((report.records, report.repaired, report.duplicates, report.rejects.total()), (6, 1, 1, 1));
    assert_eq!(report.repairs, ["trimmed `x`"]);
    assert_eq!(report.rejects.lines(), ["      1  shouts  synthetic record 2: `!no` starts with `!`"]);
    assert_eq!((done.train.len(), done.validation.len()), (3, 1));
}

#[test]
fn no_record_at_all_is_an_error() {
    let error = prepared(&[]).unwrap_err();
    assert_eq!(error.to_string(), "Failed to prepare the data: `data.jsonl` holds no records");
}

#[test]
fn every_record_rejected_is_an_error_with_the_reasons() {
    let error = prepared(&[("a", "!1"), ("b", "!2")]).unwrap_err();
    assert_eq!(error.to_string(), "Failed to prepare the data: every one of 2 records was rejected");
    assert_eq!(error.details(), ["      2  shouts  synthetic record 0: `!1` starts with `!`"]);
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn an_expert_that_cannot_judge_names_the_record_among_all() {
    let mut pairs = vec![("a", "1"); 300];
    pairs[299].1 = " ";
    let error = prepared(&pairs).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Expert `tidy` failed in `validate`, record 299: the record has no text in `x` (its fields: g, x)"
    );
    assert_eq!(error.exit_code(), 1);
}
