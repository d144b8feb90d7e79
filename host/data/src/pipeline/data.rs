//! What comes into the pipeline: data that is read once, from the first record to the last.

use super::error::PipelineError;
use super::shards::SourceRead;
use crate::datasets::ReadRecord;

/// Data that can be prepared.
pub trait Data {
    /// sha256 over everything that decides which records come, and in which order. Files that records
    /// name do not count here: the pipeline looks at them record by record.
    ///
    /// # Errors
    /// When it cannot be read.
    fn digest(&self) -> Result<String, PipelineError>;

    /// What it is called in messages.
    fn name(&self) -> String;

    /// The records from the first on.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self) -> Result<Box<dyn Stream + '_>, PipelineError>;
}

/// Records as they are read.
pub trait Stream: Iterator<Item = Result<ReadRecord, PipelineError>> {
    /// What was read so far, each source with its mapping.
    fn sources(&self) -> Vec<SourceRead>;
}
