//! Progress of transfers.

use crate::RemoteFile;

/// Receives the progress of a transfer. The calls come in this order: [`started`](Self::started); for each
/// source [`source`](Self::source), and for each of its files [`file`](Self::file) and any number of
/// [`advanced`](Self::advanced); at last [`finished`](Self::finished), also after a failure. Files that need no
/// transfer are not reported.
pub trait TransferReporter {
    /// A transfer starts: its title for the user, and its size in bytes if that is known.
    fn started(&mut self, _title: &str, _bytes: Option<u64>) {}
    /// This source is tried.
    fn source(&mut self, _source: &str) {}
    /// The transfer of this file starts.
    fn file(&mut self, _file: &RemoteFile) {}
    /// This many bytes of the file have been transferred. The number falls when a server starts over.
    fn advanced(&mut self, _bytes: u64) {}
    /// Something of unknown length begins, such as a download by another program.
    fn waiting(&mut self, text: &str) {
        self.note(text);
    }
    /// Something worth a line: another attempt, a wait for another process.
    fn note(&mut self, _text: &str) {}
    /// The transfer is over.
    fn finished(&mut self) {}
}

/// A reporter that reports nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl TransferReporter for Silent {}
