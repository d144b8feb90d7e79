//! MySQL's and SQLite's grammar, as far as the parser does not read it: `reading` adds to its grammar, `spelling`
//! rewrites tokens before it sees them.

mod reading;
mod spelling;

pub(crate) use reading::{MySql, Sqlite};
pub(crate) use spelling::readable;

pub(in crate::dialect) use spelling::has_not_null;
