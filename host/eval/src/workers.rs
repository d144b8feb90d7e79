//! The expert's worker processes, each working on one prompt at a time. Results come back in the
//! order of the prompts, whichever worker took which.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hive_plugins::{LoadedExpert, load_isolated};
use hive_runtime::opened::OpenExpert;
use hive_sdk::Settings;
use serde_json::{Map, Value};

use super::cache::EvalCache;
use super::error::EvalError;

/// Time limit of one call, which may have to build the test databases as well as run an answer.
const LIMIT: Duration = Duration::from_secs(30);

/// The worker processes, with what their grades depend on besides prompt and answer.
#[derive(Debug)]
pub(super) struct Workers<'a> {
    processes: Vec<LoadedExpert>,
    /// The expert in this process, for its manifest and for grades that run nothing.
    pub(super) expert: &'a LoadedExpert,
    /// Domain-specific settings.
    pub(super) options: &'a Map<String, Value>,
    /// Grades that are already known.
    pub(super) cache: &'a EvalCache,
}

impl<'a> Workers<'a> {
    /// Starts `count` processes, or one per core, with the lint levels of the manifest.
    pub(super) fn start(
        open: &'a OpenExpert,
        count: Option<usize>,
        options: &'a Map<String, Value>,
        cache: &'a EvalCache,
    ) -> Result<Self, EvalError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let processes = load_isolated(&open.place, count.unwrap_or(cores).max(1), LIMIT)?;
        let lints = open.expert.manifest().lints().into_iter().map(|lint| (lint.code, lint.level)).collect();
        let settings = Settings { lints, options: options.clone() };
        for process in &processes {
            process.configure(&settings)?;
        }
        Ok(Self { processes, expert: &open.expert, options, cache })
    }

    /// Calls `work` with a process on every item, and `done` with the number of finished items; `None` if
    /// `stop` was set before the end.
    pub(super) fn map<T: Sync, R: Send>(
        &self,
        items: &[T],
        stop: &AtomicBool,
        work: impl Fn(&LoadedExpert, &T) -> Result<R, EvalError> + Sync,
        done: impl Fn(usize) + Sync,
    ) -> Result<Option<Vec<R>>, EvalError> {
        let next = AtomicUsize::new(0);
        let finished = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
        std::thread::scope(|scope| {
            for process in &self.processes {
                let (next, finished, failed, results, work, done) = (&next, &finished, &failed, &results, &work, &done);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed)
                        && failed.lock().unwrap_or_else(PoisonError::into_inner).is_none()
                    {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else { return };
                        match work(process, item) {
                            Ok(result) => {
                                results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(result);
                                done(finished.fetch_add(1, Ordering::Relaxed) + 1);
                            }
                            Err(error) => {
                                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            }
                        }
                    }
                });
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()),
        }
    }
}
