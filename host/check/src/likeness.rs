//! Duplicates among records, and records that leak an eval prompt: with the data gate's own comparison, so that a check
//! finds what the gate would drop.

use std::collections::BTreeMap;

use hive_data::datasets::Source;
use hive_data::pipeline::{DedupOutcome, Deduplicator, Fields, Judged};
use hive_sdk::{EvalPrompt, Manifest, Record, Verdict};

/// The records of each outcome, by index.
pub(crate) fn compared(
    manifest: &Manifest,
    prompts: &[EvalPrompt],
    records: &[Record],
    verdict: impl Fn(&Record) -> Verdict,
) -> BTreeMap<DedupOutcome, Vec<usize>> {
    let judged = |record: &Record, index: usize| {
        let verdict = verdict(record);
        Judged { source: Source::Synthetic { index }, record: record.clone(), verdict, chat: None }
    };
    let asked: Vec<Judged> = prompts.iter().enumerate().map(|(i, prompt)| judged(&prompt.record, i)).collect();
    let mut seen = Deduplicator::new(Fields::of(manifest), &asked);
    let mut found: BTreeMap<DedupOutcome, Vec<usize>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        let record = judged(record, i);
        let keys = seen.keys(&record);
        found.entry(seen.place(&record, keys)).or_default().push(i);
    }
    found
}

/// Number of distinct texts of a field, and how often the most frequent one occurs.
pub(crate) fn distinct<'r>(field: &str, records: impl IntoIterator<Item = &'r Record>) -> (usize, usize) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *counts.entry(record.text(field).unwrap_or_default().trim()).or_default() += 1;
    }
    (counts.len(), counts.values().copied().max().unwrap_or(0))
}
