//! Comparisons without regard to case: all of MySQL's, unless a collation or BINARY says otherwise, and those of
//! SQLite's columns and expressions with COLLATE NOCASE. PostgreSQL regards case.
//!
//! Both sides go through LOWER where that decides the answer: always where NOCASE is written, and in MySQL's SQL
//! where the record's own rows show two texts that differ in case alone. Elsewhere LOWER would stand in half of all
//! statements and change nothing: there the record carries a note. It does not know accents, which most of MySQL's
//! collations ignore as well.

mod comparisons;
mod grouping;
mod joins;
mod keys;
mod ordering;

pub(in crate::dialect) use comparisons::expr;
pub(in crate::dialect) use grouping::select;
pub(in crate::dialect) use joins::shared_columns;
pub(in crate::dialect) use ordering::{binary_order, query};
