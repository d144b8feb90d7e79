//! The gate: every record is judged by the expert before anything trains on it, the good ones are
//! held against each other, and a prepared set comes out. Judging is kept in a cache, so that a
//! second run costs seconds and a killed one goes on. Prints nothing.
//!
//! ```text
//! judge   workers over chunks     shards   the cache of judged records   judged  one of them
//! seen   duplicates and leaks    set     the folder that comes out     report  what was found
//! page    the report as a page    compare two data sets side by side
//! lacking fields to give for a whole set
//! ```

mod compare;
mod dedup;
mod error;
mod judge;
mod judged;
mod lacking;
mod page;
mod prepare;
mod report;
mod set;
mod shards;

pub use compare::{Comparison, Line, Side, compare};
pub use dedup::{DedupOutcome, Deduplicator, Fields, LONG_COMPLETION};
pub use error::PipelineError;
pub use judge::{CHUNK, CRASHED, Incoming, TOO_SLOW, Tally, judge, verdict};
pub use judged::Judged;
pub use prepare::{
    CONTROL_TEXT, ChatTokens, CountTokens, Counter, Data, Outcome, Pipeline, PipelineReporter, Request, Stream,
    cache_folder,
};
pub use report::{Collector, Counted, Distribution, Example, LintCount, Report, TokenReport};
pub use set::{Half, PreparedSet, SetWriter};
pub use shards::{Done, Shards, SourceRead};

#[cfg(test)]
mod tests;
