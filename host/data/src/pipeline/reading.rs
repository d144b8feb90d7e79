//! Reads data into shards, once, from the first record to the last: read errors are found before
//! any record is judged.

use std::sync::atomic::{AtomicBool, Ordering};

use hive_sdk::manifest::DatasetSpec;

use super::data::Data;
use super::error::PipelineError;
use super::prepare::PipelineReporter;
use super::shards::{ReadSummary, Shards};
use crate::datasets::{FileStamps, ReadRecord, add_stamps};

/// Records per shard: little is lost when a run is killed, without filling the disk with small
/// files.
pub const CHUNK: usize = 256;

/// Number of shards between progress reports.
const TELL_EVERY: usize = 4;

/// Reads everything. `None` when `stop` was set before the end.
///
/// # Errors
/// When the data cannot be read, or a shard cannot be written.
pub fn read(
    data: &dyn Data,
    spec: &DatasetSpec,
    shards: &Shards,
    stop: &AtomicBool,
    reporter: &dyn PipelineReporter,
) -> Result<Option<ReadSummary>, PipelineError> {
    let mut stream = data.open()?;
    let mut summary = ReadSummary { shards: 0, records: 0, sources: Vec::new(), files: FileStamps::new() };
    loop {
        let chunk = stream.by_ref().take(CHUNK).collect::<Result<Vec<ReadRecord>, _>>()?;
        if chunk.is_empty() {
            break;
        }
        for record in chunk.iter().filter_map(|read| read.record.as_ref().ok()) {
            add_stamps(spec, record, &mut summary.files);
        }
        shards.write_read(summary.shards, &chunk)?;
        summary.shards += 1;
        summary.records += chunk.len();
        if summary.shards.is_multiple_of(TELL_EVERY) {
            reporter.reading(summary.records);
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
    }
    summary.sources = stream.sources();
    shards.finish_reading(&summary)?;
    Ok(Some(summary))
}
