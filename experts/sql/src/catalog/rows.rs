//! The rows that an INSERT of the schema gives.

use sqlparser::ast::{Expr, Insert, Parens, SetExpr, TableObject};

use super::Table;
use crate::syntax::last_part;

/// The rows of an INSERT into a table.
#[derive(Debug, Clone)]
pub struct InsertedRows<'s> {
    /// The table, in lower case.
    pub table: String,
    /// The columns that the statement names, in lower case; empty when it names none.
    pub columns: Vec<String>,
    /// The rows of VALUES; empty when they come from a query.
    rows: &'s [Parens<Vec<Expr>>],
}

impl<'s> InsertedRows<'s> {
    /// Reads a statement; `None` when it does not insert into a table by name.
    pub fn read(insert: &'s Insert) -> Option<Self> {
        let TableObject::TableName(name) = &insert.table else { return None };
        let rows = match insert.source.as_deref().map(|query| &*query.body) {
            Some(SetExpr::Values(values)) => &values.rows[..],
            _ => &[],
        };
        Some(Self { table: last_part(name), columns: insert.columns.iter().map(last_part).collect(), rows })
    }

    /// The columns that receive the values of each row: those named, or all of the table.
    pub fn columns_in(&self, table: &Table) -> Vec<String> {
        match &self.columns[..] {
            [] => table.columns.iter().map(|column| column.name.clone()).collect(),
            named => named.to_vec(),
        }
    }

    /// The values of column `index`, row by row.
    pub fn values(&self, index: usize) -> impl Iterator<Item = &'s Expr> {
        self.rows.iter().filter_map(move |row| row.content.get(index))
    }
}
