//! Which dialect a text is written in.
//!
//! ```text
//! functions     functions and types that only some databases have
//! marks         what marks a record as MySQL's or SQLite's    untranslated  the same of dialects that are not read
//! record        the verdict on a record                       foreign       what PostgreSQL lacks in one statement
//! ```

mod foreign;
mod functions;
mod marks;
mod record;
mod untranslated;

pub use foreign::{calls_foreign, foreign, foreign_text};

pub(in crate::dialect) use marks::{has_double_equals, is_postgres_schema};
pub(in crate::dialect) use record::dialect_of_record;
