//! The two passes over judged shards: the first counts, tokenises and deduplicates the good
//! records, the second writes each record to its destination.

use std::sync::atomic::{AtomicBool, Ordering};

use hive_sdk::{LintLevel, Verdict};
use rayon::prelude::*;

use super::dedup::{DedupOutcome, Deduplicator, Keys, LONG_COMPLETION};
use super::error::PipelineError;
use super::judged::Judged;
use super::prepare::{Pipeline, PipelineReporter};
use super::report::Collector;
use super::set::{Half, SetWriter};
use super::shards::{ReadSummary, Shards};
use super::tokens::{ChatTokens, TokenSpool, TokenSpoolWriter};

/// A record whose text contains names of control tokens, such as `<|im_end|>`. They are trained as
/// text.
pub const CONTROL_TEXT: &str = "control-token-text";

/// The input of both passes.
pub(super) struct Pass<'a> {
    pub shards: &'a Shards,
    pub summary: &'a ReadSummary,
    pub stop: &'a AtomicBool,
    pub reporter: &'a dyn PipelineReporter,
}

/// The result of the first pass.
pub(super) struct Chosen {
    /// Counts for the report.
    pub collector: Collector,
    /// The outcome of each record, in the order of the data.
    pub outcomes: Vec<DedupOutcome>,
    /// The group of each record that is kept.
    pub groups: Vec<u64>,
    /// Token ids of every record with a chat, when there is a tokenizer.
    pub tokens: Option<TokenSpool>,
}

impl Pipeline<'_> {
    /// Counts everything, tokenises, and decides which records are kept. `None` when stopped.
    pub(super) fn choose(&self, pass: &Pass<'_>, prompts: &[Judged]) -> Result<Option<Chosen>, PipelineError> {
        let mut seen = Deduplicator::new(self.fields.clone(), prompts);
        let mut collector = Collector::new(&self.request.expert.manifest().dataset.fields);
        let tokenisation = self.request.tokenisation.as_ref().map(|(tokenisation, _)| tokenisation);
        let mut spool = tokenisation.map(|_| TokenSpoolWriter::create(pass.shards.folder())).transpose()?;
        let mut outcomes = Vec::with_capacity(pass.summary.records);
        let mut groups = Vec::new();
        let budget = self.completion_budget();
        for number in 0..pass.summary.shards {
            if pass.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let records = pass.shards.judged(number)?;
            let tokens = |record: &Judged| match tokenisation.zip(record.chat.as_ref()) {
                Some((tokenisation, chat)) => (tokenisation.encode)(chat).map(Some),
                None => Ok(None),
            };
            let counted: Vec<(Keys, Option<ChatTokens>)> = records
                .par_iter()
                .map(|record| Ok((seen.keys(record), tokens(record)?)))
                .collect::<Result<_, PipelineError>>()?;
            for (mut record, (keys, tokens)) in records.into_iter().zip(counted) {
                if let Some((spool, tokens)) = spool.as_mut().zip(tokens.as_ref()) {
                    spool.add(tokens)?;
                }
                let counts = tokens.as_ref().map(|t| (t.ids.len(), t.ids.len() - t.prompt_len));
                let long = counts.zip(budget).is_some_and(|((_, completion), (most, _))| completion > most);
                let outcome = match (&record.verdict, long, budget) {
                    (Verdict::Reject { .. }, ..) => DedupOutcome::Keep,
                    (_, true, Some((_, true))) => DedupOutcome::LongCompletion,
                    _ => seen.place(&record, keys),
                };
                if long && outcome == DedupOutcome::Keep {
                    note_long(&mut record, counts);
                }
                note_control(&mut record, tokens.as_ref());
                collector.add(&record, outcome, counts);
                if record.good().is_some() && outcome == DedupOutcome::Keep {
                    groups.push(keys.group);
                }
                outcomes.push(outcome);
            }
            pass.reporter.writing(number + 1, 2 * pass.summary.shards);
        }
        if outcomes.len() != pass.summary.records {
            let problem = format!("it holds {} records, {} were read", outcomes.len(), pass.summary.records);
            return Err(PipelineError::format(pass.shards.folder(), problem));
        }
        let tokens = spool.map(TokenSpoolWriter::finish).transpose()?;
        Ok(Some(Chosen { collector, outcomes, groups, tokens }))
    }

    /// Maximum tokens of a completion, and whether a longer one is rejected; `None` when this is
    /// not checked.
    fn completion_budget(&self) -> Option<(usize, bool)> {
        let most = self.request.tokenisation.as_ref()?.1.max_completion;
        match self.settings.lints.get(LONG_COMPLETION)? {
            LintLevel::Off => None,
            level => Some((most, *level == LintLevel::Reject)),
        }
    }
}

impl Pass<'_> {
    /// Writes every record to its destination. `sides` has an entry per kept record. False when
    /// stopped.
    pub(super) fn write(
        &self,
        chosen: &mut Chosen,
        sides: &[Option<Half>],
        writer: &mut SetWriter<'_>,
    ) -> Result<bool, PipelineError> {
        let mut outcomes = chosen.outcomes.iter();
        let mut sides = sides.iter();
        for number in 0..self.summary.shards {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            for record in self.shards.judged(number)? {
                let outcome = outcomes.next().copied().unwrap_or(DedupOutcome::Keep);
                let tokens = match (&mut chosen.tokens, &record.chat) {
                    (Some(spool), Some(_)) => Some(spool.next()),
                    _ => None,
                };
                match (&record.verdict, outcome.code()) {
                    (Verdict::Reject { code, why, .. }, _) => writer.reject(&record, code, why)?,
                    (_, Some((code, why))) => writer.reject(&record, code, why)?,
                    (_, None) => {
                        if let Some(half) = sides.next().copied().flatten() {
                            writer.keep(half, &record, tokens)?;
                        }
                    }
                }
            }
            self.reporter.writing(self.summary.shards + number + 1, 2 * self.summary.shards);
        }
        Ok(true)
    }
}

/// Adds the remark that the completion is long.
fn note_long(record: &mut Judged, counts: Option<(usize, usize)>) {
    let completion = counts.map_or(0, |(_, completion)| completion);
    note(
        record,
        LONG_COMPLETION,
        format!("its completion has {completion} tokens, more than the maximum of an answer"),
    );
}

/// Adds the remark that its text contains names of control tokens.
fn note_control(record: &mut Judged, tokens: Option<&ChatTokens>) {
    let Some(names) = tokens.map(|t| t.control.as_slice()).filter(|names| !names.is_empty()) else { return };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    note(
        record,
        CONTROL_TEXT,
        format!("its text holds {}, which trains as text, not as a control token", names.join(", ")),
    );
}

fn note(record: &mut Judged, code: &str, message: String) {
    if let Verdict::Accept { notes, .. } | Verdict::Repaired { notes, .. } = &mut record.verdict {
        notes.push(hive_sdk::Finding { code: code.to_owned(), message });
    }
}
