//! Calls about dates: parts, differences, sums and formats, MySQL's and SQLite's.

mod formats;
mod intervals;
mod moment;
mod rewrite;

pub(in crate::dialect) use rewrite::{expr, plus_interval};
