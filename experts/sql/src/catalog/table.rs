//! A table or view as the statements of a schema declare it.

use std::collections::BTreeMap;

use sqlparser::ast::{
    AlterTableOperation, ColumnOption, CreateTable, CreateView, Expr, Ident, ObjectName, TableConstraint,
};

use super::outputs::output_names;
use super::{Column, ForeignKey, Key, KeyClause, index_column};
use crate::syntax::last_part;

/// A table or a view.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name as the schema writes it.
    pub written: ObjectName,
    /// Its name in lower case, without a schema's name before it.
    pub name: String,
    /// What kind of relation it is.
    pub relation: Relation,
    /// The columns that its CREATE TABLE defines.
    pub columns: Vec<Column>,
    /// The names of all its columns, in lower case; `None` when they cannot be known. A query or an ALTER TABLE may
    /// decide on more or others than those defined.
    pub column_names: Option<Vec<String>>,
    /// Its primary key and UNIQUE constraints, in the order in which they are declared.
    pub keys: Vec<Key>,
    /// Its foreign keys, in the order in which they are declared.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its CHECK constraints, in the order in which they are declared.
    pub checks: Vec<Expr>,
}

/// What kind of relation a [`Table`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// A table.
    Table,
    /// A view.
    View,
    /// Created by a statement that the parser does not read.
    Unparsed,
}

impl Table {
    pub(super) fn read(create: &CreateTable, enum_labels: &BTreeMap<String, Vec<String>>) -> Self {
        let columns: Vec<Column> = create.columns.iter().map(|column| Column::read(column, enum_labels)).collect();
        let column_names = match &create.query {
            Some(query) if columns.is_empty() => output_names(query),
            _ if create.inherits.is_some() || create.like.is_some() || create.clone.is_some() => None,
            _ => Some(columns.iter().map(|column| column.name.clone()).collect()),
        };
        let mut table = Self { columns, ..Self::new(create.name.clone(), Relation::Table, column_names) };
        for column in &create.columns {
            let columns = || vec![column.name.value.clone()];
            for option in &column.options {
                match &option.option {
                    ColumnOption::PrimaryKey(_) => table.add_key(columns(), true, KeyClause::Column),
                    ColumnOption::Unique(_) => table.add_key(columns(), false, KeyClause::Column),
                    ColumnOption::ForeignKey(key) => table.foreign_keys.push(ForeignKey::read(columns(), key)),
                    ColumnOption::Check(check) => table.checks.push((*check.expr).clone()),
                    _ => {}
                }
            }
        }
        for constraint in &create.constraints {
            table.constrain(constraint, KeyClause::Table);
        }
        table
    }

    pub(super) fn read_view(create: &CreateView) -> Self {
        let column_names = match &create.columns[..] {
            [] => output_names(&create.query),
            named => Some(named.iter().map(|c| c.name.value.to_lowercase()).collect()),
        };
        Self::new(create.name.clone(), Relation::View, column_names)
    }

    /// A table or view of which nothing but the name is known.
    pub(super) fn unparsed(name: String) -> Self {
        let written = ObjectName::from(vec![Ident::new(name.clone())]);
        Self { name, ..Self::new(written, Relation::Unparsed, None) }
    }

    fn new(written: ObjectName, relation: Relation, column_names: Option<Vec<String>>) -> Self {
        Self {
            name: last_part(&written),
            written,
            relation,
            columns: Vec::new(),
            column_names,
            keys: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Applies an ALTER TABLE: constraints are added, and after anything else the columns are unknown.
    pub(super) fn alter(&mut self, operations: &[AlterTableOperation]) {
        for operation in operations {
            match operation {
                AlterTableOperation::AddConstraint { constraint, .. } => self.constrain(constraint, KeyClause::Alter),
                // Columns may have been added, dropped or renamed.
                _ => self.column_names = None,
            }
        }
    }

    fn constrain(&mut self, constraint: &TableConstraint, clause: KeyClause) {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                self.add_key(key.columns.iter().map(index_column).collect(), true, clause);
            }
            TableConstraint::Unique(key) => {
                self.add_key(key.columns.iter().map(index_column).collect(), false, clause);
            }
            TableConstraint::ForeignKey(key) => {
                let columns = key.columns.iter().map(|c| c.value.clone()).collect();
                self.foreign_keys.push(ForeignKey::read(columns, key));
            }
            TableConstraint::Check(check) => self.checks.push((*check.expr).clone()),
            _ => {}
        }
    }

    fn add_key(&mut self, columns: Vec<String>, primary: bool, clause: KeyClause) {
        self.keys.push(Key { columns, primary, clause });
    }

    /// The columns of its primary key, in lower case; empty when it has none. Of several, which no database accepts,
    /// the last constraint counts, or the columns that say PRIMARY KEY together.
    pub fn primary_key(&self) -> Vec<String> {
        let primary = || self.keys.iter().filter(|key| key.primary);
        let constraint = primary().rfind(|key| key.clause != KeyClause::Column);
        let columns: Vec<&String> = match constraint {
            Some(key) => key.columns.iter().collect(),
            None => primary().flat_map(|key| &key.columns).collect(),
        };
        columns.into_iter().map(|column| column.to_lowercase()).collect()
    }

    /// Which of the columns defined goes by this name, in any case.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.ident.value.eq_ignore_ascii_case(column))
    }

    /// The same for several; `None` unless all are found.
    pub fn positions<'n>(&self, columns: impl IntoIterator<Item = &'n String>) -> Option<Vec<usize>> {
        columns.into_iter().map(|column| self.position(column)).collect()
    }
}
