//! The pipeline of the data gate: the expert judges every record before anything trains on it, the
//! good ones are compared with each other, and a prepared set is written. Records and verdicts are
//! cached, so that a second run takes seconds and a killed one resumes. Prints nothing.
//!
//! In processing order:
//!
//! ```text
//! data     what comes in              reading  into shards, once       shards  the cache of records
//! judge    workers over shards        judged   a record's verdict      leak    prompts that show answers
//! passes   choose, then write         dedup    duplicates and leaks    report  what was found
//! set      the folder that comes out  tokens   its token ids           page    the report as a page
//! compare  two data sets side by side lacking  fields to give for a whole set
//! ```

mod compare;
mod data;
mod dedup;
mod error;
mod judge;
mod judged;
mod lacking;
mod leak;
mod page;
mod passes;
mod prepare;
mod reading;
mod report;
mod set;
mod shards;
mod tokens;

pub use compare::{Comparison, Line, Side, compare};
pub use data::{Data, Stream};
pub use dedup::{DedupOutcome, Deduplicator, Fields, LONG_COMPLETION};
pub use error::PipelineError;
pub use judge::{CRASHED, TOO_SLOW, Tally, judge, verdict};
pub use judged::Judged;
pub use leak::{differing_turn, rendered_without_completion, with_another_completion};
pub use passes::CONTROL_TEXT;
pub use prepare::{Outcome, Pipeline, PipelineReporter, Request, TokenLimits, data_cache};
pub use reading::CHUNK;
pub use report::{Collector, Counted, Distribution, Example, LintCount, Report, TokenReport};
pub use set::{Half, PreparedSet, SetWriter};
pub use shards::{ReadSummary, Shards, SourceRead};
pub use tokens::{ChatTokens, EncodeChat, SetTokens, Tokenisation};

fn hex(hash: sha2::Sha256) -> String {
    hive_files::hex(&sha2::Digest::finalize(hash))
}

#[cfg(test)]
mod tests;
