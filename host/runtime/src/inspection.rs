//! Has the expert inspect a prompt before the model runs, and the model's answer. The expert runs
//! in a separate process that initializes itself while the model generates: an expert may start a
//! server for that. Findings are only reported here.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use hive_plugins::{LoadFault, LoadedExpert, PluginError, load_isolated};
use hive_sdk::{Inspection, Record, Settings};
use serde_json::{Map, Value};

use crate::opened::OpenExpert;

/// Time limit for one call.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a user waits for the inspection of an answer, counted from its completion.
const PATIENCE: Duration = Duration::from_secs(20);

/// An expert that inspects.
#[derive(Debug)]
pub struct Inspector {
    worker: Arc<LoadedExpert>,
    settings: Settings,
}

/// An inspector that is initializing.
#[derive(Debug)]
pub struct Readying {
    worker: Arc<LoadedExpert>,
    ready: Receiver<Result<(), PluginError>>,
}

impl Inspector {
    /// Starts the expert's process with these options; `None` when the expert has no native code.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(open: &OpenExpert, options: Map<String, Value>) -> Result<Option<Self>, PluginError> {
        let mut workers = match load_isolated(&open.place, 1, LIMIT) {
            Err(PluginError::Load { fault: LoadFault::NoPlugin, .. }) => return Ok(None),
            other => other?,
        };
        let lints = open.expert.manifest().lints().into_iter().map(|lint| (lint.code, lint.level)).collect();
        let settings = Settings { lints, options };
        Ok(workers.pop().map(|worker| Self { worker: Arc::new(worker), settings }))
    }

    /// Inspects the record before the model runs.
    ///
    /// # Errors
    /// When the expert does not reply.
    pub fn prompt(&self, record: &Record) -> Result<Inspection, PluginError> {
        self.worker.inspect(record, None)
    }

    /// Starts initialization for inspecting an answer, and returns immediately.
    pub fn get_ready(self) -> Readying {
        let (send, ready) = mpsc::channel();
        let worker = Arc::clone(&self.worker);
        // Ends at the latest with the expert's process, which ends with this one.
        std::thread::spawn(move || drop(send.send(worker.configure(&self.settings))));
        Readying { worker: self.worker, ready }
    }
}

impl Readying {
    /// Inspects the answer; `None` on a timeout.
    ///
    /// # Errors
    /// When the expert cannot initialize, or does not reply.
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
