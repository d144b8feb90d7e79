//! Data sets: read from files in any format, judged record by record, split and stored as prepared
//! sets.
//!
//! This crate knows no base models and trains nothing; the caller provides a tokenizer.
//!
//! - [`datasets`]: files and hub repositories, row by row, mapped to an expert's fields.
//! - [`sources`]: the records of one or several data sets, or the expert's synthetic records.
//! - [`pipeline`]: from a stream of records to a prepared set.

pub mod datasets;
pub mod pipeline;
pub mod sources;
