//! Rows against the types of their columns: SQLite keeps any value in any column and MySQL bends
//! many, PostgreSQL refuses. A value is written in the column's form where it has one; otherwise
//! the column takes a type that holds all its values. Only literal values are looked at.

use std::collections::BTreeMap;

use sqlparser::ast::{ColumnOption, DataType, Expr, Insert, SetExpr, Statement, TableConstraint, TableObject, Value};

use super::column_values::Column;
use crate::catalog::ValueKind;
use crate::catalog::index_column;
use crate::dialect::changes::Change;
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// Makes rows and column types fit. `sqlite`: dates are texts there, and compared and shown as such,
/// so a column of dates remains one only if its texts are those that PostgreSQL shows.
pub(in crate::dialect) fn fit_rows(statements: &mut [Statement], sqlite: bool, changes: &mut Vec<Change>) {
    if !statements.iter().any(|s| matches!(s, Statement::Insert(_))) {
        return;
    }
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for statement in statements.iter() {
        if let Statement::CreateTable(create) = statement {
            let mut columns: Vec<Column> = create.columns.iter().map(|column| Column::of(column, sqlite)).collect();
            for constraint in &create.constraints {
                if let TableConstraint::PrimaryKey(key) = constraint {
                    let parts: Vec<String> =
                        key.columns.iter().map(|column| index_column(column).to_lowercase()).collect();
                    columns.iter_mut().filter(|c| parts.contains(&c.name)).for_each(|c| c.not_null = true);
                }
            }
            tables.insert(last_part(&create.name), columns);
        }
    }
    for statement in statements.iter_mut() {
        if let Statement::Insert(insert) = statement {
            look(insert, &mut tables);
        }
    }
    for statement in statements.iter_mut() {
        match statement {
            Statement::CreateTable(create) => {
                let Some(columns) = tables.get(&last_part(&create.name)) else { continue };
                for (column, seen) in create.columns.iter_mut().zip(columns) {
                    if seen.numbered && seen.seen.highest > 0 {
                        count_on(column, seen.seen.highest);
                        let what = format!("column `{}` numbers its rows behind those that it has", column.name);
                        changes.push(Change { rule: "auto-increment", what });
                        continue;
                    }
                    if let Some(now) = seen.widened() {
                        let what = format!(
                            "column `{}` holds values that {} cannot, so it is {now}",
                            column.name, column.data_type
                        );
                        changes.push(Change { rule: "column-type", what });
                        column.data_type = now;
                        if ValueKind::of(&column.data_type) == ValueKind::Text {
                            column.options.retain(|o| !matches!(o.option, ColumnOption::Default(_)));
                        }
                    }
                }
            }
            Statement::Insert(insert) => write(insert, &tables, changes),
            _ => {}
        }
    }
}

/// Makes a column an identity that starts above the highest number in the rows: SERIAL would start at 1.
fn count_on(column: &mut sqlparser::ast::ColumnDef, highest: u64) {
    let large = matches!(&column.data_type, DataType::Custom(name, _) if last_part(name) == "bigserial");
    column.data_type = if large { DataType::BigInt(None) } else { DataType::Int(None) };
    let start = Expr::Value(Value::Number((highest + 1).to_string(), false).into());
    let identity = ColumnOption::Generated {
        generated_as: sqlparser::ast::GeneratedAs::ByDefault,
        sequence_options: Some(vec![sqlparser::ast::SequenceOptions::StartWith(start, true)]),
        generation_expr: None,
        generation_expr_mode: None,
        generated_keyword: true,
    };
    column.options.insert(0, sqlparser::ast::ColumnOptionDef { name: None, option: identity });
}

/// Drops blanks at the end of values for MySQL's CHAR, which returns none.
pub(in crate::dialect) fn without_blanks(statements: &mut [Statement], dialect: Dialect, changes: &mut Vec<Change>) {
    if dialect != Dialect::MySql {
        return;
    }
    let mut columns: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for statement in statements.iter() {
        if let Statement::CreateTable(create) = statement {
            let of = create.columns.iter().map(|column| {
                let fixed = matches!(column.data_type, DataType::Char(_) | DataType::Character(_));
                (column.name.value.to_lowercase(), fixed)
            });
            columns.insert(last_part(&create.name), of.collect());
        }
    }
    for statement in statements {
        let Statement::Insert(insert) = statement else { continue };
        let TableObject::TableName(name) = &insert.table else { continue };
        let Some(columns) = columns.get(&last_part(name)) else { continue };
        let fixed: Vec<bool> = match &insert.columns[..] {
            [] => columns.iter().map(|(_, fixed)| *fixed).collect(),
            given => given.iter().map(|name| columns.contains(&(last_part(name), true))).collect(),
        };
        let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|query| &mut *query.body) else {
            continue;
        };
        for row in &mut values.rows {
            for (value, _) in row.iter_mut().zip(&fixed).filter(|(_, fixed)| **fixed) {
                if let Expr::Value(value) = value
                    && let Value::SingleQuotedString(text) = &mut value.value
                    && text.ends_with(' ')
                {
                    *text = text.trim_end_matches(' ').to_owned();
                    let what = "blanks at the end of a CHAR's value go".to_owned();
                    let change = Change { rule: "row-value", what };
                    if !changes.contains(&change) {
                        changes.push(change);
                    }
                }
            }
        }
    }
}

/// The columns that an INSERT names, as positions in the table.
fn positions(insert: &Insert, columns: &[Column]) -> Option<Vec<usize>> {
    if insert.columns.is_empty() {
        return Some((0..columns.len()).collect());
    }
    insert.columns.iter().map(|name| columns.iter().position(|c| c.name == last_part(name))).collect()
}

fn look(insert: &mut Insert, tables: &mut BTreeMap<String, Vec<Column>>) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(columns) = tables.get_mut(&last_part(name)) else { return };
    let Some(positions) = positions(insert, columns) else { return };
    for (i, column) in columns.iter_mut().enumerate() {
        column.seen.absent |= !positions.contains(&i);
    }
    let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) else { return };
    for row in &values.rows {
        for (position, value) in positions.iter().zip(row.iter()) {
            columns[*position].look(value);
        }
    }
}

fn write(insert: &mut Insert, tables: &BTreeMap<String, Vec<Column>>, changes: &mut Vec<Change>) {
    let TableObject::TableName(name) = &insert.table else { return };
    let Some(columns) = tables.get(&last_part(name)) else { return };
    let Some(positions) = positions(insert, columns) else { return };
    let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|query| &mut *query.body) else { return };
    for row in &mut values.rows {
        for (position, value) in positions.iter().zip(row.iter_mut()) {
            let column = &columns[*position];
            if let Some(now) = column.form(value) {
                let what = format!("a value of column `{}` is written {now}", column.name);
                let change = Change { rule: "row-value", what };
                if !changes.contains(&change) {
                    changes.push(change);
                }
                *value = now;
            }
        }
    }
}
