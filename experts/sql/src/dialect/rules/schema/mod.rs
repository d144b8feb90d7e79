//! The statements of a schema: tables, their types and keys, and the rows that go into them.

mod column_values;
mod keys;
mod rows;
mod stored;
mod tables;

pub(in crate::dialect) use keys::order_tables;
pub(in crate::dialect) use rows::{fit_rows, without_blanks};
pub(in crate::dialect) use tables::{merge, rewrite};
