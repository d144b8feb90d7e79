//! Counts of rejected rows, by code, each with the first examples: enough to see the problem
//! without a list of thousands.

use std::collections::BTreeMap;
use std::fmt;

/// Examples kept for each code.
const EXAMPLES: usize = 3;

/// Maximum length of an example, in characters.
const EXAMPLE_CHARS: usize = 400;

/// All rejected rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejects {
    by_code: BTreeMap<String, Rejected>,
}

/// Rows rejected with one code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Number of records.
    pub count: usize,
    /// The first ones, as `file:line: why`.
    pub examples: Vec<String>,
}

impl Rejects {
    /// Counts one record.
    pub fn add(&mut self, code: &str, place: &dyn fmt::Display, why: &str) {
        let rejected = self.by_code.entry(code.to_owned()).or_default();
        rejected.count += 1;
        if rejected.examples.len() < EXAMPLES {
            let mut example = format!("{place}: {why}");
            if let Some((end, _)) = example.char_indices().nth(EXAMPLE_CHARS) {
                example.truncate(end);
                example.push('…');
            }
            rejected.examples.push(example);
        }
    }

    /// Adds the counts of `other`; its examples come after ours.
    pub fn merge(&mut self, other: Rejects) {
        for (code, more) in other.by_code {
            let rejected = self.by_code.entry(code).or_default();
            rejected.count += more.count;
            let room = EXAMPLES.saturating_sub(rejected.examples.len());
            rejected.examples.extend(more.examples.into_iter().take(room));
        }
    }

    /// Total number.
    pub fn total(&self) -> usize {
        self.by_code.values().map(|r| r.count).sum()
    }

    /// Codes and counts, the most frequent first.
    pub fn by_count(&self) -> Vec<(&str, &Rejected)> {
        let mut all: Vec<_> = self.by_code.iter().map(|(code, r)| (code.as_str(), r)).collect();
        // A stable sort: equal counts keep the order of their codes.
        all.sort_by_key(|(_, r)| std::cmp::Reverse(r.count));
        all
    }

    /// The table as lines: `  1234  schema-does-not-parse  data.jsonl:3: …`.
    pub fn lines(&self) -> Vec<String> {
        let rows = self.by_count();
        let width = rows.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
        let row = |(code, r): &(&str, &Rejected)| {
            let example = r.examples.first().map(String::as_str).unwrap_or_default();
            format!("{:>7}  {code:<width$}  {example}", r.count)
        };
        rows.iter().map(row).collect()
    }
}
