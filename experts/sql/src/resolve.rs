//! The walk over one statement that finds what every name means, remarks on names that mean
//! nothing, and rewrites the statement into canonical form on the way.
//!
//! In canonical form every column is `table.column`, no table has an alias, and outputs have no
//! names. Where something cannot be resolved it is left alone: a name is called unknown only when
//! everything in sight is known. It does not compare statements or score them.

use std::collections::BTreeMap;

use hive_sdk::Finding;
use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, ConflictTarget, Delete, Distinct, Expr, FromTable, FunctionArg,
    FunctionArguments, GroupByExpr, Ident, Insert, Join, JoinConstraint, JoinOperator, LimitClause, ObjectName,
    OnConflictAction, OnInsert, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind, Value, Values,
};

use crate::canonical;
use crate::catalog::{Catalog, Table};
use crate::grouping;
use crate::scope::{Binding, Column, Lookup, Scope, look_up};
use crate::syntax::last_part;
use crate::syntax::walk::{self, Edit};

/// A statement in canonical form and what was remarked on the way.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The statement, rewritten.
    pub statement: Statement,
    /// Unknown tables and columns, incomplete GROUP BY; each code and message once.
    pub findings: Vec<Finding>,
    /// Table aliases without need: alias and table.
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

/// A common table expression in sight.
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
    /// Aliases of tables of the schema, with the table.
    aliases: Vec<(String, String)>,
    /// How often each table of the schema is used in the whole statement.
    uses: BTreeMap<String, usize>,
}

impl Resolver<'_> {
    fn remark(&mut self, code: &str, message: String) {
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

    /// Walks a query; returns the names of its outputs when they can be known.
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

    /// Walks a body; returns its outputs and, for a plain SELECT, its scope.
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
        self.remark("incomplete-group-by", message);
    }

    /// Walks select items and takes their names off; returns the outputs' names when all are
    /// known, and which item goes by which explicit name.
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

    /// The columns that `*` or `t.*` stands for, when they can be known.
    fn expanded(&mut self, item: &SelectItem, scope: &Scope) -> Option<Vec<(String, Column)>> {
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
        // A column of the tables comes before an output of that name.
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

    fn table_with_joins(&mut self, item: &mut TableWithJoins, scope: &mut Scope) {
        self.factor(&mut item.relation, scope);
        for Join { relation, join_operator, .. } in &mut item.joins {
            let left = scope.len();
            self.factor(relation, scope);
            let constraint = match join_operator {
                JoinOperator::Join(c)
                | JoinOperator::Inner(c)
                | JoinOperator::Left(c)
                | JoinOperator::LeftOuter(c)
                | JoinOperator::Right(c)
                | JoinOperator::RightOuter(c)
                | JoinOperator::FullOuter(c)
                | JoinOperator::CrossJoin(c) => c,
                _ => continue,
            };
            match constraint {
                JoinConstraint::On(on) => {
                    self.scopes.push(std::mem::take(scope));
                    self.expr(on);
                    *scope = self.scopes.pop().unwrap_or_default();
                }
                JoinConstraint::Using(names) => {
                    if let Some(on) = self.using(names, &scope[..left], &scope[left..]) {
                        *constraint = JoinConstraint::On(on);
                    }
                }
                JoinConstraint::Natural | JoinConstraint::None => {}
            }
        }
    }

    /// `USING (a, b)` as the condition it stands for.
    fn using(&mut self, names: &[ObjectName], left: &[Binding], right: &[Binding]) -> Option<Expr> {
        let mut conditions = Vec::new();
        for name in names {
            let name = last_part(name);
            let sides = [left, right].map(|side| look_up(&[side.to_vec()], None, &name));
            if sides.contains(&Lookup::NoColumn) {
                self.no_such_column(&name);
            }
            match sides {
                [Lookup::Found(lt, lc), Lookup::Found(rt, rc)] => {
                    let mut on = canonical::binary(column_expr(&lt, &lc), BinaryOperator::Eq, column_expr(&rt, &rc));
                    canonical::expression(&mut on);
                    conditions.push(on);
                }
                _ => return None,
            }
        }
        Some(canonical::joined(conditions, &BinaryOperator::And))
    }

    /// Adds what `factor` brings to `scope`.
    fn factor(&mut self, factor: &mut TableFactor, scope: &mut Scope) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let binding = self.table(name, alias.as_ref(), scope);
                *name = ObjectName::from(vec![Ident::new(binding.canonical.clone())]);
                *alias = None;
                scope.push(binding);
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let outputs = if *lateral {
                    self.scopes.push(scope.clone());
                    let outputs = self.query(subquery);
                    self.scopes.pop();
                    outputs
                } else {
                    self.query(subquery)
                };
                let canonical = self.numbered("derived", scope);
                let declared: Vec<_> =
                    alias.iter().flat_map(|a| &a.columns).map(|c| c.name.value.to_lowercase()).collect();
                let name = alias.as_ref().map(|a| a.name.value.to_lowercase());
                *alias = Some(plain_alias(&canonical));
                let columns = renamed(outputs, &declared).map(numbered_columns);
                scope.push(Binding { name, canonical, columns, key: vec![] });
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.table_with_joins(table_with_joins, scope),
            TableFactor::Table { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => {
                let name = alias.as_ref().map(|a| a.name.value.to_lowercase());
                let canonical = name.clone().unwrap_or_else(|| "function".to_owned());
                scope.push(Binding { name, canonical, columns: None, key: vec![] });
            }
            _ => scope.push(Binding { name: None, canonical: "unclear".to_owned(), columns: None, key: vec![] }),
        }
    }

    fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>, scope: &Scope) -> Binding {
        let table = last_part(name);
        let alias_name = alias.map(|a| a.name.value.to_lowercase());
        let visible = Some(alias_name.clone().unwrap_or_else(|| table.clone()));
        let declared: Vec<_> = alias.iter().flat_map(|a| &a.columns).map(|c| c.name.value.to_lowercase()).collect();
        if name.0.len() == 1
            && let Some(cte) = self.ctes.iter().rev().find(|c| c.name == table)
        {
            let columns = renamed(cte.outputs.clone(), &declared).map(numbered_columns);
            let canonical = cte.canonical.clone();
            return Binding { name: visible, canonical: self.numbered(&canonical, scope), columns, key: vec![] };
        }
        *self.uses.entry(table.clone()).or_default() += 1;
        if let Some(alias) = alias_name.filter(|alias| *alias != table) {
            self.aliases.push((alias, table.clone()));
        }
        let canonical = self.numbered(&table, scope);
        let system = name.0.len() > 1 && {
            let schema = name.0[0].to_string().to_lowercase();
            schema == "information_schema" || schema == "pg_catalog"
        };
        let known = self.catalog.and_then(|catalog| catalog.table(&table));
        if let (None, Some(catalog), false) = (known, self.catalog, system || table.starts_with("pg_")) {
            let message = format!("there is no table `{table}` (the schema has {})", catalog.names());
            self.remark("unknown-table", message);
        }
        let columns = known.and_then(|t| t.column_names.clone()).map(|names| {
            names
                .into_iter()
                .enumerate()
                .map(|(i, column)| match declared.get(i) {
                    Some(renamed) => Column { name: renamed.clone(), canonical: column },
                    None => Column { name: column.clone(), canonical: column },
                })
                .collect()
        });
        Binding { name: visible, canonical, columns, key: known.map(Table::primary_key).unwrap_or_default() }
    }

    /// `base`, made different from the other uses of it in sight.
    fn numbered(&self, base: &str, scope: &Scope) -> String {
        let depth = self.scopes.len();
        let same = scope.iter().filter(|b| b.canonical.split('@').next() == Some(base)).count();
        if depth == 0 && same == 0 { base.to_owned() } else { format!("{base}@{depth}#{same}") }
    }

    fn insert(&mut self, insert: &mut Insert) {
        let TableObject::TableName(name) = &mut insert.table else { return };
        let mut binding = self.table(name, None, &Scope::new());
        *name = ObjectName::from(vec![Ident::new(binding.canonical.clone())]);
        if let Some(alias) = &insert.table_alias {
            binding.name = Some(alias.alias.value.to_lowercase());
        }
        for column in &mut insert.columns {
            self.target(column, &binding);
        }
        if let Some(source) = &mut insert.source {
            self.query(source);
        }
        let excluded =
            Binding { name: Some("excluded".to_owned()), canonical: "excluded".to_owned(), ..binding.clone() };
        self.scopes.push(vec![binding.clone()]);
        if let Some(OnInsert::OnConflict(conflict)) = &mut insert.on {
            if let Some(ConflictTarget::Columns(columns)) = &mut conflict.conflict_target {
                for column in columns {
                    *column = canonical::lowered(column);
                }
            }
            if let OnConflictAction::DoUpdate(update) = &mut conflict.action {
                self.scopes.push(vec![excluded]);
                self.assignments(&mut update.assignments, &binding);
                update.selection.iter_mut().for_each(|e| self.expr(e));
                self.scopes.pop();
            }
        }
        self.returning(&mut insert.returning, &vec![binding]);
        self.scopes.pop();
    }

    fn update(&mut self, update: &mut Update) {
        let mut scope = Scope::new();
        self.table_with_joins(&mut update.table, &mut scope);
        let Some(target) = scope.first().cloned() else { return };
        if let Some(UpdateTableFromKind::AfterSet(tables) | UpdateTableFromKind::BeforeSet(tables)) = &mut update.from {
            for table in tables {
                self.table_with_joins(table, &mut scope);
            }
        }
        self.scopes.push(scope.clone());
        self.assignments(&mut update.assignments, &target);
        update.selection.iter_mut().for_each(|e| self.expr(e));
        self.returning(&mut update.returning, &scope);
        self.scopes.pop();
    }

    fn delete(&mut self, delete: &mut Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &mut delete.from;
        let mut scope = Scope::new();
        for table in tables.iter_mut().chain(delete.using.iter_mut().flatten()) {
            self.table_with_joins(table, &mut scope);
        }
        self.scopes.push(scope.clone());
        delete.selection.iter_mut().for_each(|e| self.expr(e));
        self.returning(&mut delete.returning, &scope);
        self.scopes.pop();
    }

    fn assignments(&mut self, assignments: &mut [Assignment], target: &Binding) {
        for assignment in assignments.iter_mut() {
            match &mut assignment.target {
                AssignmentTarget::ColumnName(name) => self.target(name, target),
                AssignmentTarget::Tuple(names) => names.iter_mut().for_each(|name| self.target(name, target)),
            }
            self.expr(&mut assignment.value);
        }
        assignments.sort();
    }

    /// A column that is written to: a column of the target and of nothing else.
    fn target(&mut self, name: &mut ObjectName, target: &Binding) {
        let column = last_part(name);
        if look_up(&[vec![target.clone()]], None, &column) == Lookup::NoColumn {
            self.no_such_column(&column);
        }
        canonical::lower(name);
    }

    fn returning(&mut self, returning: &mut Option<Vec<SelectItem>>, scope: &Scope) {
        if let Some(items) = returning {
            self.projection(items, scope);
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        walk::edit(expr, &mut Expressions { resolver: self, queries: vec![] });
    }

    /// Replaces a column reference by its canonical name.
    fn column(&mut self, expr: &mut Expr) {
        let parts = match &*expr {
            // What a column has when nothing is said of it.
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
            self.remark("unknown-column", format!("there is no column `{column}` in the tables of the statement"));
        }
    }

    fn no_such_name(&mut self, name: &str) {
        if self.catalog.is_some() {
            self.remark("unknown-table", format!("no table in FROM goes by the name `{name}`"));
        }
    }
}

/// Visits expressions; sub-queries inside them go back to the resolver, which knows scopes.
struct Expressions<'r, 's> {
    resolver: &'r mut Resolver<'s>,
    queries: Vec<Query>,
}

impl Edit for Expressions<'_, '_> {
    fn query(&mut self, query: &mut Query) {
        // The visitor must not walk into it as well: an empty one takes its place meanwhile.
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
        // The name of an argument, `days => 3`, is no column.
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

/// `outputs` with the first ones renamed as an alias list says.
fn renamed(outputs: Option<Vec<String>>, declared: &[String]) -> Option<Vec<String>> {
    let mut outputs = outputs?;
    for (output, name) in outputs.iter_mut().zip(declared) {
        output.clone_from(name);
    }
    Some(outputs)
}

/// Columns whose canonical names are their positions.
fn numbered_columns(names: Vec<String>) -> Vec<Column> {
    names.into_iter().enumerate().map(|(i, name)| Column { name, canonical: format!("c{}", i + 1) }).collect()
}

/// Which item a number in GROUP BY or ORDER BY means, counted from 0.
fn ordinal(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    let Value::Number(number, _) = &value.value else { return None };
    number.to_string().parse::<usize>().ok()?.checked_sub(1)
}

/// The name that PostgreSQL gives to an output without an explicit one.
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
