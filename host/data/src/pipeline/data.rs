//! Input of the pipeline: data that is read once, from the first record to the last.

use super::error::PipelineError;
use super::shards::SourceRead;
use crate::datasets::ReadRecord;

/// Data that can be prepared.
pub trait Data {
    /// SHA-256 digest of everything that determines the records and their order. Files that records
    /// refer to are not included: the pipeline checks them record by record.
    ///
    /// # Errors
    /// When it cannot be read.
    fn digest(&self) -> Result<String, PipelineError>;

    /// Its name in messages.
    fn name(&self) -> String;

    /// A stream of all records.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self) -> Result<Box<dyn Stream + '_>, PipelineError>;
}

/// Records as they are read.
pub trait Stream: Iterator<Item = Result<ReadRecord, PipelineError>> {
    /// The sources read so far, each with its mapping.
    fn sources(&self) -> Vec<SourceRead>;
}
