//! What generated rows must keep to: for each table of the catalog its columns with their limits, the keys whose values
//! must not repeat, and the foreign keys to follow.

use sqlparser::ast::Statement;

use super::limits::{Limits, apply_check};
use crate::catalog::{Catalog, Column, InsertedRows, Numbering, Relation, Table};

/// Values of the schema's own rows that are kept for each column.
const MAX_SAMPLES: usize = 40;

/// A column to generate values for.
#[derive(Debug, Clone)]
pub(super) struct ColumnPlan {
    pub declared: Column,
    /// Whether NULL is a value for it.
    pub nullable: bool,
    /// What its type and its CHECKs allow.
    pub limits: Limits,
    /// Literals of the schema's own rows, some of them.
    pub samples: Vec<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// Positions of its columns.
    pub columns: Vec<usize>,
    /// The table that it refers to, in lower case.
    pub table: String,
    /// The columns that it refers to; empty for the first key of that table.
    referred: Vec<String>,
}

/// A table to generate rows for.
#[derive(Debug, Clone)]
pub(super) struct TablePlan {
    pub declared: Table,
    pub columns: Vec<ColumnPlan>,
    /// Positions of the columns of each key, the primary key first.
    pub unique: Vec<Vec<usize>>,
    pub references: Vec<Reference>,
}

impl TablePlan {
    fn new(declared: Table) -> Self {
        let mut unique: Vec<Vec<usize>> = Vec::new();
        let mut not_null: Vec<usize> = Vec::new();
        for key in &declared.keys {
            let Some(columns) = declared.positions(&key.columns) else { continue };
            if key.primary {
                not_null.extend(&columns);
                unique.insert(0, columns);
            } else {
                unique.push(columns);
            }
        }
        let references = declared.foreign_keys.iter().filter_map(|key| {
            let columns = declared.positions(&key.columns)?;
            Some(Reference { columns, table: key.table.clone(), referred: key.referred.clone() })
        });
        let references = references.collect();
        let mut limits: Vec<Limits> = declared.columns.iter().map(Limits::of_column).collect();
        declared.checks.iter().for_each(|check| apply_check(&declared, &mut limits, check));
        let columns = declared.columns.iter().zip(limits).enumerate().map(|(i, (column, limits))| ColumnPlan {
            nullable: !column.not_null && column.numbering.is_none() && !not_null.contains(&i),
            declared: column.clone(),
            limits,
            samples: Vec::new(),
        });
        let columns = columns.collect();
        Self { declared, columns, unique, references }
    }

    /// Positions of the columns that a foreign key to this table refers to.
    pub fn referred(&self, reference: &Reference) -> Option<Vec<usize>> {
        if reference.referred.is_empty() {
            return self.unique.first().cloned();
        }
        self.declared.positions(&reference.referred)
    }

    /// Whether an INSERT must insist on the numbers that it gives.
    pub fn overrides_numbers(&self) -> bool {
        self.declared.columns.iter().any(|column| column.numbering == Some(Numbering::AlwaysIdentity))
    }

    /// Keeps values of an INSERT's rows.
    fn sample(&mut self, rows: &InsertedRows<'_>) {
        let Some(columns) = self.declared.positions(&rows.columns_in(&self.declared)) else { return };
        for (i, column) in columns.into_iter().enumerate() {
            let samples = &mut self.columns[column].samples;
            for value in rows.values(i) {
                let text = value.to_string();
                if samples.len() < MAX_SAMPLES && text != "NULL" && !samples.contains(&text) {
                    samples.push(text);
                }
            }
        }
    }
}

/// The tables of a schema, each behind those that it refers to. `statements`: the schema's, for its own rows.
pub(super) fn tables(catalog: &Catalog, statements: &[Statement]) -> Vec<TablePlan> {
    let declared = catalog.tables().iter().filter(|table| table.relation == Relation::Table);
    let mut tables: Vec<TablePlan> = declared.cloned().map(TablePlan::new).collect();
    for statement in statements {
        if let Statement::Insert(insert) = statement
            && let Some(rows) = InsertedRows::read(insert)
            && let Some(table) = tables.iter_mut().find(|t| t.declared.name == rows.table)
        {
            table.sample(&rows);
        }
    }
    in_order(tables)
}

/// Each table behind those that it refers to; tables that refer to each other stay as they are.
fn in_order(mut tables: Vec<TablePlan>) -> Vec<TablePlan> {
    let mut ordered: Vec<TablePlan> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &TablePlan| {
            table
                .references
                .iter()
                .any(|r| r.table != table.declared.name && tables.iter().any(|t| t.declared.name == r.table))
        };
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}
