//! Calls about dates: parts, differences, sums and formats, MySQL's and SQLite's.

mod arithmetic;
mod formats;
mod formatted;
mod intervals;
mod modifiers;
mod moment;
mod parts;
mod points;
mod rewrite;
mod weeks;

pub(in crate::dialect) use rewrite::{expr, plus_interval};
