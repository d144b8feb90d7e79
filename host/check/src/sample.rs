//! The records with which an expert is checked: eval prompts and synthetic ones. Every record is a gold: it has the
//! completion that the expert itself calls right.

use hive_sdk::{EvalPrompt, Record, Rendered};

use crate::subject::DataRecords;

/// Number of synthetic records in the quick half.
const MADE: usize = 8;

/// Number of synthetic records otherwise.
const MADE_FULL: usize = 24;

/// Maximum number of eval prompts.
const PROMPTS: usize = 256;

/// A record with the completion that is right.
#[derive(Debug, Clone)]
pub(crate) struct Gold {
    /// Its name for messages.
    pub place: String,
    /// The record.
    pub record: Record,
    /// The chat, once rendered.
    pub chat: Rendered,
}

impl Gold {
    /// The text that is learned from it.
    pub(crate) fn answer(&self) -> String {
        answer_of(&self.chat)
    }
}

/// The text that is learned from a chat.
pub(crate) fn answer_of(chat: &Rendered) -> String {
    chat.completion().iter().map(|turn| turn.content.as_str()).collect::<Vec<_>>().join("\n")
}

/// Everything the expert itself provides.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// Its eval prompts.
    pub prompts: Vec<EvalPrompt>,
    /// Records that it synthesized; `None` if it cannot.
    pub made: Option<Vec<Record>>,
    /// The first records of a data set.
    pub data: Option<DataRecords>,
    /// Whether the expert renders prompts and no completions, because its plugin is not here.
    pub only_asked: bool,
    /// What rendered without a finding.
    pub golds: Vec<Gold>,
}

impl Sample {
    /// Whether the expert provides no records itself, so that those of a data set stand in for them.
    pub(crate) fn is_of_data(&self) -> bool {
        self.prompts.is_empty() && self.made.as_ref().is_none_or(Vec::is_empty)
    }

    /// Every record with its name: all eval prompts up to a limit, spread evenly, and some synthetic records; or some of
    /// a data set.
    pub(crate) fn named(&self, full: bool) -> Vec<(String, Record)> {
        if let Some(data) = self.data.as_ref().filter(|_| self.is_of_data()) {
            return spread(&data.records, MADE_FULL).cloned().collect();
        }
        let prompts = spread(&self.prompts, PROMPTS).map(|p| (format!("eval prompt `{}`", p.id), p.record.clone()));
        let made = self.made.iter().flatten().take(if full { MADE_FULL } else { MADE }).enumerate();
        prompts.chain(made.map(|(i, record)| (format!("synthetic record {i}"), record.clone()))).collect()
    }
}

/// `n` of the items, spread evenly.
pub(crate) fn spread<T>(items: &[T], n: usize) -> impl Iterator<Item = &T> {
    let step = items.len().div_ceil(n.max(1)).max(1);
    items.iter().step_by(step)
}
