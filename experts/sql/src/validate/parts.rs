//! The texts of a record: which there are, and whether its SQL is one statement.

use hive_sdk::Record;
use sqlparser::ast::Statement;

use super::code;
use super::stop::Stop;
use crate::import;
use crate::lint;
use crate::syntax::statement::{self, NotOne};
use crate::syntax::{Dialect, lexer};

/// The texts of a record.
pub(super) struct Parts<'r> {
    pub question: &'r str,
    pub schema: &'r str,
    pub sql: &'r str,
}

impl<'r> Parts<'r> {
    /// The texts that every record must have.
    pub fn read(record: &'r Record) -> Result<Self, Stop> {
        let text = |field, code| record.text(field).ok_or_else(|| Stop::reject(code, missing(record, field)));
        Ok(Self {
            question: text("question", code::NO_QUESTION)?,
            // A database file has a schema of its own.
            schema: match record.text(import::DATABASE) {
                Some(_) => record.text("schema").unwrap_or_default(),
                None => text("schema", code::NO_SCHEMA)?,
            },
            sql: text("sql", code::NO_SQL)?,
        })
    }
}

/// A statement: its tree, or why the parser does not read it.
pub(super) enum StatementForm {
    Tree(Box<Statement>),
    Unparsed(String),
}

/// The one statement of a text.
pub(super) fn one_statement(sql: &str) -> Result<StatementForm, Stop> {
    let empty = || Stop::reject(code::NO_SQL, "`sql` holds no statement, expected one");
    let several = |n: usize| {
        let why = format!("`sql` holds several statements: got {n}, expected 1");
        Stop::reject(lint::code::SEVERAL_STATEMENTS, why)
    };
    match statement::parse_one(sql) {
        Ok(statement) => Ok(StatementForm::Tree(Box::new(statement))),
        Err(NotOne::Empty) => Err(empty()),
        Err(NotOne::Several(n)) => Err(several(n)),
        Err(NotOne::Syntax(why)) => match lexer::statements(sql, Dialect::Postgres).count() {
            0 => Err(empty()),
            1 => Ok(StatementForm::Unparsed(why)),
            n => Err(several(n)),
        },
    }
}

fn missing(record: &Record, field: &str) -> String {
    match record.0.get(field) {
        None => format!("got no field `{field}`, expected text"),
        Some(value) if value.is_string() => format!("`{field}` is blank, expected text"),
        Some(value) if value.is_null() => format!("`{field}` is null, expected text"),
        Some(_) => format!("`{field}` is not text, expected text"),
    }
}
