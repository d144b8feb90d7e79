//! Which records say what another has said, and which give an evaluation prompt away. Records come
//! in the order of the data and the first of a kind stays. It compares canonical texts; what makes
//! two texts the same is the expert's to say.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::judged::Judged;

/// Share of words in common from which two questions with one answer are the same question.
const NEAR: f64 = 0.8;

/// Questions of one answer that a new one is compared with: the latest.
const COMPARED: usize = 64;

/// Code of a completion that is longer than an answer may be.
pub const LONG_COMPLETION: &str = "too-long-completion";

/// What becomes of a good record when it is held against the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DedupOutcome {
    /// It is new.
    Keep,
    /// It gives an evaluation prompt away.
    EvalPrompt,
    /// All its fields are those of an earlier record.
    Duplicate,
    /// Its question was asked of the same schema before, and answered otherwise.
    SamePrompt,
    /// Its completion is longer than an answer may be.
    LongCompletion,
    /// An earlier record asks the same in nearly the same words, or of another schema.
    NearDuplicate,
}

impl DedupOutcome {
    /// Code and meaning; `None` for a record that stays.
    pub fn code(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            DedupOutcome::Keep => return None,
            DedupOutcome::EvalPrompt => ("eval-prompt", "it asks or answers what an evaluation prompt does"),
            DedupOutcome::Duplicate => ("duplicate", "an earlier record has the same prompt and the same answer"),
            DedupOutcome::SamePrompt => ("same-prompt", "an earlier record answers the same prompt otherwise"),
            DedupOutcome::LongCompletion => (LONG_COMPLETION, "its completion has more tokens than an answer may have"),
            DedupOutcome::NearDuplicate => {
                ("near-duplicate", "an earlier record says the same in nearly the same words")
            }
        })
    }
}

/// Which fields of a record play which part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// What is asked: the required fields that are neither of the others.
    pub prompt: Vec<String>,
    /// What the model writes.
    pub completion: String,
    /// What records may share without being seen, and never across the split.
    pub group: Option<String>,
}

/// Everything that was seen.
#[derive(Debug)]
pub struct Deduplicator {
    fields: Fields,
    /// Questions of evaluation prompts, and their answers with their group.
    asked: HashSet<u64>,
    answered: HashSet<u64>,
    whole: HashSet<u64>,
    prompts: HashSet<u64>,
    pairs: HashSet<u64>,
    /// Words of the questions that were kept, by group and completion.
    wordings: HashMap<u64, Vec<Vec<u32>>>,
}

/// Hashes of the texts that a record is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Of what is asked.
    pub prompt: u64,
    /// Of the answer.
    pub completion: u64,
    /// Of the group; of the whole record when there is none.
    pub group: u64,
}

impl Deduplicator {
    /// Knows the evaluation prompts and nothing else yet.
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

    /// What `record` is compared by.
    pub fn keys(&self, record: &Judged) -> Keys {
        let prompt: Vec<&str> = self.fields.prompt.iter().map(|field| record.key(field)).collect();
        let group = self.fields.group.as_deref();
        Keys {
            prompt: hash(&prompt),
            completion: hash(&[record.key(&self.fields.completion)]),
            group: group.map_or_else(|| hash(&prompt), |field| hash(&[record.key(field)])),
        }
    }

    /// Holds the next record against all before it.
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

/// The first eight bytes of a sha256 over the texts.
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

/// Hashes of the distinct words and of pairs of neighbours, in order.
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
