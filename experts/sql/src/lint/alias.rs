//! Needless table aliases: `T1`, `T2` for tables that the statement uses once. They are removed, and what they
//! qualified is qualified by the table, or by nothing if there is only one table. An alias that distinguishes two uses
//! of a table stays.

use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Statement, TableFactor, TableWithJoins,
};

use super::{Context, Found};
use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit, Look};

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let needless = &context.resolved.needless_aliases;
    if needless.is_empty() {
        return None;
    }
    let mut taken = Taken::default();
    walk::statement(context.statement, &mut taken);
    // A table whose name is the alias of another cannot go by its own name.
    let needless: Vec<_> = needless.iter().filter(|(_, table)| !taken.names.contains(table)).cloned().collect();
    if needless.is_empty() {
        return None;
    }
    let list: Vec<_> = needless.iter().map(|(alias, table)| format!("`{alias}` for `{table}`")).collect();
    let message = format!("nothing needs the alias {}", list.join(", "));
    let mut statement = context.statement.clone();
    let mut renamer =
        Renamer { needless: &needless, scopes: Vec::new(), queries: Vec::new(), selects: Vec::new(), changed: 0 };
    walk::edit(&mut statement, &mut renamer);
    if renamer.changed > 0 { Found::repaired(message, statement) } else { Found::new(message) }
}

/// One SELECT: what its qualifiers become, and all names in its FROM.
#[derive(Default)]
struct Scope {
    /// By alias, in lower case, what replaces it: the table, or nothing.
    renamed: Vec<(String, Option<Ident>)>,
    /// Names of the tables in this FROM, in lower case.
    names: Vec<String>,
}

struct Renamer<'a> {
    needless: &'a [(String, String)],
    scopes: Vec<Scope>,
    /// For each open query, how many scopes enclose it, and whether the scope of its SELECT is open and waits for that
    /// SELECT.
    queries: Vec<(usize, bool)>,
    /// For each open SELECT, whether its scope closes with it.
    selects: Vec<bool>,
    changed: usize,
}

impl Renamer<'_> {
    /// Removes the needless aliases of a FROM.
    fn enter(&mut self, select: &mut Select) {
        let mut scope = Scope::default();
        // If outputs have aliases, a bare name in ORDER BY would refer to those.
        let renamed = select.projection.iter().any(|item| matches!(item, SelectItem::ExprWithAlias { .. }));
        let alone = !renamed && select.from.len() == 1 && select.from.iter().all(|t| t.joins.is_empty());
        for factor in select.from.iter_mut().flat_map(factors) {
            self.factor(factor, alone, &mut scope);
        }
        self.scopes.push(scope);
    }

    fn factor(&mut self, factor: &mut TableFactor, alone: bool, scope: &mut Scope) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let table = last_part(name);
                let plain = alias.as_ref().filter(|a| a.columns.is_empty()).map(|a| a.name.value.to_lowercase());
                let needless = plain.filter(|alias| self.needless.contains(&(alias.clone(), table.clone())));
                if let (Some(old), Some(ObjectNamePart::Identifier(now))) = (needless, name.0.last()) {
                    // A single table needs no qualifier before its columns, except in an inner query, which `expr`
                    // handles.
                    scope.renamed.push((old, if alone { None } else { Some(now.clone()) }));
                    *alias = None;
                    self.changed += 1;
                    scope.names.push(table);
                } else {
                    let name = alias.as_ref().map_or(table, |a| a.name.value.to_lowercase());
                    scope.names.push(name);
                }
            }
            TableFactor::Derived { alias, .. } => {
                scope.names.extend(alias.as_ref().map(|a| a.name.value.to_lowercase()));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                for factor in factors(table_with_joins) {
                    self.factor(factor, false, scope);
                }
            }
            _ => {}
        }
    }

    /// What replaces `qualifier` here; `None` when it stays.
    fn now(&self, qualifier: &Ident) -> Option<Option<Ident>> {
        let name = qualifier.value.to_lowercase();
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if let Some((_, now)) = scope.renamed.iter().find(|(old, _)| *old == name) {
                let innermost = depth + 1 == self.scopes.len();
                return Some(match now {
                    Some(table) => Some(table.clone()),
                    // In an inner query, the outer table must be named.
                    None if !innermost => {
                        let table = self.needless.iter().find(|(alias, _)| *alias == name).map(|(_, table)| table);
                        table.map(|table| Ident::new(table.clone()))
                    }
                    None => None,
                });
            }
            if scope.names.contains(&name) {
                return None;
            }
        }
        None
    }

    fn select_items(&mut self, select: &mut Select) {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) = item
                && let [ObjectNamePart::Identifier(qualifier)] = &name.0[..]
                && let Some(now) = self.now(qualifier)
            {
                *item = match now {
                    Some(table) => SelectItem::QualifiedWildcard(
                        SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![table])),
                        options.clone(),
                    ),
                    None => SelectItem::Wildcard(options.clone()),
                };
            }
        }
    }
}

/// Names of relations that are not tables.
#[derive(Default)]
struct Taken {
    names: Vec<String>,
}

impl Look for Taken {
    fn query(&mut self, query: &Query) {
        let common = query.with.iter().flat_map(|with| &with.cte_tables);
        self.names.extend(common.map(|cte| cte.alias.name.value.to_lowercase()));
    }

    fn table_factor(&mut self, factor: &TableFactor) {
        let alias = match factor {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => alias.as_ref(),
            _ => None,
        };
        self.names.extend(alias.map(|a| a.name.value.to_lowercase()));
    }
}

/// The tables of one item of FROM.
fn factors(item: &mut TableWithJoins) -> impl Iterator<Item = &mut TableFactor> {
    std::iter::once(&mut item.relation).chain(item.joins.iter_mut().map(|join| &mut join.relation))
}

impl Edit for Renamer<'_> {
    fn query(&mut self, query: &mut Query) {
        let outside = self.scopes.len();
        // ORDER BY belongs to the query but names the tables of its one SELECT, so that scope opens here and not at the
        // SELECT.
        let plain = if let SetExpr::Select(select) = &mut *query.body {
            self.enter(select);
            true
        } else {
            false
        };
        self.queries.push((outside, plain));
    }

    fn query_end(&mut self, _: &mut Query) {
        if let Some((outside, _)) = self.queries.pop() {
            self.scopes.truncate(outside);
        }
    }

    fn select(&mut self, select: &mut Select) {
        let waiting = self.queries.last_mut().is_some_and(|query| std::mem::take(&mut query.1));
        if !waiting {
            // A branch of a set operation.
            self.enter(select);
        }
        self.selects.push(!waiting);
        self.select_items(select);
    }

    fn select_end(&mut self, _: &mut Select) {
        if self.selects.pop() == Some(true) {
            self.scopes.pop();
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [qualifier, column] = &parts[..]
            && let Some(now) = self.now(qualifier)
        {
            *expr = match now {
                Some(table) => Expr::CompoundIdentifier(vec![table, column.clone()]),
                None => Expr::Identifier(column.clone()),
            };
        }
    }

    fn statement(&mut self, statement: &mut Statement) -> bool {
        // UPDATE and DELETE keep their aliases: their FROM is not that of a SELECT.
        matches!(statement, Statement::Query(_) | Statement::Insert(_))
    }
}
