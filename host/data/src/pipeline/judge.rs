//! Has the expert judge records, on several workers at once. A record on which a worker dies or
//! hangs is rejected for that, and the worker is another one for the next. Chunks are numbered in
//! the order of the data, so the result does not depend on which worker took which.
//!
//! A part that holds fewer records than its chunk was begun by a run that was stopped: the rest of
//! it is judged now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use hive_plugins::{CallFault, LoadedExpert, PluginError};
use hive_sdk::{Record, Verdict};

use super::error::PipelineError;
use super::judged::Judged;
use super::shards::Shards;

/// Records in one part: little is lost when a run is killed, and the disk is not full of small
/// files.
pub const CHUNK: usize = 256;

/// Records that a worker judges before it looks up: for progress, and for a person who wants to
/// stop.
const ROUND: usize = 16;

/// The expert's process ended while it judged the record.
pub const CRASHED: &str = "crashed";
/// The expert took too long to judge the record.
pub const TOO_SLOW: &str = "too-slow";
/// The expert takes the record and makes no chat of it.
pub const NOT_RENDERED: &str = "not-rendered";

/// The expert makes a prompt of the record, and nothing to learn.
pub const NO_COMPLETION: &str = "no-completion";

/// A record as it comes to be judged.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Where it came from.
    pub source: String,
    /// The record, or code and reason why it is unusable.
    pub record: Result<Record, (String, String)>,
}

/// How far the judging is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records judged in this run.
    pub judged: usize,
    /// Records judged in an earlier run and found in the cache.
    pub found: usize,
    /// Of all, those accepted as they are.
    pub accepted: usize,
    /// Of all, those repaired.
    pub repaired: usize,
    /// Of all, those rejected.
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

/// Judges everything that `incoming` yields, each expert in `workers` on a thread of its own, and
/// writes it to `shards`. What is judged there is left alone. Returns the number of shards and of
/// records; `None` when `stop` was raised before the end.
///
/// # Errors
/// What `incoming` says, what an expert says that is not about one record, or when a part cannot be
/// written.
pub fn judge(
    workers: &[LoadedExpert],
    incoming: &mut (dyn Iterator<Item = Result<Incoming, PipelineError>> + Send),
    shards: &Shards,
    stop: &AtomicBool,
    on_progress: &(dyn Fn(Tally) + Sync),
) -> Result<Option<(usize, usize)>, PipelineError> {
    let queue = Mutex::new(Queue { incoming, next: 0, records: 0, ended: false });
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
            if stop.load(Ordering::Relaxed) {
                unfinished.store(true, Ordering::Relaxed);
                return Ok(());
            }
            let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            let Some((number, mut chunk)) = taken else { return Ok(()) };
            // A part that cannot be read is made again.
            let mut judged = if shards.has(number) { shards.read(number).unwrap_or_default() } else { Vec::new() };
            judged.truncate(chunk.len());
            tell(&judged, false);
            let rest = chunk.split_off(judged.len());
            if rest.is_empty() {
                continue;
            }
            let expected = judged.len() + rest.len();
            for some in rest.chunks(ROUND) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let fresh = judge_some(worker, some)?;
                tell(&fresh, true);
                judged.extend(fresh);
            }
            shards.write(number, &judged)?;
            unfinished.fetch_or(judged.len() < expected, Ordering::Relaxed);
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
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((!unfinished.into_inner()).then_some((queue.next, queue.records)))
}

/// The records not yet taken.
struct Queue<'a> {
    incoming: &'a mut (dyn Iterator<Item = Result<Incoming, PipelineError>> + Send),
    next: usize,
    records: usize,
    ended: bool,
}

impl Queue<'_> {
    fn take(&mut self) -> Result<Option<(usize, Vec<Incoming>)>, PipelineError> {
        if self.ended {
            return Ok(None);
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            match self.incoming.next() {
                Some(incoming) => chunk.push(incoming?),
                None => {
                    self.ended = true;
                    break;
                }
            }
        }
        if chunk.is_empty() {
            return Ok(None);
        }
        self.records += chunk.len();
        self.next += 1;
        Ok(Some((self.next - 1, chunk)))
    }
}

fn judge_some(worker: &LoadedExpert, some: &[Incoming]) -> Result<Vec<Judged>, PipelineError> {
    let mut judged = Vec::with_capacity(some.len());
    for Incoming { source, record } in some {
        let source = source.clone();
        judged.push(match record {
            Ok(record) => {
                Judged { verdict: verdict(worker, &source, record)?, source, record: record.clone(), chat: None }
            }
            Err((code, why)) => {
                Judged { source, record: Record::default(), verdict: Verdict::reject(code, why), chat: None }
            }
        });
    }
    let field = worker.manifest().completion_field().unwrap_or_default();
    let (places, good): (Vec<usize>, Vec<Record>) =
        judged.iter().enumerate().filter_map(|(i, j)| Some((i, j.good()?.clone()))).unzip();
    match worker.render(&good) {
        Ok(chats) => places.into_iter().zip(chats).for_each(|(place, chat)| judged[place].chat = Some(chat)),
        // One of them is to blame: each alone, to know which.
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
    for judged in &mut judged {
        let Some(chat) = &judged.chat else { continue };
        if chat.messages.iter().skip(chat.completion_start).all(|turn| turn.content.trim().is_empty()) {
            let why =
                format!("the expert renders no completion of it, so there is nothing to learn: look at `{field}`");
            judged.chat = None;
            judged.verdict = Verdict::reject(NO_COMPLETION, why);
        }
    }
    Ok(judged)
}

/// One record alone, so that what it does to the worker is known to be its doing. A worker that
/// ended gets a second try as a new process: it may have been weary of the records before.
///
/// # Errors
/// What is no record's fault: the expert's own, or that of what it needs.
pub fn verdict(worker: &LoadedExpert, source: &str, record: &Record) -> Result<Verdict, PipelineError> {
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
            Err(PipelineError::Judge { source_name: source.to_owned(), error: Box::new(error) })
        }
        Err(error) => {
            let (code, why) = blamed(source, error)?;
            Ok(Verdict::reject(code, why))
        }
    }
}

/// Code and reason when the record is to blame for what happened to the expert. They are the same
/// at every run, so they tell nothing of the process.
fn blamed(source: &str, error: PluginError) -> Result<(&'static str, String), PipelineError> {
    match error {
        PluginError::Call { fault: CallFault::TimedOut(limit), .. } => {
            Ok((TOO_SLOW, format!("the expert did not answer within {} s", limit.as_secs_f64())))
        }
        PluginError::Call { fault: CallFault::Ended { status, .. }, .. } => {
            Ok((CRASHED, format!("the expert's process ended over it: {status}")))
        }
        PluginError::Call { fault: CallFault::Panicked(why), .. } => {
            Ok((CRASHED, format!("the expert panicked over it: {why}")))
        }
        PluginError::Call { fault: CallFault::Refused(why), .. } => Ok((NOT_RENDERED, why)),
        PluginError::Call { expert, method, fault, .. } => {
            let error = PluginError::Call { expert, method, record: None, fault };
            Err(PipelineError::Judge { source_name: source.to_owned(), error: Box::new(error) })
        }
        other => Err(other.into()),
    }
}
