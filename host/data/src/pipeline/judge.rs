//! Has the expert judge records, on several workers in parallel. A record on which a worker crashes
//! or hangs is rejected for that, and the worker is replaced. Shards are numbered in the order of
//! the data, so the result does not depend on their assignment to workers.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{Record, Rendered, Verdict};

use super::error::PipelineError;
use super::judged::Judged;
use super::leak::{differing_turn, rendered_without_completion};
use super::shards::Shards;
use crate::datasets::ReadRecord;

/// Number of records that a worker judges between checks for progress and for a stop request.
const ROUND: usize = 16;

/// The expert's process ended while it judged the record.
pub const CRASHED: &str = "crashed";
/// The expert timed out on the record.
pub const TOO_SLOW: &str = "too-slow";
/// The expert accepts the record but cannot render it.
pub const NOT_RENDERED: &str = "not-rendered";

/// The expert renders the record without a completion.
pub const NO_COMPLETION: &str = "no-completion";

/// Progress of judging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records judged in this run.
    pub judged: usize,
    /// Records judged in an earlier run and found in the cache.
    pub found: usize,
    /// Accepted records among all.
    pub accepted: usize,
    /// Repaired records among all.
    pub repaired: usize,
    /// Rejected records among all.
    pub rejected: usize,
}

impl Tally {
    fn add(&mut self, records: &[Judged]) {
        for record in records {
            match record.verdict {
                Verdict::Accept { .. } => self.accepted += 1,
                Verdict::Repaired { .. } => self.repaired += 1,
                Verdict::Reject { .. } => self.rejected += 1,
            }
        }
    }
}

/// Judges the unjudged records of all shards, each expert in `workers` on its own thread. False
/// when `stop` was set before the end.
///
/// # Errors
/// Errors of an expert that do not concern one record, or when a shard cannot be read or written.
pub fn judge(
    workers: &[LoadedExpert],
    shards: &Shards,
    count: usize,
    stop: &AtomicBool,
    on_progress: &(dyn Fn(Tally) + Sync),
) -> Result<bool, PipelineError> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let tally = Mutex::new(Tally::default());
    let unfinished = AtomicBool::new(false);
    let tell = |records: &[Judged], fresh: bool| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        *(if fresh { &mut tally.judged } else { &mut tally.found }) += records.len();
        tally.add(records);
        on_progress(*tally);
    };
    let work = |worker: &LoadedExpert| -> Result<(), PipelineError> {
        while failed.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            if stop.load(Ordering::Relaxed) || !judge_shard(worker, shards, number, stop, &tell)? {
                unfinished.store(true, Ordering::Relaxed);
                return Ok(());
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        for worker in workers {
            let (work, failed) = (&work, &failed);
            scope.spawn(move || {
                if let Err(error) = work(worker) {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(!unfinished.into_inner()),
    }
}

/// Judges the rest of one shard. False when `stop` was set before its end.
fn judge_shard(
    worker: &LoadedExpert,
    shards: &Shards,
    number: usize,
    stop: &AtomicBool,
    tell: &dyn Fn(&[Judged], bool),
) -> Result<bool, PipelineError> {
    let Some(read) = shards.unjudged(number)? else {
        tell(&shards.judged(number)?, false);
        return Ok(true);
    };
    // Verdicts that cannot be read are computed again.
    let mut judged = shards.judged(number).unwrap_or_default();
    judged.truncate(read.len());
    tell(&judged, false);
    let before = judged.len();
    for some in read[judged.len()..].chunks(ROUND) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let fresh = judge_some(worker, some)?;
        tell(&fresh, true);
        judged.extend(fresh);
    }
    if judged.len() > before {
        shards.write_judged(number, &judged)?;
    }
    let whole = judged.len() == read.len();
    if whole {
        shards.finish_judging(number)?;
    }
    Ok(whole)
}

fn judge_some(worker: &LoadedExpert, some: &[ReadRecord]) -> Result<Vec<Judged>, PipelineError> {
    let mut judged = Vec::with_capacity(some.len());
    for ReadRecord { source, record } in some {
        let source = source.clone();
        judged.push(match record {
            Ok(record) => {
                Judged { verdict: verdict(worker, &source, record)?, source, record: record.clone(), chat: None }
            }
            Err(verdict) => Judged { source, record: Record::default(), verdict: verdict.clone(), chat: None },
        });
    }
    render(worker, &mut judged)?;
    let field = worker.manifest().completion_field().unwrap_or_default();
    for judged in &mut judged {
        let Some(chat) = &judged.chat else { continue };
        if chat.completion().iter().all(|turn| turn.content.trim().is_empty()) {
            let why =
                format!("the expert renders no completion of it, so there is nothing to learn: look at `{field}`");
            judged.chat = None;
            judged.verdict = Verdict::reject(NO_COMPLETION, why);
        }
    }
    check_prompts(worker, field, &judged)?;
    Ok(judged)
}

/// Renders the good records; one that the expert cannot render is rejected.
fn render(worker: &LoadedExpert, judged: &mut [Judged]) -> Result<(), PipelineError> {
    let (places, good): (Vec<usize>, Vec<Record>) =
        judged.iter().enumerate().filter_map(|(i, j)| Some((i, j.good()?.clone()))).unzip();
    match worker.render(&good) {
        Ok(chats) => places.into_iter().zip(chats).for_each(|(place, chat)| judged[place].chat = Some(chat)),
        // Render each alone, to find the one at fault.
        Err(_) => {
            for (place, record) in places.into_iter().zip(good) {
                match worker.render(std::slice::from_ref(&record)) {
                    Ok(chats) => judged[place].chat = chats.into_iter().next(),
                    Err(error) => {
                        let (code, why) = blamed(&judged[place].source, error)?;
                        judged[place].verdict = Verdict::reject(code, why);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Fails when a prompt leaks the answer: this is not the record's fault, and none of the records
/// may be used for training.
fn check_prompts(worker: &LoadedExpert, field: &str, judged: &[Judged]) -> Result<(), PipelineError> {
    let kept: Vec<(&Judged, &Rendered)> = judged.iter().filter_map(|j| Some((j, j.chat.as_ref()?))).collect();
    let records: Vec<Record> = kept.iter().filter_map(|(judged, _)| judged.good().cloned()).collect();
    let without = rendered_without_completion(worker, &records);
    for ((judged, chat), other) in kept.into_iter().zip(without) {
        if let Some(turn) = other.and_then(|other| differing_turn(chat, &other)) {
            let (source, field) = (judged.source.to_string(), field.to_owned());
            return Err(PipelineError::PromptShowsAnswer {
                expert: worker.name().to_owned(),
                source_name: source,
                field,
                turn,
            });
        }
    }
    Ok(())
}

/// Judges one record alone, so that a crash can be attributed to it. After a crash it is tried
/// again in a new process: earlier records may have been the cause.
///
/// # Errors
/// Errors that are not the record's fault: the expert's own, or of something it needs.
pub fn verdict(worker: &LoadedExpert, source: &dyn Display, record: &Record) -> Result<Verdict, PipelineError> {
    let alone = || worker.validate(std::slice::from_ref(record));
    let verdicts = match alone() {
        Err(PluginError::Call { fault: CallFault::Ended { .. }, .. }) => alone(),
        other => other,
    };
    match verdicts {
        Ok(mut verdicts) => {
            Ok(verdicts.pop().unwrap_or_else(|| Verdict::reject(CRASHED, "the expert gave no verdict")))
        }
        Err(PluginError::Call { fault: CallFault::Refused(why), expert, method, .. }) => {
            let error = PluginError::Call { expert, method, record: None, fault: CallFault::Refused(why) };
            Err(PipelineError::Judge { source_name: source.to_string(), error: Box::new(error) })
        }
        Err(error) => {
            let (code, why) = blamed(source, error)?;
            Ok(Verdict::reject(code, why))
        }
    }
}

/// Code and reason when the record caused the expert's failure. They are the same in every run, so
/// they contain nothing specific to the process.
fn blamed(source: &dyn Display, error: PluginError) -> Result<(&'static str, String), PipelineError> {
    match error {
        PluginError::Call { fault: CallFault::TimedOut(limit), .. } => {
            Ok((TOO_SLOW, format!("the expert did not answer within {} s", limit.as_secs_f64())))
        }
        PluginError::Call { fault: CallFault::Ended { status, .. }, .. } => {
            Ok((CRASHED, format!("the expert's process crashed on it: {status}")))
        }
        PluginError::Call { fault: CallFault::Panicked(why), .. } => {
            Ok((CRASHED, format!("the expert panicked on it: {why}")))
        }
        PluginError::Call { fault: CallFault::Refused(why), .. } => Ok((NOT_RENDERED, why)),
        PluginError::Call { expert, method, fault, .. } => {
            let error = PluginError::Call { expert, method, record: None, fault };
            Err(PipelineError::Judge { source_name: source.to_string(), error: Box::new(error) })
        }
        other => Err(other.into()),
    }
}
