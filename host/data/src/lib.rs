//! Data sets: read from files of every form, judged record by record, split and kept as prepared sets.
//!
//! This crate knows no base model and trains nothing; tokens are counted by who asks.
//!
//! - [`datasets`]: files and repositories of the hub, row by row, mapped to an expert's fields.
//! - [`sources`]: the records of one or several data sets, or of the expert's own making.
//! - [`pipeline`]: from a stream of records to a prepared set.

pub mod datasets;
pub mod pipeline;
pub mod sources;
