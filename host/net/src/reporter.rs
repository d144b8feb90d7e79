//! Who hears how far a transfer is.

use crate::RemoteFile;

/// Hears how files are fetched or sent. The calls of a transfer come in this order:
/// [`started`](Self::started), then per source [`source`](Self::source), then per file
/// [`file`](Self::file) and any number of [`advanced`](Self::advanced); at last
/// [`finished`](Self::finished), also after a failure. Files that are already here are not mentioned.
pub trait TransferReporter {
    /// A transfer begins: a line for the user, and how many bytes come, when that is known.
    fn started(&mut self, _what: &str, _bytes: Option<u64>) {}
    /// This source is tried now.
    fn source(&mut self, _source: &str) {}
    /// This file is fetched now.
    fn file(&mut self, _file: &RemoteFile) {}
    /// So many bytes of the file are here; may fall when a server starts over.
    fn advanced(&mut self, _bytes: u64) {}
    /// Something worth a line: another attempt, a wait for another process.
    fn note(&mut self, _text: &str) {}
    /// The transfer is over.
    fn finished(&mut self) {}
}

/// A reporter that says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl TransferReporter for Silent {}
