//! Keys: the columns that tell a table's rows apart, and those that refer to another table's.

use sqlparser::ast::{Expr, ForeignKeyConstraint, IndexColumn};

use crate::syntax::last_part;

/// A primary key or a UNIQUE constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its columns as the clause writes them, without quotes.
    pub columns: Vec<String>,
    /// Whether it is a primary key.
    pub primary: bool,
    /// The clause that declares it.
    pub clause: KeyClause,
}

/// The clause that declares a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClause {
    /// The definition of its only column.
    Column,
    /// A constraint of CREATE TABLE.
    Table,
    /// ALTER TABLE … ADD.
    Alter,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its columns as the clause writes them, without quotes.
    pub columns: Vec<String>,
    /// The table that it refers to, in lower case.
    pub table: String,
    /// The columns that it refers to; empty for that table's primary key.
    pub referred: Vec<String>,
}

impl ForeignKey {
    /// Reads a constraint. `columns`: those of the clause, or the one in whose definition it stands.
    pub(super) fn read(columns: Vec<String>, key: &ForeignKeyConstraint) -> Self {
        let referred = key.referred_columns.iter().map(|c| c.value.clone()).collect();
        Self { columns, table: last_part(&key.foreign_table), referred }
    }
}

/// The name of an indexed column, as the clause writes it; the text of any other expression.
pub fn index_column(column: &IndexColumn) -> String {
    match &column.column.expr {
        Expr::Identifier(ident) => ident.value.clone(),
        other => other.to_string(),
    }
}
