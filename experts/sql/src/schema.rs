//! The tables of a record's schema: names, columns and primary keys, in lower case. Types,
//! constraints and rows are not kept.

use sqlparser::ast::{AlterTableOperation, TableConstraint};
use sqlparser::ast::{ColumnOption, CreateTable, CreateView, Expr, ObjectName, Query, SelectItem, SetExpr, Statement};

use crate::syntax::last_part;
use crate::syntax::statement::{self, Script};

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name, in lower case, without a schema before it.
    pub name: String,
    /// Its columns in order, in lower case; `None` when they cannot be known.
    pub columns: Option<Vec<String>>,
    /// The columns of its primary key; empty when none is declared.
    pub primary_key: Vec<String>,
}

/// The tables and views that a schema text creates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    tables: Vec<Table>,
}

impl Schema {
    /// Reads CREATE TABLE and CREATE VIEW; other statements must parse and are passed over.
    ///
    /// # Errors
    /// Why `text` does not parse.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::of(&statement::parse_all(text)?))
    }

    /// Of statements that are parsed already.
    pub fn of(statements: &[Statement]) -> Self {
        let mut schema = Self::default();
        for statement in statements {
            match statement {
                Statement::CreateTable(create) => schema.tables.push(table(create)),
                Statement::CreateView(create) => schema.tables.push(view(create)),
                Statement::AlterTable(alter) => schema.alter(&alter.name, &alter.operations),
                _ => {}
            }
        }
        schema
    }

    /// Of a schema of which the parser may not have read all: nothing is known of the columns of such a
    /// table but its name.
    pub fn of_script(script: &Script) -> Self {
        let mut schema = Self::of(&script.trees);
        for unread in script.unread() {
            if let Some(altered) = unread.altered()
                && let Some(table) = schema.tables.iter_mut().find(|t| t.name == altered)
            {
                table.columns = None;
            }
            schema.tables.extend(unread.created().map(|name| Table { name, columns: None, primary_key: Vec::new() }));
        }
        schema
    }

    /// Its tables and views, in the order in which they are created.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// A text that is the same for schemas with the same tables, columns and keys, in whatever
    /// order and form they are written. Types, rows and other constraints do not count: what a
    /// model learns of names from one it knows of the other.
    pub fn canonical(&self) -> String {
        let text = |t: &Table| {
            let columns = t.columns.as_ref().map_or_else(|| "?".to_owned(), |c| c.join(","));
            format!("{}({columns})", t.name)
        };
        let mut tables: Vec<String> = self.tables.iter().map(text).collect();
        tables.sort();
        tables.join(";")
    }

    /// Whether it has no table and no view.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The table or view of this name, in any case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name.eq_ignore_ascii_case(name))
    }

    /// The names of all tables and views, for messages.
    pub fn names(&self) -> String {
        self.tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn alter(&mut self, name: &ObjectName, operations: &[AlterTableOperation]) {
        let name = last_part(name);
        let Some(table) = self.tables.iter_mut().find(|t| t.name == name) else { return };
        for operation in operations {
            match operation {
                AlterTableOperation::AddConstraint { constraint: TableConstraint::PrimaryKey(key), .. } => {
                    table.primary_key = key_columns(&key.columns);
                }
                AlterTableOperation::AddConstraint { .. } => {}
                // Columns may have come, gone or changed their names.
                _ => table.columns = None,
            }
        }
    }
}

fn table(create: &CreateTable) -> Table {
    let mut primary_key = Vec::new();
    for column in &create.columns {
        if column.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_))) {
            primary_key.push(column.name.value.to_lowercase());
        }
    }
    for constraint in &create.constraints {
        if let TableConstraint::PrimaryKey(key) = constraint {
            primary_key = key_columns(&key.columns);
        }
    }
    let declared: Vec<_> = create.columns.iter().map(|c| c.name.value.to_lowercase()).collect();
    let columns = match &create.query {
        Some(query) if declared.is_empty() => outputs(query),
        _ if create.inherits.is_some() || create.like.is_some() || create.clone.is_some() => None,
        _ => Some(declared),
    };
    Table { name: last_part(&create.name), columns, primary_key }
}

fn key_columns(columns: &[sqlparser::ast::IndexColumn]) -> Vec<String> {
    columns.iter().map(|c| c.column.expr.to_string().trim_matches('"').to_lowercase()).collect()
}

fn view(create: &CreateView) -> Table {
    let columns = if create.columns.is_empty() {
        outputs(&create.query)
    } else {
        Some(create.columns.iter().map(|c| c.name.value.to_lowercase()).collect())
    };
    Table { name: last_part(&create.name), columns, primary_key: Vec::new() }
}

/// The output columns of a query, when all have plain names.
fn outputs(query: &Query) -> Option<Vec<String>> {
    let mut body = &*query.body;
    let select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(inner) => body = &inner.body,
            _ => return None,
        }
    };
    select
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(ident.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|p| p.value.to_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_views_and_keys_are_read() {
        let schema = Schema::parse(
            "CREATE TABLE public.\"Order Lines\" (Order_ID INT, line INT, PRIMARY KEY (Order_ID, line)); \
             CREATE TABLE items (item_id SERIAL PRIMARY KEY, name TEXT NOT NULL); \
             INSERT INTO items (name) VALUES ('a'); \
             CREATE VIEW names AS SELECT items.name, COUNT(*) AS n FROM items GROUP BY items.name; \
             CREATE VIEW unclear AS SELECT * FROM items;",
        )
        .unwrap();
        let table = schema.table("order lines").unwrap();
        assert_eq!(table.columns.as_deref(), Some(&["order_id".to_owned(), "line".to_owned()][..]));
        assert_eq!(table.primary_key, ["order_id", "line"]);
        assert_eq!(schema.table("ITEMS").unwrap().primary_key, ["item_id"]);
        assert_eq!(schema.table("names").unwrap().columns, Some(vec!["name".to_owned(), "n".to_owned()]));
        assert_eq!(schema.table("unclear").unwrap().columns, None);
        assert!(schema.table("nothing").is_none());
        assert!(Schema::parse("SELECT 1").unwrap().is_empty());
    }
}
