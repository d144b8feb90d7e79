//! The relations of FROM: which columns each brings into scope, and its canonical name.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor,
    TableWithJoins,
};

use super::{Resolver, column_expr, plain_alias, renamed};
use crate::canonical;
use crate::catalog::Table;
use crate::scope::{Binding, BoundColumn, Lookup, Scope, look_up};
use crate::syntax::last_part;

impl Resolver<'_> {
    /// Adds an item of FROM with its joins to `scope`.
    pub(super) fn table_with_joins(&mut self, item: &mut TableWithJoins, scope: &mut Scope) {
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

    /// The condition that `USING (a, b)` stands for.
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

    /// Adds one relation to `scope`.
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

    /// Binds the name of a table or a common table expression.
    pub(super) fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>, scope: &Scope) -> Binding {
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
            self.report("unknown-table", message);
        }
        let columns = known.and_then(|t| t.column_names.clone()).map(|names| {
            names
                .into_iter()
                .enumerate()
                .map(|(i, column)| match declared.get(i) {
                    Some(renamed) => BoundColumn { name: renamed.clone(), canonical: column },
                    None => BoundColumn { name: column.clone(), canonical: column },
                })
                .collect()
        });
        Binding { name: visible, canonical, columns, key: known.map(Table::primary_key).unwrap_or_default() }
    }

    /// `base`, with a number that sets it apart from its other uses in scope.
    fn numbered(&self, base: &str, scope: &Scope) -> String {
        let depth = self.scopes.len();
        let same = scope.iter().filter(|b| b.canonical.split('@').next() == Some(base)).count();
        if depth == 0 && same == 0 { base.to_owned() } else { format!("{base}@{depth}#{same}") }
    }
}

/// Columns whose canonical names are their positions.
fn numbered_columns(names: Vec<String>) -> Vec<BoundColumn> {
    names.into_iter().enumerate().map(|(i, name)| BoundColumn { name, canonical: format!("c{}", i + 1) }).collect()
}
