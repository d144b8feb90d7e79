//! Before a run's steps: downloads, the prepared data, and its records turned into tokens.

use hive_data::pipeline::{PipelineReporter, PreparedSet};
use hive_net::{RemoteFile, TransferReporter};
use hive_train::setup::SetupReporter;

use super::TrainProgress;
use crate::data_progress::summary;

impl SetupReporter for TrainProgress {
    fn pipeline(&self) -> &dyn PipelineReporter {
        &self.preparing
    }

    fn data(&mut self, set: &PreparedSet, found: bool) {
        self.preparing.close();
        if self.repeats {
            summary(set, found, self.screen).iter().for_each(|(name, text)| self.row(name, text));
        }
    }

    fn tokenising(&mut self, done: usize, total: usize) {
        if self.bar.is_none() {
            self.open_counted(total as u64, "turning records into tokens: {pos}/{len}");
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
        if done == total {
            self.close();
        }
    }
}

impl TransferReporter for TrainProgress {
    fn started(&mut self, what: &str, bytes: Option<u64>) {
        self.pull.started(what, bytes);
    }
    fn source(&mut self, source: &str) {
        self.pull.source(source);
    }
    fn file(&mut self, file: &RemoteFile) {
        self.pull.file(file);
    }
    fn advanced(&mut self, bytes: u64) {
        self.pull.advanced(bytes);
    }
    fn waiting(&mut self, text: &str) {
        self.pull.waiting(text);
    }
    fn note(&mut self, text: &str) {
        self.pull.note(text);
    }
    fn finished(&mut self) {
        self.pull.finished();
    }
}
