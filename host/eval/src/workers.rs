//! Several processes of the expert at once, each with one prompt at a time. Results come back in the
//! order of the prompts, whoever took which.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hive_plugins::{LoadedExpert, load_isolated};
use hive_runtime::opened::OpenExpert;
use hive_sdk::Settings;
use serde_json::{Map, Value};

use super::error::ExamError;

/// Longest time for one call: a measure is made in it as well as an answer run.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts them, with the manifest's own levels of lints.
pub(super) fn start(
    open: &OpenExpert,
    count: Option<usize>,
    options: &Map<String, Value>,
) -> Result<Vec<LoadedExpert>, ExamError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = load_isolated(&open.place, count.unwrap_or(cores).max(1), LIMIT)?;
    let lints = open.expert.manifest().dataset.lints.iter().map(|lint| (lint.code.clone(), lint.level)).collect();
    let settings = Settings { lints, options: options.clone() };
    for worker in &workers {
        worker.configure(&settings)?;
    }
    Ok(workers)
}

/// Does `work` on every item; `None` when `stop` was raised before the end.
pub(super) fn each<T: Sync, R: Send>(
    workers: &[LoadedExpert],
    items: &[T],
    stop: &AtomicBool,
    work: impl Fn(&LoadedExpert, &T) -> Result<R, ExamError> + Sync,
    done: impl Fn(usize) + Sync,
) -> Result<Option<Vec<R>>, ExamError> {
    let next = AtomicUsize::new(0);
    let finished = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for worker in workers {
            let (next, finished, failed, results, work, done) = (&next, &finished, &failed, &results, &work, &done);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) && failed.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    match work(worker, item) {
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
