//! What a schema declares: its tables, their columns and keys, and the values that its own rows show. MySQL
//! and SQLite compare names without regard to case, so every lookup is by the name in lower case.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{DataType, Expr, Ident, Statement, UnaryOperator, Value};

use super::origin::Origin;
use crate::catalog::{Catalog, InsertedRows, Key, KeyClause, Relation, Table, ValueKind};
use crate::dialect::syntax::{last_ident, literal};
use crate::syntax::last_part;

/// A declared column.
#[derive(Debug, Clone)]
pub(in crate::dialect) struct DeclaredColumn {
    pub ident: Ident,
    pub kind: ValueKind,
    pub not_null: bool,
    /// Some of the texts and dates in the schema's own rows.
    pub texts: BTreeSet<String>,
    /// Some of the numbers there.
    pub numbers: BTreeSet<String>,
    /// The type with which the other database declares it.
    pub declared: Option<DataType>,
    /// The other database compares its texts without regard to case.
    pub passes_over_case: bool,
    /// The members of the ENUM that it is in MySQL, in their order.
    pub members: Vec<String>,
    /// It is a SET in MySQL.
    pub set: bool,
    /// It holds bytes.
    pub bytes: bool,
    /// The schema's own rows have a negative number there.
    pub negative: bool,
}

impl DeclaredColumn {
    /// Records the value of a row.
    fn keep(&mut self, value: &Expr) {
        let (sign, value) = match value {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => ("-", &**expr),
            other => ("", other),
        };
        let Expr::Value(value) = value else { return };
        match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) if self.texts.len() < TEXTS => {
                self.texts.insert(text.clone());
            }
            Value::Number(number, _) if self.numbers.len() < TEXTS => {
                self.numbers.insert(format!("{sign}{number}"));
            }
            Value::Boolean(truth) if self.numbers.len() < TEXTS => {
                self.numbers.insert(u8::from(*truth).to_string());
            }
            _ => {}
        }
    }

    /// Whether the schema's own rows have a value for it.
    pub fn is_shown(&self) -> bool {
        !self.texts.is_empty() || !self.numbers.is_empty()
    }
}

/// Most values of one column that are recorded.
const TEXTS: usize = 500;

/// All that a schema declares.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Names {
    tables: BTreeMap<String, Ident>,
    /// Every column by its name in lower case; several tables may have one of that name.
    columns: BTreeMap<String, Vec<(String, DeclaredColumn)>>,
    /// Names of the columns of each table, in their order.
    order: BTreeMap<String, Vec<String>>,
    /// The keys of each table: the primary key first, then what is unique.
    keys: BTreeMap<String, Vec<Vec<String>>>,
    /// Tables whose first key is a primary key.
    primary: BTreeSet<String>,
    /// The schema was MySQL's.
    pub mysql: bool,
    /// Of each table of SQLite's, the column that is its ROWID.
    rowids: BTreeMap<String, String>,
}

impl Names {
    /// The names of a schema that is PostgreSQL's already.
    pub fn of(statements: &[Statement]) -> Self {
        let mut names = Self::default();
        for table in Catalog::read(statements).tables() {
            names.table(table);
        }
        for statement in statements {
            if let Statement::Insert(insert) = statement
                && let Some(rows) = InsertedRows::read(insert)
            {
                names.rows(&rows);
            }
        }
        names
    }

    /// Adds what PostgreSQL's types do not say of the columns.
    pub fn learn(&mut self, origin: &Origin) {
        self.rowids = origin.rowids().clone();
        self.mysql = origin.is_mysql();
        for (name, columns) in &mut self.columns {
            for (table, column) in columns {
                column.passes_over_case = origin.passes_over_case(table, name);
                column.members = origin.members(table, name).to_vec();
                column.set = origin.is_set(table, name);
                column.declared = origin.declared(table, name).cloned();
            }
        }
    }

    /// Records the values of an INSERT's rows.
    fn rows(&mut self, rows: &InsertedRows<'_>) {
        let columns = match &rows.columns[..] {
            [] => self.order.get(&rows.table).cloned().unwrap_or_default(),
            named => named.to_vec(),
        };
        for (i, column) in columns.iter().enumerate() {
            let Some(all) = self.columns.get_mut(column) else { continue };
            let Some((_, column)) = all.iter_mut().find(|(table, _)| *table == rows.table) else { continue };
            if column.kind.is_number() {
                column.negative |= rows.values(i).any(is_negative);
            }
            rows.values(i).for_each(|value| column.keep(value));
        }
    }

    /// Adds a table of the catalog. Keys that ALTER TABLE adds are not counted.
    fn table(&mut self, table: &Table) {
        let Some(ident) = last_ident(&table.written) else { return };
        self.tables.insert(table.name.clone(), ident.clone());
        if table.relation != Relation::Table {
            return;
        }
        let keys = || table.keys.iter().filter(|key| key.clause != KeyClause::Alter);
        let lower = |key: &Key| key.columns.iter().map(|column| column.to_lowercase()).collect::<Vec<_>>();
        let in_column = |key: &&Key| key.clause == KeyClause::Column;
        let primary = keys().filter(|key| key.primary).max_by_key(in_column).map(lower);
        let (of_columns, of_table): (Vec<&Key>, Vec<&Key>) = keys().filter(|key| !key.primary).partition(in_column);
        for declared in &table.columns {
            let in_key = primary.as_ref().is_some_and(|key| key.contains(&declared.name));
            let column = DeclaredColumn {
                ident: declared.ident.clone(),
                kind: declared.kind,
                not_null: in_key || declared.not_null,
                texts: BTreeSet::new(),
                numbers: BTreeSet::new(),
                declared: None,
                passes_over_case: false,
                members: Vec::new(),
                set: false,
                bytes: declared.data_type == DataType::Bytea,
                negative: false,
            };
            self.order.entry(table.name.clone()).or_default().push(declared.name.clone());
            self.columns.entry(declared.name.clone()).or_default().push((table.name.clone(), column));
        }
        if primary.as_ref().is_some_and(|key| !key.is_empty()) {
            self.primary.insert(table.name.clone());
        }
        let unique = of_table.into_iter().chain(of_columns).map(lower);
        self.keys.insert(table.name.clone(), primary.into_iter().filter(|key| !key.is_empty()).chain(unique).collect());
    }

    /// How the table of this name is written.
    pub fn table_ident(&self, name: &str) -> Option<&Ident> {
        self.tables.get(&name.to_lowercase())
    }

    /// How a column of this name is written.
    pub fn column_ident(&self, name: &str) -> Option<&Ident> {
        self.columns.get(&name.to_lowercase())?.first().map(|(_, column)| &column.ident)
    }

    /// The column of this name, in lower case, of this table.
    pub fn column_in(&self, table: &str, column: &str) -> Option<&DeclaredColumn> {
        self.columns.get(column)?.iter().find(|(t, _)| t == table).map(|(_, column)| column)
    }

    /// The kind of all columns of this name, when they agree.
    pub fn any_column(&self, column: &str) -> Option<ValueKind> {
        let all = self.columns.get(column)?;
        let (_, first) = all.first()?;
        all.iter().all(|(_, column)| column.kind == first.kind).then_some(first.kind)
    }

    /// The columns of a table, in their order.
    pub fn columns_of(&self, table: &str) -> impl Iterator<Item = &DeclaredColumn> {
        self.order.get(table).into_iter().flatten().filter_map(|name| self.column_in(table, name))
    }

    /// The primary key of a table, or else its first unique columns; lower case.
    pub fn keys_of(&self, table: &str) -> &[Vec<String>] {
        self.keys.get(table).map_or(&[], Vec::as_slice)
    }

    /// The column of a table that is SQLite's ROWID.
    pub fn rowid(&self, table: &str) -> Option<&DeclaredColumn> {
        self.column_in(table, self.rowids.get(table)?)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self, table: &str) -> Option<&[String]> {
        self.primary.contains(table).then(|| self.keys_of(table).first().map(Vec::as_slice)).flatten()
    }

    /// Whether any table has a column of this name, in lower case.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// Whether the schema has a table or view of this name.
    pub fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(&name.to_lowercase())
    }
}

/// Whether a value is a negative number.
fn is_negative(value: &Expr) -> bool {
    let (text, number) = literal(value).unwrap_or_default();
    text.trim_start().starts_with('-') && (number || text.trim().parse::<f64>().is_ok())
}

/// Names that a schema declares: tables, columns, functions and types, in lower case.
pub(in crate::dialect) fn declared_names(tables: &[Statement]) -> BTreeSet<String> {
    let names = Names::of(tables);
    let functions = tables.iter().filter_map(|statement| match statement {
        Statement::CreateFunction(create) => Some(last_part(&create.name)),
        Statement::CreateType { name, .. } => Some(last_part(name)),
        Statement::CreateSchema { schema_name, .. } => Some(schema_name.to_string().to_lowercase()),
        _ => None,
    });
    names.tables.keys().chain(names.columns.keys()).cloned().chain(functions).collect()
}
