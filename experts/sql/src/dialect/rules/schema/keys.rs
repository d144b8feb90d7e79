//! Foreign keys and the order of tables. SQLite takes a foreign key as a remark and MySQL may put
//! off its check; PostgreSQL wants the other table to stand there, its columns to be a key, and
//! every row to have its match. Tables are put in order; a key that cannot hold goes.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnOption, CreateTable, Expr, ForeignKeyConstraint, Insert, ObjectName,
    SetExpr, Statement, TableConstraint, TableObject,
};

use crate::dialect::changes::Change;
use crate::dialect::names::Names;
use crate::syntax::last_part;

/// Drops the foreign keys that cannot hold and puts the statements into an order in which
/// PostgreSQL takes them.
pub(in crate::dialect) fn order_tables(statements: &mut Vec<Statement>, changes: &mut Vec<Change>) {
    if !statements.iter().any(|s| matches!(s, Statement::CreateTable(create) if has_keys(create))) {
        return;
    }
    let names = Names::of(statements);
    let rows = Rows::of(statements, &names);
    for statement in statements.iter_mut() {
        if let Statement::CreateTable(create) = statement {
            drop_impossible(create, &names, &rows, changes);
        }
    }
    arrange(statements, changes);
}

fn has_keys(create: &CreateTable) -> bool {
    create.constraints.iter().any(|c| matches!(c, TableConstraint::ForeignKey(_)))
        || create.columns.iter().flat_map(|c| &c.options).any(|o| matches!(o.option, ColumnOption::ForeignKey(_)))
}

fn drop_impossible(create: &mut CreateTable, names: &Names, rows: &Rows, changes: &mut Vec<Change>) {
    let table = last_part(&create.name);
    let mut refuse = |columns: &[String], key: &ForeignKeyConstraint| match fault(&table, columns, key, names, rows) {
        None => true,
        Some(why) => {
            let what = format!("the foreign key from `{table}` to `{}` goes: {why}", last_part(&key.foreign_table));
            changes.push(Change { rule: "foreign-key", what });
            false
        }
    };
    create.constraints.retain_mut(|constraint| match constraint {
        TableConstraint::ForeignKey(key) => {
            // MySQL's name of the index beside it.
            key.index_name = None;
            let columns: Vec<String> = key.columns.iter().map(|c| c.value.to_lowercase()).collect();
            refuse(&columns, key)
        }
        _ => true,
    });
    for column in &mut create.columns {
        let name = [column.name.value.to_lowercase()];
        column.options.retain(|option| match &option.option {
            ColumnOption::ForeignKey(key) => refuse(&name, key),
            _ => true,
        });
    }
}

/// Why a foreign key cannot hold.
fn fault(table: &str, columns: &[String], key: &ForeignKeyConstraint, names: &Names, rows: &Rows) -> Option<String> {
    let other = last_part(&key.foreign_table);
    if !names.has_table(&other) {
        return Some("there is no such table".to_owned());
    }
    let referred: Vec<String> = if key.referred_columns.is_empty() {
        names.keys_of(&other).first().cloned().unwrap_or_default()
    } else {
        key.referred_columns.iter().map(|c| c.value.to_lowercase()).collect()
    };
    let distinct: BTreeSet<&String> = referred.iter().collect();
    if !names.keys_of(&other).iter().any(|known| known.iter().collect::<BTreeSet<_>>() == distinct) {
        return Some("its columns are no key".to_owned());
    }
    if referred.len() != columns.len() {
        return Some(format!("it has {} columns and the key {}", columns.len(), referred.len()));
    }
    for (column, referred) in columns.iter().zip(&referred) {
        let (Some(here), Some(there)) = (names.column_in(table, column), names.column_in(&other, referred)) else {
            return Some("a column of it is not there".to_owned());
        };
        if here.kind != there.kind && !(here.kind.is_number() && there.kind.is_number()) {
            return Some(format!("`{column}` and `{referred}` have different types"));
        }
    }
    rows.without_match((table, columns), (&other, &referred)).then(|| "a row has no match".to_owned())
}

/// Literal rows of each table, as texts by column.
struct Rows {
    /// `None` for a table that has rows which cannot be read.
    tables: BTreeMap<String, Option<Vec<BTreeMap<String, String>>>>,
}

impl Rows {
    fn of(statements: &[Statement], names: &Names) -> Self {
        let mut tables: BTreeMap<String, Option<Vec<_>>> = BTreeMap::new();
        for statement in statements {
            let Statement::Insert(insert) = statement else { continue };
            let TableObject::TableName(name) = &insert.table else { continue };
            let table = last_part(name);
            let entry = tables.entry(table.clone()).or_insert_with(|| Some(Vec::new()));
            match (literal_rows(insert, &table, names), entry.as_mut()) {
                (Some(rows), Some(all)) => all.extend(rows),
                _ => *entry = None,
            }
        }
        Self { tables }
    }

    /// Whether a row of the first table surely has no row in the second.
    fn without_match(&self, (table, columns): (&str, &[String]), (other, referred): (&str, &[String])) -> bool {
        let Some(Some(rows)) = self.tables.get(table) else { return false };
        let empty = Vec::new();
        let others = match self.tables.get(other) {
            Some(Some(others)) => others,
            Some(None) => return false,
            None => &empty,
        };
        let tuple = |row: &BTreeMap<String, String>, columns: &[String]| -> Option<Vec<String>> {
            columns.iter().map(|column| row.get(column).cloned()).collect()
        };
        let known: BTreeSet<Vec<String>> = others.iter().filter_map(|row| tuple(row, referred)).collect();
        rows.iter().filter_map(|row| tuple(row, columns)).any(|row| !known.contains(&row))
    }
}

/// The rows of an INSERT without its NULLs; `None` when a value is no literal.
fn literal_rows(insert: &Insert, table: &str, names: &Names) -> Option<Vec<BTreeMap<String, String>>> {
    let columns: Vec<String> = if insert.columns.is_empty() {
        names.columns_of(table).map(|column| column.ident.value.to_lowercase()).collect()
    } else {
        insert.columns.iter().map(last_part).collect()
    };
    let SetExpr::Values(values) = &*insert.source.as_deref()?.body else { return None };
    // A column that numbers its rows counts from 1.
    let numbered = names.keys_of(table).first().filter(|key| key.len() == 1).map(|key| key[0].clone());
    let mut rows = Vec::new();
    for row in &values.rows {
        let mut found = BTreeMap::new();
        for (column, value) in columns.iter().zip(row.iter()) {
            match value {
                Expr::Value(value) => match &value.value {
                    sqlparser::ast::Value::Null => {}
                    sqlparser::ast::Value::SingleQuotedString(text)
                    | sqlparser::ast::Value::DoubleQuotedString(text) => {
                        found.insert(column.clone(), text.clone());
                    }
                    other => {
                        found.insert(column.clone(), other.to_string());
                    }
                },
                _ => return None,
            }
        }
        if numbered.as_ref().is_some_and(|key| !found.contains_key(key)) {
            return None;
        }
        rows.push(found);
    }
    Some(rows)
}

/// Tables before those that refer to them, rows after all tables and in the same order. What refers
/// in a circle is added at the end.
fn arrange(statements: &mut Vec<Statement>, changes: &mut Vec<Change>) {
    let position = |statements: &[Statement]| -> BTreeMap<String, usize> {
        let tables = statements.iter().enumerate().filter_map(|(i, s)| match s {
            Statement::CreateTable(create) => Some((last_part(&create.name), i)),
            _ => None,
        });
        tables.collect()
    };
    let places = position(statements);
    let refers = |create: &CreateTable| -> Vec<String> {
        let mut to: Vec<String> = Vec::new();
        for constraint in &create.constraints {
            if let TableConstraint::ForeignKey(key) = constraint {
                to.push(last_part(&key.foreign_table));
            }
        }
        for option in create.columns.iter().flat_map(|c| &c.options) {
            if let ColumnOption::ForeignKey(key) = &option.option {
                to.push(last_part(&key.foreign_table));
            }
        }
        to.retain(|other| *other != last_part(&create.name));
        to
    };
    let forward = statements.iter().enumerate().any(|(i, s)| match s {
        Statement::CreateTable(create) => {
            refers(create).iter().any(|other| places.get(other).is_some_and(|at| *at > i))
        }
        _ => false,
    });
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for statement in statements.iter() {
        if let Statement::CreateTable(create) = statement {
            tables.push((last_part(&create.name), refers(create)));
        }
    }
    let order = sorted(&tables);
    let rank = |table: &str| order.iter().position(|t| t == table).unwrap_or(usize::MAX);
    let mut seen_rows: BTreeSet<String> = BTreeSet::new();
    let mut rows_early = false;
    for statement in statements.iter() {
        let Statement::Insert(insert) = statement else { continue };
        let TableObject::TableName(name) = &insert.table else { continue };
        let table = last_part(name);
        // A row of a table that rows seen before refer to comes too late.
        rows_early |= tables.iter().any(|(child, to)| seen_rows.contains(child) && to.contains(&table));
        seen_rows.insert(table);
    }
    if !forward && !rows_early {
        return;
    }
    changes
        .push(Change { rule: "table-order", what: "tables and rows stand before those that refer to them".to_owned() });
    let mut added = Vec::new();
    for statement in statements.iter_mut() {
        if let Statement::CreateTable(create) = statement {
            let own = rank(&last_part(&create.name));
            put_off(create, |other| rank(other) > own, &mut added);
        }
    }
    let class = |statement: &Statement| match statement {
        Statement::CreateTable(create) => (0, rank(&last_part(&create.name))),
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => (2, rank(&last_part(name))),
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => (3, 0),
        _ => (1, 0),
    };
    statements.sort_by_key(class);
    statements.extend(added);
}

/// The tables, each behind those that it refers to as far as that goes, and otherwise as they came.
fn sorted(tables: &[(String, Vec<String>)]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    while order.len() < tables.len() {
        let left = || tables.iter().filter(|(table, _)| !order.contains(table));
        let free = left()
            .find(|(_, to)| to.iter().all(|other| order.contains(other) || !tables.iter().any(|t| t.0 == *other)));
        let Some((next, _)) = free.or_else(|| left().next()) else { break };
        let next = next.clone();
        order.push(next);
    }
    order
}

/// Takes the foreign keys to tables that come later out of the definition.
fn put_off(create: &mut CreateTable, later: impl Fn(&str) -> bool, added: &mut Vec<Statement>) {
    let name = create.name.clone();
    let mut keys = Vec::new();
    create.constraints.retain(|constraint| match constraint {
        TableConstraint::ForeignKey(key) if later(&last_part(&key.foreign_table)) => {
            keys.push(key.clone());
            false
        }
        _ => true,
    });
    for column in &mut create.columns {
        let here = column.name.clone();
        column.options.retain(|option| match &option.option {
            ColumnOption::ForeignKey(key) if later(&last_part(&key.foreign_table)) => {
                keys.push(ForeignKeyConstraint { columns: vec![here.clone()], ..key.clone() });
                false
            }
            _ => true,
        });
    }
    added.extend(keys.into_iter().map(|key| add_key(name.clone(), key)));
}

fn add_key(name: ObjectName, key: ForeignKeyConstraint) -> Statement {
    let constraint = TableConstraint::ForeignKey(key);
    Statement::AlterTable(AlterTable {
        name,
        if_exists: false,
        only: false,
        operations: vec![AlterTableOperation::AddConstraint { constraint, not_valid: false }],
        location: None,
        on_cluster: None,
        table_type: None,
        end_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
    })
}
