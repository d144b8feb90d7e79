//! What a schema declares, read once from its statements: tables and views, columns and their types, keys, CHECKs. The
//! resolver, the lints, data generation and the dialect layer ask it instead of reading CREATE TABLE themselves. It
//! knows the syntax alone, checks nothing and keeps no rows: whoever needs rows reads them with [`InsertedRows`].
//!
//! Names are compared in lower case and without a schema's name before them.

mod column;
mod keys;
mod outputs;
mod rows;
mod table;
mod value_kind;

use std::collections::BTreeMap;

use sqlparser::ast::{Statement, UserDefinedTypeRepresentation};

pub use column::{Column, Numbering};
pub use keys::{ForeignKey, Key, KeyClause, index_column};
pub use rows::InsertedRows;
pub use table::{Relation, Table};
pub use value_kind::ValueKind;

use crate::syntax::last_part;
use crate::syntax::statement::{self, Script};

/// The tables and views that a schema creates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    tables: Vec<Table>,
}

impl Catalog {
    /// Reads the statements of a schema; those that neither create nor alter tables and views are passed over.
    pub fn read(statements: &[Statement]) -> Self {
        let enum_labels = enum_labels(statements);
        let mut catalog = Self::default();
        for statement in statements {
            match statement {
                Statement::CreateTable(create) => catalog.tables.push(Table::read(create, &enum_labels)),
                Statement::CreateView(create) => catalog.tables.push(Table::read_view(create)),
                Statement::AlterTable(alter) => {
                    let name = last_part(&alter.name);
                    if let Some(table) = catalog.tables.iter_mut().find(|t| t.name == name) {
                        table.alter(&alter.operations);
                    }
                }
                _ => {}
            }
        }
        catalog
    }

    /// Parses and reads a schema.
    ///
    /// # Errors
    /// Why `text` does not parse.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::read(&statement::parse_all(text)?))
    }

    /// Reads a schema whose statements may not all parse: of a table that only an unparsed statement creates or alters,
    /// the columns are unknown.
    pub fn read_script(script: &Script) -> Self {
        let mut catalog = Self::read(&script.trees);
        for unread in script.unread() {
            if let Some(altered) = unread.altered()
                && let Some(table) = catalog.tables.iter_mut().find(|t| t.name == altered)
            {
                table.column_names = None;
            }
            catalog.tables.extend(unread.created().map(Table::unparsed));
        }
        catalog
    }

    /// The tables and views, in the order in which they are created.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Whether it has neither tables nor views.
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
}

/// The labels of each ENUM type, by its name.
fn enum_labels(statements: &[Statement]) -> BTreeMap<String, Vec<String>> {
    use UserDefinedTypeRepresentation::Enum;
    let mut found = BTreeMap::new();
    for statement in statements {
        if let Statement::CreateType { name, representation: Some(Enum { labels }) } = statement {
            found.insert(last_part(name), labels.iter().map(|label| label.value.clone()).collect());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_views_and_keys_are_read() {
        let catalog = Catalog::parse(
            "CREATE TABLE public.\"Order Lines\" (Order_ID INT, line INT, PRIMARY KEY (Order_ID, line)); \
             CREATE TABLE items (item_id SERIAL PRIMARY KEY, name TEXT NOT NULL); \
             INSERT INTO items (name) VALUES ('a'); \
             CREATE VIEW names AS SELECT items.name, COUNT(*) AS n FROM items GROUP BY items.name; \
             CREATE VIEW unclear AS SELECT * FROM items;",
        )
        .unwrap();
        let table = catalog.table("order lines").unwrap();
        assert_eq!(table.column_names.as_deref(), Some(&["order_id".to_owned(), "line".to_owned()][..]));
        assert_eq!(table.primary_key(), ["order_id", "line"]);
        assert_eq!(catalog.table("ITEMS").unwrap().primary_key(), ["item_id"]);
        assert_eq!(catalog.table("names").unwrap().column_names, Some(vec!["name".to_owned(), "n".to_owned()]));
        assert_eq!(catalog.table("unclear").unwrap().column_names, None);
        assert!(catalog.table("nothing").is_none());
        assert!(Catalog::parse("SELECT 1").unwrap().is_empty());
    }

    #[test]
    fn columns_and_constraints_are_read() {
        let catalog = Catalog::parse(
            "CREATE TYPE mood AS ENUM ('glad', 'sad'); \
             CREATE TABLE staff (id SERIAL, \"Code\" VARCHAR(4) UNIQUE NOT NULL, boss INT REFERENCES staff, feels mood, \
               age INT CHECK (age > 0), twice INT GENERATED ALWAYS AS (age * 2) STORED, \
               n BIGINT GENERATED ALWAYS AS IDENTITY, CHECK (boss <> id)); \
             ALTER TABLE staff ADD PRIMARY KEY (id);",
        )
        .unwrap();
        let staff = catalog.table("staff").unwrap();
        let kinds: Vec<ValueKind> = staff.columns.iter().map(|c| c.kind).collect();
        use ValueKind::{Integer, Other, Text};
        assert_eq!(kinds, [Integer, Text, Integer, Other, Integer, Integer, Integer]);
        assert_eq!(staff.columns[3].enum_labels, ["glad", "sad"]);
        assert!(staff.columns[5].computed && staff.columns[1].not_null && !staff.columns[0].not_null);
        let numbered: Vec<_> = staff.columns.iter().filter_map(|c| c.numbering).collect();
        assert_eq!(numbered, [Numbering::Serial, Numbering::AlwaysIdentity]);
        let keys: Vec<_> = staff.keys.iter().map(|k| (k.columns[0].as_str(), k.primary, k.clause)).collect();
        assert_eq!(keys, [("Code", false, KeyClause::Column), ("id", true, KeyClause::Alter)]);
        assert_eq!((staff.foreign_keys.len(), staff.checks.len()), (1, 2));
        assert_eq!(staff.position("CODE"), Some(1));
    }
}
