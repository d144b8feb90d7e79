//! Names of databases before those of tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    Expr, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, Statement,
};

use crate::dialect::rewriter::Rewriter;
use crate::syntax::walk::{self, Edit, Look};

/// Takes the name of a database, or of a schema that is not there, off the tables that the record's schema
/// has without it.
pub(in crate::dialect) fn without_databases(rewriter: &mut Rewriter<'_>, statement: &mut Statement) {
    let mut common = Common::default();
    walk::statement(statement, &mut common);
    let mut unqualifier = Unqualifier { rewriter, common: common.0, databases: BTreeMap::new() };
    // First seen, then changed: tables of two databases are two, whatever their names.
    let mut seen = Databases(BTreeMap::new());
    walk::edit(statement, &mut seen);
    unqualifier.databases = seen.0;
    walk::edit(statement, &mut unqualifier);
}

/// Before each table, by its name in lower case, the databases that a statement names; an empty one
/// where it names none.
struct Databases(BTreeMap<String, BTreeSet<String>>);

impl Edit for Databases {
    fn relation(&mut self, name: &mut ObjectName) {
        if let [before @ .., table] = &lower_parts(name)[..] {
            self.0.entry(table.clone()).or_default().insert(before.join("."));
        }
    }
}

/// Names of common tables, in lower case.
#[derive(Default)]
struct Common(BTreeSet<String>);

impl Look for Common {
    fn query(&mut self, query: &Query) {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(tables.map(|cte| cte.alias.name.value.to_lowercase()));
    }
}

struct Unqualifier<'r, 'n> {
    rewriter: &'r mut Rewriter<'n>,
    common: BTreeSet<String>,
    databases: BTreeMap<String, BTreeSet<String>>,
}

impl Unqualifier<'_, '_> {
    /// Whether what stands before the last of these parts means nothing in the record's schema.
    fn is_needless(&self, parts: &[String]) -> bool {
        let [.., qualifier, table] = parts else { return false };
        let system = matches!(qualifier.as_str(), "pg_catalog" | "information_schema" | "pg_temp");
        let declared = self.rewriter.tables.iter().any(|statement| {
            let name = match statement {
                Statement::CreateTable(create) => &create.name,
                Statement::CreateView(create) => &create.name,
                _ => return false,
            };
            lower_parts(name).ends_with(&[qualifier.clone(), table.clone()])
        });
        // Of two databases, one may be the connection's own, but not both. The longer of two names may be
        // another's whole one.
        let others = |one: &String, other: &String| !one.ends_with(other.as_str()) && !other.ends_with(one.as_str());
        let several = |all: &BTreeSet<String>| all.iter().any(|one| all.iter().any(|other| others(one, other)));
        if self.databases.get(table).is_some_and(several) {
            return false;
        }
        // `public` is there in any database, unless the table stands in another schema.
        !system && !declared && self.rewriter.names.has_table(table) && !self.common.contains(table)
    }
}

fn lower_parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.to_lowercase()).collect()
}

impl Edit for Unqualifier<'_, '_> {
    fn relation(&mut self, name: &mut ObjectName) {
        if name.0.len() > 1 && self.is_needless(&lower_parts(name)) {
            self.rewriter.changed("database-name", format!("`{name}` is written without its database"));
            name.0.drain(..name.0.len() - 1);
        }
    }

    fn select(&mut self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) = item
                && name.0.len() > 1
                && self.is_needless(&lower_parts(name))
            {
                name.0.drain(..name.0.len() - 1);
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table @ .., _] = &parts[..]
            && table.len() > 1
            && self.is_needless(&table.iter().map(|ident| ident.value.to_lowercase()).collect::<Vec<_>>())
        {
            parts.drain(..parts.len() - 2);
        }
    }
}
