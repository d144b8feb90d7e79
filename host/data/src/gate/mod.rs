//! The gate: every record is judged by the expert before anything trains on it, the good ones are
//! held against each other, and a prepared set comes out. Judging is kept in a cache, so that a
//! second run costs seconds and a killed one goes on. Prints nothing.
//!
//! ```text
//! judge   workers over chunks     parts   the cache of judged records   judged  one of them
//! alike   duplicates and leaks    set     the folder that comes out     report  what was found
//! page    the report as a page    compare two data sets side by side
//! lacking fields to give for a whole set
//! ```

mod alike;
mod compare;
mod error;
mod judge;
mod judged;
mod lacking;
mod page;
mod parts;
mod prepare;
mod report;
mod set;

pub use alike::{Alike, Fate, Fields, LONG_COMPLETION};
pub use compare::{Comparison, Line, Side, compare};
pub use error::GateError;
pub use judge::{CHUNK, CRASHED, Incoming, TOO_SLOW, Tally, judge, verdict};
pub use judged::Judged;
pub use parts::{Done, Parts, SourceRead};
pub use prepare::{
    CONTROL_TEXT, ChatTokens, CountTokens, Counter, Data, Gate, GateReporter, Outcome, Request, Stream, cache_folder,
};
pub use report::{Collector, Counted, Distribution, Example, LintCount, Report, TokenReport};
pub use set::{Half, PreparedSet, SetWriter};

#[cfg(test)]
mod tests;
