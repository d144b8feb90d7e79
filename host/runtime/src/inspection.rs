//! Has the expert look at a prompt's record before a model is asked, and at the answer that came. It does so
//! in a process of its own, which makes itself ready while the model writes: an expert may start a
//! database for it. What it finds is told, not judged, here.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use hive_plugins::{LoadFault, LoadedExpert, PluginError, load_isolated};
use hive_sdk::{Inspection, Record, Settings};
use serde_json::{Map, Value};

use crate::opened::OpenExpert;

/// Longest time for one call.
const LIMIT: Duration = Duration::from_secs(10);

/// Longest that a person waits for what is said of an answer, from when it stands.
const PATIENCE: Duration = Duration::from_secs(20);

/// An expert that inspects.
#[derive(Debug)]
pub struct Inspector {
    worker: Arc<LoadedExpert>,
    settings: Settings,
}

/// An inspector that makes itself ready.
#[derive(Debug)]
pub struct Readying {
    worker: Arc<LoadedExpert>,
    ready: Receiver<Result<(), PluginError>>,
}

impl Inspector {
    /// Starts the expert's process with these options; `None` when it was installed without native code.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(open: &OpenExpert, options: Map<String, Value>) -> Result<Option<Self>, PluginError> {
        let mut workers = match load_isolated(&open.place, 1, LIMIT) {
            Err(PluginError::Load { fault: LoadFault::NoPlugin, .. }) => return Ok(None),
            other => other?,
        };
        let lints = open.expert.manifest().dataset.lints.iter().map(|lint| (lint.code.clone(), lint.level)).collect();
        let settings = Settings { lints, options };
        Ok(workers.pop().map(|worker| Self { worker: Arc::new(worker), settings }))
    }

    /// What is said of the record that is to be asked.
    ///
    /// # Errors
    /// When the expert does not answer.
    pub fn prompt(&self, record: &Record) -> Result<Inspection, PluginError> {
        self.worker.inspect(record, None)
    }

    /// Lets the expert make itself ready for an answer, and returns at once.
    pub fn get_ready(self) -> Readying {
        let (send, ready) = mpsc::channel();
        let worker = Arc::clone(&self.worker);
        // Ends with its process at the latest, which ends with this one.
        std::thread::spawn(move || drop(send.send(worker.configure(&self.settings))));
        Readying { worker: self.worker, ready }
    }
}

impl Readying {
    /// What is said of the answer; `None` when that takes too long.
    ///
    /// # Errors
    /// When the expert cannot make itself ready, or does not answer.
    pub fn answer(self, record: &Record, completion: &str) -> Result<Option<Inspection>, PluginError> {
        let Self { worker, ready } = self;
        match ready.recv_timeout(PATIENCE) {
            Ok(ready) => ready?,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            // The thread sends before it ends.
            Err(RecvTimeoutError::Disconnected) => {}
        }
        worker.inspect(record, Some(completion)).map(Some)
    }
}
