//! The tables and views of a schema with the names that PostgreSQL gives them and their columns. `catalog` reads the
//! statements; here its names, which it compares in lower case, become the exact ones, and views say what they return.

use std::sync::Arc;

use sqlparser::ast::{Ident, ObjectName, Statement};

use super::cursor::shortened;
use super::reader;
use crate::catalog::{Catalog, Relation as Kind, Table};
use crate::syntax::statement::Script;

/// The names of columns, in order; `None` for a column whose name is unknown. `None` when not even their number is known.
pub(super) type Columns = Option<Arc<[Option<Arc<str>>]>>;

/// What a schema declares, by exact names.
#[derive(Debug, Default)]
pub(super) struct Schema {
    relations: Vec<Relation>,
    /// Names of PostgreSQL schemas that may stand before a table's.
    namespaces: Vec<Arc<str>>,
    /// Names of the types that it creates.
    pub types: Vec<Arc<str>>,
    /// Whether there may be tables that it does not show.
    pub incomplete: bool,
}

/// A table or a view.
#[derive(Debug)]
pub(super) struct Relation {
    /// Its name.
    pub name: Arc<str>,
    /// Whether the name is known in lower case only.
    folded: bool,
    /// The PostgreSQL schema that its definition names.
    pub namespace: Option<Arc<str>>,
    /// Its columns.
    pub columns: Columns,
    /// The positions of its primary key's columns.
    pub key: Vec<usize>,
    /// Whether it may be a table, which has system columns.
    pub table: bool,
}

impl Schema {
    /// Reads the text of a schema.
    pub fn read(text: &str) -> Self {
        let script = Script::parse(text);
        let catalog = Catalog::read_script(&script);
        let mut schema = Self {
            incomplete: catalog.is_empty()
                || script.unread().iter().any(|unread| unread.created().is_none() && unread.altered().is_none()),
            ..Self::default()
        };
        for table in catalog.tables() {
            schema.add(table);
        }
        schema.namespaces.push(Arc::from("public"));
        schema.namespaces.push(Arc::from("pg_temp"));
        for tree in &script.trees {
            match tree {
                Statement::CreateView(create) if create.columns.is_empty() => {
                    schema.returns(&create.name, &create.query.to_string());
                }
                Statement::CreateTable(create) if create.columns.is_empty() => {
                    if let Some(query) = &create.query {
                        schema.returns(&create.name, &query.to_string());
                    }
                }
                Statement::CreateView(create) => {
                    let names = create.columns.iter().map(|column| Some(real(&column.name))).collect();
                    schema.set(&create.name, Some(names));
                }
                Statement::CreateType { name, .. } => {
                    schema.types.extend(last(name).map(real));
                }
                Statement::CreateDomain(create) => schema.types.extend(last(&create.name).map(real)),
                Statement::CreateSchema { schema_name, .. } => {
                    schema.namespaces.push(shortened(&schema_name.to_string().to_ascii_lowercase()));
                }
                _ => {}
            }
        }
        schema
    }

    fn add(&mut self, table: &Table) {
        let mut parts: Vec<Arc<str>> = table.written.0.iter().filter_map(|part| part.as_ident()).map(real).collect();
        let Some(name) = parts.pop() else { return };
        let namespace = parts.pop();
        self.namespaces.extend(namespace.clone());
        let columns: Columns = (table.column_names.is_some() && table.relation == Kind::Table)
            .then(|| table.columns.iter().map(|column| Some(real(&column.ident))).collect());
        let key = table.primary_key();
        let key = key.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect();
        let folded = table.relation == Kind::Unparsed;
        self.relations.push(Relation { name, folded, namespace, columns, key, table: table.relation != Kind::View });
    }

    /// Notes what a view returns.
    fn returns(&mut self, name: &ObjectName, query: &str) {
        let columns = reader::outputs(self, query);
        self.set(name, columns);
    }

    fn set(&mut self, name: &ObjectName, columns: Columns) {
        let Some(name) = last(name).map(real) else { return };
        if let Some(relation) = self.relations.iter_mut().find(|relation| relation.name == name) {
            relation.columns = columns;
        }
    }

    /// Its tables and views.
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// Names that may stand before a table's.
    pub fn namespaces(&self) -> &[Arc<str>] {
        &self.namespaces
    }

    /// The table or view of this exact name.
    pub fn relation(&self, namespace: Option<&str>, name: &str) -> Option<&Relation> {
        let named = |r: &&Relation| *r.name == *name || (r.folded && r.name.eq_ignore_ascii_case(name));
        let mut found = self.relations.iter().filter(named);
        let first = found.clone().next();
        match namespace {
            None => first,
            Some(namespace) => found.find(|r| r.namespace.as_deref() == Some(namespace)).or(first),
        }
    }

    /// Whether some table or view may have a column of this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.relations.iter().any(|relation| match &relation.columns {
            None => true,
            Some(columns) => columns.iter().any(|column| column.as_deref().is_none_or(|column| column == name)),
        })
    }
}

fn last(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(|part| part.as_ident())
}

/// The name that PostgreSQL takes an identifier for.
fn real(ident: &Ident) -> Arc<str> {
    match ident.quote_style {
        None => shortened(&ident.value.to_ascii_lowercase()),
        Some(_) => shortened(&ident.value),
    }
}
