//! The report of a preparation: `report.json`, and the content of the page and the terminal
//! summary. It counts names from the expert without knowing what they mean.

use std::collections::BTreeMap;

use hive_sdk::manifest::{FieldSpec, LintSpec};
use hive_sdk::{Finding, LintLevel, Verdict};
use serde::{Deserialize, Serialize};

use super::dedup::DedupOutcome;
use super::judged::Judged;
use super::lacking::Lacking;
use super::shards::SourceRead;
use crate::datasets::{Rejected, Rejects, SplitBy};

/// Bars of a histogram.
const BARS: usize = 24;

/// Examples kept for each kind of change.
const EXAMPLES: usize = 2;

/// Maximum length of a text in an example, in characters.
const EXAMPLE_CHARS: usize = 600;

/// The report of a prepared set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Format version of the prepared set.
    pub format: u32,
    /// Name of the expert.
    pub expert: String,
    /// Version of the expert.
    pub expert_version: String,
    /// SHA-256 digest of everything that the set depends on.
    pub key: String,
    /// SHA-256 digest of the expert's library that rendered the records; missing in sets of hive
    /// 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_by: Option<String>,
    /// The sources.
    pub sources: Vec<SourceRead>,
    /// Number of input records.
    pub records: usize,
    /// Number of records accepted as they were.
    pub accepted: usize,
    /// Number of records repaired.
    pub repaired: usize,
    /// Number of records rejected by the expert or the reader.
    pub rejected: usize,
    /// Good records excluded as duplicates, as leaks or for their length, by code.
    pub left_out: BTreeMap<String, usize>,
    /// Training records.
    pub train: usize,
    /// Held-out records.
    pub validation: usize,
    /// Records held out beyond the limit, not used.
    pub unused: usize,
    /// What the split kept together.
    pub split_by: SplitBy,
    /// Rejections, by code.
    pub rejects: Vec<Counted>,
    /// Repairs, by code. A record may count under several.
    pub repairs: Vec<Counted>,
    /// Remarks on kept records, by code.
    pub notes: Vec<Counted>,
    /// Each lint before and after repairs.
    pub lints: Vec<LintCount>,
    /// Number of records by label and class.
    pub labels: BTreeMap<String, BTreeMap<String, usize>>,
    /// Distributions over the kept records.
    pub measures: BTreeMap<String, Distribution>,
    /// Length in tokens, when a tokenizer was available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenReport>,
    /// Records before and after, by kind of change.
    pub examples: Vec<Example>,
    /// Suggestions for preparing the data differently.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

impl Report {
    /// An example without the folders in its path.
    pub fn short<'e>(&self, example: &'e str) -> &'e str {
        let within = |source: &SourceRead| {
            let folders = source.name.rfind('/').filter(|_| example.starts_with(&source.name))?;
            // A hub data set's name is short, and its folders are part of it.
            (!source.name.starts_with("hub:")).then(|| &example[folders + 1..])
        };
        self.sources.iter().find_map(within).unwrap_or(example)
    }
}

/// The number of records with a code, and the first of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The code.
    pub code: String,
    /// Number of records.
    pub count: usize,
    /// The first records, as `file:line: why`.
    pub examples: Vec<String>,
}

/// What a lint found, and what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintCount {
    /// Its code.
    pub code: String,
    /// What it finds.
    pub description: String,
    /// Its level.
    pub level: LintLevel,
    /// Number of records in which it was found.
    pub found: usize,
    /// Number of kept records that still have it.
    pub left: usize,
}

/// Lengths in tokens of the kept records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenReport {
    /// The base model whose tokenizer was used.
    pub base: String,
    /// Maximum length for training.
    pub max_seq_len: usize,
    /// Records above it, which training drops.
    pub over: usize,
    /// Prompt and completion together.
    pub whole: Distribution,
    /// Completions alone.
    pub completion: Distribution,
}

/// The distribution of a value over many records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Number of records that have it.
    pub count: usize,
    /// Minimum.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Maximum.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Upper bounds of equal intervals with their counts; the last includes all larger values.
    pub histogram: Vec<(f64, usize)>,
}

/// A record before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Code of the change.
    pub code: String,
    /// What was changed.
    pub why: String,
    /// Origin of the record.
    pub source: String,
    /// Each field that differs: name, before, after.
    pub fields: Vec<(String, String, String)>,
}

/// The first finding of each code, as records are counted.
fn once_each(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().enumerate().filter(|(i, f)| findings[..*i].iter().all(|g| g.code != f.code)).map(|(_, f)| f)
}

/// Collects the report, record by record.
#[derive(Debug, Default)]
pub struct Collector {
    pub(super) records: usize,
    pub(super) accepted: usize,
    pub(super) repaired: usize,
    pub(super) rejected: usize,
    pub(super) left_out: BTreeMap<String, usize>,
    pub(super) rejects: Rejects,
    repairs: Rejects,
    notes: Rejects,
    found: BTreeMap<String, usize>,
    left: BTreeMap<String, usize>,
    labels: BTreeMap<String, BTreeMap<String, usize>>,
    measures: BTreeMap<String, Vec<f64>>,
    tokens: Vec<f64>,
    completion_tokens: Vec<f64>,
    examples: Vec<Example>,
    lacking: Lacking,
}

impl Collector {
    /// A collector for records with these fields.
    pub fn new(fields: &[FieldSpec]) -> Self {
        Self { lacking: Lacking::new(fields), ..Self::default() }
    }

    /// Adds a record, its outcome, and its token counts: whole and completion.
    pub fn add(&mut self, record: &Judged, outcome: DedupOutcome, tokens: Option<(usize, usize)>) {
        self.records += 1;
        let facts = record.verdict.facts();
        self.lacking.add(&record.record, facts);
        for (name, class) in &facts.labels {
            *self.labels.entry(name.clone()).or_default().entry(class.clone()).or_default() += 1;
        }
        match &record.verdict {
            Verdict::Accept { .. } => self.accepted += 1,
            Verdict::Repaired { .. } => self.repaired += 1,
            Verdict::Reject { code, why, .. } => {
                self.rejected += 1;
                self.rejects.add(code, &record.source, why);
                *self.found.entry(code.clone()).or_default() += 1;
                return;
            }
        }
        for finding in once_each(record.changes()) {
            self.repairs.add(&finding.code, &record.source, &finding.message);
            self.example(record, &finding.code, &finding.message);
        }
        let mut codes: Vec<&str> = record.changes().iter().chain(record.notes()).map(|f| f.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            *self.found.entry(code.to_owned()).or_default() += 1;
        }
        if let Some((code, why)) = outcome.code() {
            if outcome == DedupOutcome::LongCompletion {
                *self.found.entry(code.to_owned()).or_default() += 1;
            }
            *self.left_out.entry(code.to_owned()).or_default() += 1;
            self.rejects.add(code, &record.source, why);
            return;
        }
        for finding in once_each(record.notes()) {
            self.notes.add(&finding.code, &record.source, &finding.message);
            *self.left.entry(finding.code.clone()).or_default() += 1;
        }
        for (name, figure) in &facts.measures {
            self.measures.entry(name.clone()).or_default().push(*figure);
        }
        if let Some((whole, completion)) = tokens {
            self.tokens.push(whole as f64);
            self.completion_tokens.push(completion as f64);
        }
    }

    fn example(&mut self, record: &Judged, code: &str, why: &str) {
        if self.examples.iter().filter(|e| e.code == code).count() >= EXAMPLES {
            return;
        }
        let Some(after) = record.good() else { return };
        let text = |value: Option<&serde_json::Value>| {
            let text = value.map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
            if text.chars().count() > EXAMPLE_CHARS {
                text.chars().take(EXAMPLE_CHARS).chain(['…']).collect()
            } else {
                text
            }
        };
        let names = after.0.keys().chain(record.record.0.keys().filter(|k| !after.0.contains_key(*k)));
        let fields = names
            .filter(|name| record.record.0.get(*name) != after.0.get(*name))
            .map(|name| (name.clone(), text(record.record.0.get(name)), text(after.0.get(name))))
            .collect();
        self.examples.push(Example {
            code: code.to_owned(),
            why: why.to_owned(),
            source: record.source.to_string(),
            fields,
        });
    }

    /// The counts of all lints.
    pub(super) fn lints(&self, specs: &[LintSpec], levels: &BTreeMap<String, LintLevel>) -> Vec<LintCount> {
        let count = |counts: &BTreeMap<String, usize>, code: &str| counts.get(code).copied().unwrap_or(0);
        specs
            .iter()
            .map(|spec| LintCount {
                code: spec.code.clone(),
                description: spec.description.clone(),
                level: levels.get(&spec.code).copied().unwrap_or(spec.level),
                found: count(&self.found, &spec.code),
                left: count(&self.left, &spec.code),
            })
            .collect()
    }

    /// Fills the counts into the report.
    pub(super) fn fill(&self, report: &mut Report) {
        let list = |rejects: &Rejects| {
            let row = |(code, r): (&str, &Rejected)| Counted {
                code: code.to_owned(),
                count: r.count,
                examples: r.examples.clone(),
            };
            rejects.by_count().into_iter().map(row).collect()
        };
        (report.records, report.accepted) = (self.records, self.accepted);
        (report.repaired, report.rejected) = (self.repaired, self.rejected);
        report.left_out.clone_from(&self.left_out);
        report.rejects = list(&self.rejects);
        report.repairs = list(&self.repairs);
        report.notes = list(&self.notes);
        report.labels.clone_from(&self.labels);
        report.measures = self.measures.iter().map(|(name, all)| (name.clone(), Distribution::of(all))).collect();
        report.examples.clone_from(&self.examples);
        report.remarks.extend(self.lacking.remarks(self.records));
    }

    /// Lengths in tokens, as counted by the tokenizer of `base`.
    pub(super) fn tokens(&self, base: &str, max_seq_len: usize) -> TokenReport {
        TokenReport {
            base: base.to_owned(),
            max_seq_len,
            over: self.tokens.iter().filter(|t| **t > max_seq_len as f64).count(),
            whole: Distribution::of(&self.tokens),
            completion: Distribution::of(&self.completion_tokens),
        }
    }
}

impl Distribution {
    /// Computed from these values; all zero when there are none.
    pub fn of(figures: &[f64]) -> Self {
        let mut sorted: Vec<f64> = figures.iter().copied().filter(|f| f.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return Self::default() };
        let quantile = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize];
        // A few outliers must not squeeze all others into one bar.
        let top = if max > 4.0 * quantile(0.99) { quantile(0.99) } else { max };
        let whole = sorted.iter().all(|f| f.fract() == 0.0);
        let mut width = (top - min) / BARS as f64;
        if whole {
            width = width.ceil().max(1.0);
        }
        let bars = if width > 0.0 { (((top - min) / width).floor() as usize + 1).min(BARS + 1) } else { 1 };
        let mut histogram: Vec<(f64, usize)> = (0..bars).map(|i| (min + width * (i + 1) as f64, 0)).collect();
        for figure in &sorted {
            let bar = if width > 0.0 { ((figure - min) / width) as usize } else { 0 };
            histogram[bar.min(bars - 1)].1 += 1;
        }
        Self {
            count: sorted.len(),
            min,
            median: quantile(0.5),
            p95: quantile(0.95),
            max,
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use hive_sdk::{Facts, Finding, Record};

    use super::*;
    use crate::datasets::Source;

    #[test]
    fn distributions() {
        let d = Distribution::of(&[1.0, 2.0, 2.0, 3.0, 10.0]);
        assert_eq!((d.count, d.min, d.median, d.max, d.mean), (5, 1.0, 2.0, 10.0, 3.6));
        assert_eq!(d.histogram.iter().map(|b| b.1).sum::<usize>(), 5);
        assert_eq!(d.histogram[..3], [(2.0, 1), (3.0, 2), (4.0, 1)]);
        assert_eq!(Distribution::of(&[]).count, 0);
        assert_eq!(Distribution::of(&[4.0; 3]).histogram, [(5.0, 3)]);
        let giant: Vec<f64> = (0..1000).map(f64::from).chain([1e9]).collect();
        let d = Distribution::of(&giant);
        assert!(d.histogram.iter().filter(|b| b.1 > 0).count() > 20, "{:?}", d.histogram);
    }

    #[test]
    fn a_lint_counts_before_and_after() {
        let note = Finding { code: "star".to_owned(), message: "m".to_owned() };
        let record = Record::from_pairs([("sql", "a")]);
        let judged =
            |verdict| Judged { source: Source::Synthetic { index: 0 }, record: record.clone(), verdict, chat: None };
        let mut all = Collector::default();
        let noted = Verdict::Accept { notes: vec![note], facts: Facts::default() };
        all.add(&judged(noted.clone()), DedupOutcome::Keep, Some((10, 2)));
        all.add(&judged(noted), DedupOutcome::Duplicate, Some((10, 2)));
        all.add(
            &judged(Verdict::repaired(Record::from_pairs([("sql", "b")]), "star", "w")),
            DedupOutcome::Keep,
            Some((30, 2)),
        );
        all.add(&judged(Verdict::reject("star", "w")), DedupOutcome::Keep, None);
        let spec = LintSpec { code: "star".into(), description: "d".into(), level: LintLevel::Note, repairs: true };
        let lints = all.lints(&[spec], &BTreeMap::new());
        assert_eq!((lints[0].found, lints[0].left), (4, 1));
        assert_eq!(all.tokens("b", 20).over, 1);
        assert_eq!(all.examples[0].fields, [("sql".to_owned(), "a".to_owned(), "b".to_owned())]);
        assert_eq!(all.left_out["duplicate"], 1);
    }
}
