//! What the schema of a test suite needs so that statements can be run on it again and again: sequences reset, all
//! rows selected, rows in the opposite order.

use sqlparser::ast::{Insert, SetExpr, Statement, TableObject};

use crate::catalog::{Catalog, Column, InsertedRows, Relation, Table};
use crate::syntax::last_part;

/// Before a table's name: all its rows.
pub(super) const SELECT_ALL: &str = "SELECT * FROM ";

/// Statements that set every sequence to the number behind the highest in its column.
pub(super) fn reset_sequences(catalog: &Catalog) -> String {
    let reset = |table: &Table, column: &Column| {
        let (table, column, name) = (&table.written, &column.ident, column.ident.value.replace('\'', "''"));
        format!(
            "SELECT setval(pg_get_serial_sequence('{}', '{name}'), COALESCE(MAX({column}), 0) + 1, false) FROM {table};",
            table.to_string().replace('\'', "''"),
        )
    };
    tables(catalog).flat_map(|table| numbered(table).map(move |column| reset(table, column))).collect()
}

/// Whether an INSERT of the schema leaves a numbered column to its sequence.
pub(super) fn rows_number_themselves(catalog: &Catalog, schema: &[Statement]) -> bool {
    schema.iter().any(|statement| {
        let Statement::Insert(insert) = statement else { return false };
        let Some(rows) = InsertedRows::read(insert) else { return false };
        let omits = |table: &Table| numbered(table).any(|column| !rows.columns.contains(&column.name));
        !rows.columns.is_empty() && tables(catalog).find(|table| table.name == rows.table).is_some_and(omits)
    })
}

/// Queries for all rows of every table.
pub(super) fn select_all_tables(catalog: &Catalog) -> Vec<String> {
    tables(catalog).map(|table| format!("{SELECT_ALL}{}", table.written)).collect()
}

fn tables(catalog: &Catalog) -> impl Iterator<Item = &Table> {
    catalog.tables().iter().filter(|table| table.relation == Relation::Table)
}

/// Columns that take the next number of a sequence.
fn numbered(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|column| column.numbering.is_some())
}

/// The statements as text.
pub(super) fn printed(statements: &[Statement]) -> String {
    statements.iter().map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
}

/// The schema with the rows of each table in the opposite order.
pub(super) fn with_rows_reversed(schema: &[Statement]) -> Vec<Statement> {
    let target = |statement: &Statement| match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => Some(last_part(name)),
        _ => None,
    };
    let mut reversed = schema.to_vec();
    let mut names: Vec<String> = schema.iter().filter_map(target).collect();
    names.sort();
    names.dedup();
    for name in names {
        let places: Vec<usize> = (0..schema.len()).filter(|i| target(&schema[*i]).as_ref() == Some(&name)).collect();
        for (from, to) in places.iter().zip(places.iter().rev()) {
            reversed[*to] = schema[*from].clone();
            if let Statement::Insert(insert) = &mut reversed[*to]
                && let Some(source) = &mut insert.source
                && let SetExpr::Values(values) = &mut *source.body
            {
                values.rows.reverse();
            }
        }
    }
    reversed
}
