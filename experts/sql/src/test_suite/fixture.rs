//! What the schema of a test suite needs so that statements can be run on it again and again: sequences reset, all
//! rows selected, rows in the opposite order.

use sqlparser::ast::{ColumnDef, ColumnOption, CreateTable, DataType, Insert, SetExpr, Statement, TableObject};

use crate::syntax::last_part;

/// Before a table's name: all its rows.
pub(super) const SELECT_ALL: &str = "SELECT * FROM ";

/// Columns that take the next number of a sequence.
fn numbered(create: &CreateTable) -> impl Iterator<Item = &ColumnDef> {
    create.columns.iter().filter(|column| {
        let serial = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name).ends_with("serial"));
        let identity = |option: &ColumnOption| matches!(option, ColumnOption::Generated { generation_expr: None, .. });
        serial || column.options.iter().any(|option| identity(&option.option))
    })
}

/// Statements that set every sequence to the number behind the highest in its column.
pub(super) fn reset_sequences(schema: &[Statement]) -> String {
    let creates = schema.iter().filter_map(|statement| match statement {
        Statement::CreateTable(create) => Some(create),
        _ => None,
    });
    let reset = |create: &CreateTable, column: &ColumnDef| {
        let (table, name) = (create.name.to_string(), column.name.value.replace('\'', "''"));
        format!(
            "SELECT setval(pg_get_serial_sequence('{}', '{name}'), COALESCE(MAX({}), 0) + 1, false) FROM {table};",
            table.replace('\'', "''"),
            column.name
        )
    };
    creates.flat_map(|create| numbered(create).map(move |column| reset(create, column))).collect()
}

/// Whether an INSERT of the schema leaves a numbered column to its sequence.
pub(super) fn rows_number_themselves(schema: &[Statement]) -> bool {
    let columns = |table: &str| {
        schema.iter().find_map(|statement| match statement {
            Statement::CreateTable(create) if last_part(&create.name) == table => {
                Some(numbered(create).map(|column| column.name.value.to_lowercase()).collect::<Vec<_>>())
            }
            _ => None,
        })
    };
    schema.iter().any(|statement| match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), columns: given, .. }) => {
            let given: Vec<String> = given.iter().map(last_part).collect();
            let own = columns(&last_part(name)).unwrap_or_default();
            !given.is_empty() && own.iter().any(|column| !given.contains(column))
        }
        _ => false,
    })
}

/// Queries for all rows of every table.
pub(super) fn select_all_tables(schema: &[Statement]) -> Vec<String> {
    schema
        .iter()
        .filter_map(|statement| match statement {
            Statement::CreateTable(create) => Some(format!("{SELECT_ALL}{}", create.name)),
            _ => None,
        })
        .collect()
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
