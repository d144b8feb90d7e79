//! MySQL's and SQLite's grammar, as far as the parser does not read it: `reading` adds to its grammar, `spelling`
//! rewrites tokens before it sees them, and `parse` parses a text with both.

mod parse;
mod reading;
mod spelling;

pub(crate) use parse::parse_as;

pub(in crate::dialect) use spelling::has_not_null;
