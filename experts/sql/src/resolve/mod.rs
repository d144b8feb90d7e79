//! Resolves the names of a statement: a walk that finds which table and column each name refers to, reports names that
//! refer to nothing, and rewrites the statement into canonical form on the way.
//!
//! In canonical form every column is `table.column`, no table has an alias, and outputs have no names. What cannot be
//! resolved is left alone: a name is reported as unknown only when everything in scope is known. Statements are neither
//! compared nor scored here.

mod relations;
mod writes;

use std::collections::BTreeMap;

use hive_sdk::Finding;
use sqlparser::ast::{
    Distinct, Expr, FunctionArg, FunctionArguments, GroupByExpr, Ident, LimitClause, OrderBy, OrderByExpr, OrderByKind,
    Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias, Value, Values,
};

use crate::canonical;
use crate::catalog::Catalog;
use crate::grouping;
use crate::scope::{Binding, BoundColumn, Lookup, Scope, look_up};
use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit};

/// A statement in canonical form, and what was found on the way.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The statement, rewritten.
    pub statement: Statement,
    /// Unknown tables and columns, incomplete GROUP BY; each code and message once.
    pub findings: Vec<Finding>,
    /// Needless table aliases: alias and table.
    pub needless_aliases: Vec<(String, String)>,
}

/// Resolves `statement` against `catalog`; without one no name is called unknown.
pub fn resolve(mut statement: Statement, catalog: Option<&Catalog>) -> Resolved {
    let mut resolver = Resolver {
        catalog,
        scopes: vec![],
        ctes: vec![],
        cte_count: 0,
        findings: vec![],
        aliases: vec![],
        uses: BTreeMap::new(),
    };
    resolver.statement(&mut statement);
    let uses = resolver.uses;
    let needless_aliases =
        resolver.aliases.into_iter().filter(|(_, table)| uses.get(table).is_none_or(|n| *n == 1)).collect();
    Resolved { statement, findings: resolver.findings, needless_aliases }
}

/// A common table expression in scope.
struct CommonTable {
    name: String,
    canonical: String,
    outputs: Option<Vec<String>>,
}

struct Resolver<'s> {
    catalog: Option<&'s Catalog>,
    scopes: Vec<Scope>,
    ctes: Vec<CommonTable>,
    cte_count: usize,
    findings: Vec<Finding>,
    /// Aliases of tables of the schema: alias and table.
    aliases: Vec<(String, String)>,
    /// How often the whole statement uses each table of the schema.
    uses: BTreeMap<String, usize>,
}

impl Resolver<'_> {
    fn report(&mut self, code: &str, message: String) {
        let finding = Finding { code: code.to_owned(), message };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        match statement {
            Statement::Query(query) => {
                self.query(query);
            }
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => {}
        }
    }

    /// Walks a query; returns the names of its outputs when they are known.
    fn query(&mut self, query: &mut Query) -> Option<Vec<String>> {
        let ctes_before = self.ctes.len();
        if let Some(with) = &mut query.with {
            for cte in &mut with.cte_tables {
                self.cte_count += 1;
                let canonical = format!("cte{}", self.cte_count);
                let name = cte.alias.name.value.to_lowercase();
                let declared: Vec<_> = cte.alias.columns.iter().map(|c| c.name.value.to_lowercase()).collect();
                if with.recursive {
                    let outputs = (!declared.is_empty()).then(|| declared.clone());
                    self.ctes.push(CommonTable { name: name.clone(), canonical: canonical.clone(), outputs });
                }
                let found = self.query(&mut cte.query);
                if with.recursive {
                    self.ctes.pop();
                }
                let outputs = renamed(found, &declared);
                cte.alias = plain_alias(&canonical);
                self.ctes.push(CommonTable { name, canonical, outputs });
            }
        }
        let (outputs, select_scope) = self.set_expr(&mut query.body);
        canonical::fetch(query);
        if let Some(order_by) = &mut query.order_by {
            self.order_by(order_by, &query.body, outputs.as_deref(), select_scope);
        }
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            limit.iter_mut().for_each(|e| self.expr(e));
            offset.iter_mut().for_each(|o| self.expr(&mut o.value));
        }
        self.ctes.truncate(ctes_before);
        outputs
    }

    /// Walks a query's body; returns its outputs and, for a plain SELECT, its scope.
    fn set_expr(&mut self, body: &mut SetExpr) -> (Option<Vec<String>>, Option<Scope>) {
        match body {
            SetExpr::Select(select) => {
                let (outputs, scope) = self.select(select);
                (outputs, Some(scope))
            }
            SetExpr::Query(query) => (self.query(query), None),
            SetExpr::SetOperation { left, right, .. } => {
                let outputs = self.set_expr(left).0;
                self.set_expr(right);
                (outputs, None)
            }
            SetExpr::Values(values) => {
                values.rows.iter_mut().flat_map(|row| &mut row.content).for_each(|e| self.expr(e));
                let width = values.rows.first().map_or(0, |row| row.content.len());
                (Some((1..=width).map(|i| format!("column{i}")).collect()), None)
            }
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.statement(statement);
                (None, None)
            }
            SetExpr::Merge(_) | SetExpr::Table(_) => (None, None),
        }
    }

    fn select(&mut self, select: &mut Select) -> (Option<Vec<String>>, Scope) {
        let mut scope = Scope::new();
        for item in &mut select.from {
            self.table_with_joins(item, &mut scope);
        }
        self.scopes.push(scope.clone());
        let (outputs, aliases) = self.projection(&mut select.projection, &scope);
        if let Some(selection) = &mut select.selection {
            self.expr(selection);
        }
        if let GroupByExpr::Expressions(expressions, _) = &mut select.group_by {
            for expr in expressions.iter_mut() {
                self.group_expr(expr, &select.projection, &aliases);
            }
            expressions.sort();
            expressions.dedup();
        }
        if let Some(having) = &mut select.having {
            self.expr(having);
        }
        if let Some(Distinct::On(expressions)) = &mut select.distinct {
            expressions.iter_mut().for_each(|e| self.expr(e));
        }
        walk::edit(&mut select.named_window, &mut Expressions { resolver: self, queries: vec![] });
        self.scopes.pop();
        if let Some(column) = grouping::ungrouped(select, &scope, &[]) {
            self.incomplete_group_by(select, &column);
        }
        canonical::from_clause(select);
        (outputs, scope)
    }

    fn incomplete_group_by(&mut self, select: &Select, column: &str) {
        let none = matches!(&select.group_by, GroupByExpr::Expressions(e, _) if e.is_empty());
        let message = if none {
            format!("`{column}` stands beside an aggregate, and there is no GROUP BY")
        } else {
            format!("`{column}` is neither in GROUP BY nor inside an aggregate")
        };
        self.report("incomplete-group-by", message);
    }

    /// Walks select items and removes their aliases; returns the outputs' names when all are known, and the item of each
    /// alias.
    fn projection(
        &mut self,
        projection: &mut Vec<SelectItem>,
        scope: &Scope,
    ) -> (Option<Vec<String>>, BTreeMap<String, usize>) {
        let mut outputs = Some(Vec::new());
        let mut aliases = BTreeMap::new();
        let mut items = Vec::with_capacity(projection.len());
        for item in projection.drain(..) {
            let (mut expr, alias) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.to_lowercase())),
                wildcard => {
                    match self.expanded(&wildcard, scope) {
                        Some(columns) => {
                            for (binding, column) in columns {
                                outputs.iter_mut().for_each(|o| o.push(column.name.clone()));
                                items.push(SelectItem::UnnamedExpr(column_expr(&binding, &column.canonical)));
                            }
                        }
                        None => {
                            outputs = None;
                            items.push(wildcard);
                        }
                    }
                    continue;
                }
            };
            let name = alias.clone().unwrap_or_else(|| output_name(&expr));
            self.expr(&mut expr);
            if let Some(alias) = alias {
                aliases.entry(alias).or_insert(items.len());
            }
            outputs.iter_mut().for_each(|o| o.push(name.clone()));
            items.push(SelectItem::UnnamedExpr(expr));
        }
        *projection = items;
        (outputs, aliases)
    }

    /// The columns that `*` or `t.*` stands for, when they are known.
    fn expanded(&mut self, item: &SelectItem, scope: &Scope) -> Option<Vec<(String, BoundColumn)>> {
        let bindings: Vec<&Binding> = match item {
            SelectItem::Wildcard(_) => scope.iter().collect(),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = last_part(name);
                let found: Vec<_> = scope.iter().filter(|b| b.name.as_deref() == Some(&name)).collect();
                if found.is_empty() {
                    self.no_such_name(&name);
                }
                found
            }
            _ => return None,
        };
        if bindings.is_empty() {
            return None;
        }
        let mut columns = Vec::new();
        for binding in bindings {
            columns.extend(binding.columns.as_ref()?.iter().map(|c| (binding.canonical.clone(), c.clone())));
        }
        Some(columns)
    }

    fn group_expr(&mut self, expr: &mut Expr, projection: &[SelectItem], aliases: &BTreeMap<String, usize>) {
        if let Some(item) = ordinal(expr).and_then(|n| projection.get(n)) {
            if let SelectItem::UnnamedExpr(item) = item {
                *expr = item.clone();
            }
            return;
        }
        // A column of the tables takes precedence over an output of that name.
        if let Expr::Identifier(ident) = expr {
            let name = ident.value.to_lowercase();
            if !matches!(look_up(&self.scopes, None, &name), Lookup::Found(..))
                && let Some(SelectItem::UnnamedExpr(item)) = aliases.get(&name).and_then(|i| projection.get(*i))
            {
                *expr = item.clone();
                return;
            }
        }
        self.expr(expr);
    }

    fn order_by(&mut self, order_by: &mut OrderBy, body: &SetExpr, outputs: Option<&[String]>, scope: Option<Scope>) {
        let OrderByKind::Expressions(expressions) = &mut order_by.kind else { return };
        let select = match body {
            SetExpr::Select(select) => Some(&**select),
            _ => None,
        };
        let has_scope = scope.is_some();
        self.scopes.push(scope.unwrap_or_default());
        for OrderByExpr { expr, options, .. } in expressions.iter_mut() {
            canonical::order(options);
            let named = match &*expr {
                Expr::Identifier(ident) => {
                    let name = ident.value.to_lowercase();
                    outputs.and_then(|outputs| outputs.iter().position(|o| *o == name))
                }
                other => ordinal(other),
            };
            match (named, select) {
                (Some(n), Some(select)) => match select.projection.get(n) {
                    Some(SelectItem::UnnamedExpr(item)) => *expr = item.clone(),
                    _ => self.expr(expr),
                },
                (Some(n), None) => *expr = Expr::Value(Value::Number((n + 1).to_string(), false).into()),
                (None, _) if has_scope => self.expr(expr),
                (None, _) => {}
            }
        }
        let scope = self.scopes.pop().unwrap_or_default();
        if let Some(select) = select {
            let ordered: Vec<&Expr> = expressions.iter().map(|o| &o.expr).collect();
            if let Some(column) = grouping::ungrouped(select, &scope, &ordered) {
                self.incomplete_group_by(select, &column);
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        walk::edit(expr, &mut Expressions { resolver: self, queries: vec![] });
    }

    /// Replaces a column reference by its canonical name.
    fn column(&mut self, expr: &mut Expr) {
        let parts = match &*expr {
            // DEFAULT as a value.
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default") => {
                return;
            }
            Expr::Identifier(ident) => vec![ident.value.to_lowercase()],
            Expr::CompoundIdentifier(parts) => parts.iter().map(|p| p.value.to_lowercase()).collect(),
            _ => return,
        };
        let (qualifier, column) = match &parts[..] {
            [column] => (None, column),
            [.., qualifier, column] => (Some(qualifier.as_str()), column),
            [] => return,
        };
        match look_up(&self.scopes, qualifier, column) {
            Lookup::Found(table, column) => *expr = column_expr(&table, &column),
            Lookup::Unclear => {}
            Lookup::NoColumn => match qualifier {
                Some(qualifier) => self.no_such_column(&format!("{qualifier}.{column}")),
                None => self.no_such_column(column),
            },
            Lookup::NoTable => self.no_such_name(qualifier.unwrap_or_default()),
        }
    }

    fn no_such_column(&mut self, column: &str) {
        if self.catalog.is_some() {
            self.report("unknown-column", format!("there is no column `{column}` in the tables of the statement"));
        }
    }

    fn no_such_name(&mut self, name: &str) {
        if self.catalog.is_some() {
            self.report("unknown-table", format!("no table in FROM goes by the name `{name}`"));
        }
    }
}

/// Visits expressions; sub-queries inside them are handed to the resolver, which keeps the scopes.
struct Expressions<'r, 's> {
    resolver: &'r mut Resolver<'s>,
    queries: Vec<Query>,
}

impl Edit for Expressions<'_, '_> {
    fn query(&mut self, query: &mut Query) {
        // The visitor must not walk into the query as well, so an empty one takes its place meanwhile.
        let mut taken = std::mem::replace(query, empty_query());
        self.resolver.query(&mut taken);
        self.queries.push(taken);
    }

    fn query_end(&mut self, query: &mut Query) {
        if let Some(taken) = self.queries.pop() {
            *query = taken;
        }
    }

    fn order_by(&mut self, order: &mut OrderByExpr) {
        canonical::order(&mut order.options);
    }

    fn expr(&mut self, expr: &mut Expr) {
        // The name of an argument, as in `days => 3`, is not a column.
        let Expr::Function(function) = expr else { return };
        let FunctionArguments::List(list) = &mut function.args else { return };
        for argument in &mut list.args {
            if let FunctionArg::ExprNamed { name: Expr::Identifier(name), arg, operator } = argument {
                *argument = FunctionArg::Named { name: name.clone(), arg: arg.clone(), operator: operator.clone() };
            }
        }
    }

    fn expr_end(&mut self, expr: &mut Expr) {
        canonical::expression(expr);
        self.resolver.column(expr);
    }
}

fn empty_query() -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: vec![] })),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    }
}

fn plain_alias(name: &str) -> TableAlias {
    TableAlias { explicit: true, name: Ident::new(name), columns: vec![], at: None }
}

fn column_expr(table: &str, column: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::new(table), Ident::new(column)])
}

/// `outputs`, the first of them renamed by an alias's list of columns.
fn renamed(outputs: Option<Vec<String>>, declared: &[String]) -> Option<Vec<String>> {
    let mut outputs = outputs?;
    for (output, name) in outputs.iter_mut().zip(declared) {
        output.clone_from(name);
    }
    Some(outputs)
}

/// The item that a number in GROUP BY or ORDER BY refers to, from 0.
fn ordinal(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    let Value::Number(number, _) = &value.value else { return None };
    number.to_string().parse::<usize>().ok()?.checked_sub(1)
}

/// The name that PostgreSQL gives to an output without an alias.
fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.to_lowercase(),
        Expr::CompoundIdentifier(parts) => parts.last().map(|p| p.value.to_lowercase()).unwrap_or_default(),
        Expr::Function(function) => last_part(&function.name),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => output_name(expr),
        Expr::Case { .. } => "case".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        _ => "?column?".to_owned(),
    }
}
