//! Parses a text in its own dialect: with the parser's grammar for it, and with the words that this grammar lacks
//! rewritten among the tokens.

use sqlparser::ast::Statement;
use sqlparser::dialect::{MySqlDialect, SQLiteDialect};

use super::reading::{MySql, Sqlite};
use super::spelling::readable;
use crate::syntax::{Dialect, statement};

/// Parses all statements of `text` in this dialect.
///
/// # Errors
/// Why it does not parse, as a sentence without its full stop.
pub(crate) fn parse_as(text: &str, dialect: Dialect) -> Result<Vec<Statement>, String> {
    match dialect {
        Dialect::Postgres => statement::parse_all(text),
        Dialect::MySql => statement::parse_with(text, &MySql(MySqlDialect {}), |tokens| readable(tokens, dialect)),
        Dialect::Sqlite => statement::parse_with(text, &Sqlite(SQLiteDialect {}), |tokens| readable(tokens, dialect)),
    }
}
