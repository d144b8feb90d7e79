//! Finds duplicates, and records that leak an eval prompt. Records are processed in the order of
//! the data and the first of each kind is kept. Canonical texts are compared; the expert decides
//! what makes two texts equal.

use std::collections::{HashMap, HashSet};

use hive_sdk::Manifest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::judged::Judged;

/// Fraction of common words from which two prompts with the same answer count as the same.
const NEAR: f64 = 0.8;

/// Number of prompts with the same answer that a new one is compared with: the latest.
const COMPARED: usize = 64;

/// Code of a completion that exceeds the maximum length.
pub const LONG_COMPLETION: &str = "too-long-completion";

/// The outcome of deduplication for a good record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DedupOutcome {
    /// The record is kept.
    Keep,
    /// It leaks an eval prompt.
    EvalPrompt,
    /// All its fields equal those of an earlier record.
    Duplicate,
    /// An earlier record has the same prompt and group, and another answer.
    SamePrompt,
    /// Its completion exceeds the maximum length.
    LongCompletion,
    /// An earlier record has nearly the same prompt, or the same prompt in another group.
    NearDuplicate,
}

impl DedupOutcome {
    /// Code and description; `None` for a record that is kept.
    pub fn code(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            DedupOutcome::Keep => return None,
            DedupOutcome::EvalPrompt => ("eval-prompt", "it has the prompt or the answer of an eval prompt"),
            DedupOutcome::Duplicate => ("duplicate", "an earlier record has the same prompt and the same answer"),
            DedupOutcome::SamePrompt => ("same-prompt", "an earlier record has the same prompt and another answer"),
            DedupOutcome::LongCompletion => {
                (LONG_COMPLETION, "its completion has more tokens than the maximum of an answer")
            }
            DedupOutcome::NearDuplicate => {
                ("near-duplicate", "an earlier record has nearly the same prompt and the same answer")
            }
        })
    }
}

/// The roles of a record's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The prompt: the required fields that are neither of the others.
    pub prompt: Vec<String>,
    /// The completion field.
    pub completion: String,
    /// A field that records may share within one side of the split, but never across.
    pub group: Option<String>,
}

impl Fields {
    /// The roles that a manifest gives to its fields.
    pub fn of(manifest: &Manifest) -> Self {
        let completion = manifest.completion_field().unwrap_or_default().to_owned();
        let group = manifest.dataset.group_by.clone();
        let fields = manifest.dataset.fields.iter();
        let prompt = fields.filter(|f| !f.optional && !f.completion && Some(&f.name) != group.as_ref());
        Self { prompt: prompt.map(|f| f.name.clone()).collect(), completion, group }
    }
}

/// The state of deduplication.
#[derive(Debug)]
pub struct Deduplicator {
    fields: Fields,
    /// Prompts of eval prompts, and their answers with their group.
    asked: HashSet<u64>,
    answered: HashSet<u64>,
    whole: HashSet<u64>,
    prompts: HashSet<u64>,
    pairs: HashSet<u64>,
    /// Words of the prompts that were kept, by group and completion.
    wordings: HashMap<u64, Vec<Vec<u32>>>,
}

/// Hashes of the texts that a record is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Hash of the prompt.
    pub prompt: u64,
    /// Hash of the completion.
    pub completion: u64,
    /// Hash of the group, or of the whole record when there is none.
    pub group: u64,
}

impl Deduplicator {
    /// Starts with the eval prompts.
    pub fn new<'p>(fields: Fields, eval_prompts: impl IntoIterator<Item = &'p Judged>) -> Self {
        let mut seen = Self {
            fields,
            asked: HashSet::new(),
            answered: HashSet::new(),
            whole: HashSet::new(),
            prompts: HashSet::new(),
            pairs: HashSet::new(),
            wordings: HashMap::new(),
        };
        for prompt in eval_prompts {
            let keys = seen.keys(prompt);
            seen.asked.insert(keys.prompt);
            seen.answered.insert(both(keys.group, keys.completion));
        }
        seen
    }

    /// The hashes that `record` is compared by.
    pub fn keys(&self, record: &Judged) -> Keys {
        let prompt: Vec<&str> = self.fields.prompt.iter().map(|field| record.key(field)).collect();
        let group = self.fields.group.as_deref();
        Keys {
            prompt: hash(&prompt),
            completion: hash(&[record.key(&self.fields.completion)]),
            group: group.map_or_else(|| hash(&prompt), |field| hash(&[record.key(field)])),
        }
    }

    /// Compares the next record with all earlier ones.
    pub fn place(&mut self, record: &Judged, keys: Keys) -> DedupOutcome {
        let Keys { prompt, completion, group } = keys;
        let answer = both(group, completion);
        if self.asked.contains(&prompt) || self.answered.contains(&answer) {
            return DedupOutcome::EvalPrompt;
        }
        if !self.whole.insert(both(answer, prompt)) {
            return DedupOutcome::Duplicate;
        }
        if !self.prompts.insert(both(group, prompt)) {
            return DedupOutcome::SamePrompt;
        }
        let again = !self.pairs.insert(both(prompt, completion));
        let words = words(self.fields.prompt.iter().map(|field| record.key(field)));
        let wordings = self.wordings.entry(answer).or_default();
        if again || wordings.iter().rev().take(COMPARED).any(|other| in_common(&words, other) >= NEAR) {
            return DedupOutcome::NearDuplicate;
        }
        wordings.push(words);
        DedupOutcome::Keep
    }
}

/// The first eight bytes of the SHA-256 digest of the texts.
fn hash(texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

fn both(a: u64, b: u64) -> u64 {
    hash(&[&format!("{a:x} {b:x}")])
}

/// Sorted hashes of the distinct words and of adjacent pairs.
fn words<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<u32> {
    let mut all = Vec::new();
    for text in texts {
        let words: Vec<String> =
            text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
        all.extend(words.iter().map(|w| hash(&[w]) as u32));
        all.extend(words.windows(2).map(|pair| hash(&[&pair[0], &pair[1]]) as u32));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Jaccard index of two sorted sets.
fn in_common(a: &[u32], b: &[u32]) -> f64 {
    let shared = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use hive_sdk::{Record, Verdict};

    use super::*;
    use crate::datasets::Source;

    fn judged(question: &str, schema: &str, sql: &str) -> Judged {
        let record = Record::from_pairs([("question", question), ("schema", schema), ("sql", sql)]);
        Judged { source: Source::Synthetic { index: 0 }, record, verdict: Verdict::accept(), chat: None }
    }

    #[test]
    fn each_kind_of_likeness_has_its_fate() {
        let fields = Fields {
            prompt: vec!["question".to_owned()],
            completion: "sql".to_owned(),
            group: Some("schema".to_owned()),
        };
        let prompt = judged("how many cats", "s9", "Q9");
        let mut seen = Deduplicator::new(fields, [&prompt]);
        let mut outcome = |question: &str, schema: &str, sql: &str| {
            let record = judged(question, schema, sql);
            let keys = seen.keys(&record);
            seen.place(&record, keys)
        };
        let long = "list the names of all of the employees who were hired in the year 2017 by the firm";
        assert_eq!(outcome(long, "s1", "Q1"), DedupOutcome::Keep);
        assert_eq!(outcome(long, "s1", "Q1"), DedupOutcome::Duplicate);
        assert_eq!(outcome(long, "s1", "Q2"), DedupOutcome::SamePrompt);
        assert_eq!(outcome(long, "s2", "Q1"), DedupOutcome::NearDuplicate, "the same pair on another schema");
        assert_eq!(outcome(&format!("{long} please"), "s1", "Q1"), DedupOutcome::NearDuplicate);
        assert_eq!(
            outcome("who came in 2017?", "s1", "Q1"),
            DedupOutcome::Keep,
            "another wording of the same is wanted"
        );
        assert_eq!(outcome(&format!("{long} please"), "s3", "Q3"), DedupOutcome::Keep);
        assert_eq!(outcome("how many cats", "s1", "Q4"), DedupOutcome::EvalPrompt);
        assert_eq!(outcome("the number of cats", "s9", "Q9"), DedupOutcome::EvalPrompt);
        assert_eq!(outcome("the number of cats", "s8", "Q9"), DedupOutcome::Keep);
    }
}
