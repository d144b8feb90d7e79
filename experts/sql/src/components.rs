//! The parts of a statement in canonical form, which tell how near an answer is to the gold. Parts are compared as
//! text; whether two statements mean the same is not decided here.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, JoinConstraint, JoinOperator, Query, Select, SetExpr, Statement, TableFactor,
};

use crate::canonical;
use crate::syntax::walk::{self, Look};

/// The parts, each a set of texts. All SELECTs of a statement add to the same sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Components {
    /// Tables used.
    tables: BTreeSet<String>,
    /// Select items, inserted values, assignments.
    items: BTreeSet<String>,
    /// Conditions of WHERE, of ON, of HAVING.
    conditions: BTreeSet<String>,
    /// GROUP BY, DISTINCT.
    groups: BTreeSet<String>,
    /// ORDER BY, LIMIT, OFFSET.
    order: BTreeSet<String>,
    /// Outer joins, set operators and the kind of statement.
    form: BTreeSet<String>,
}

impl Components {
    /// The parts of a statement that is in canonical form.
    pub fn of(statement: &Statement) -> Self {
        let mut components = Self::default();
        walk::statement(statement, &mut components);
        match statement {
            Statement::Query(_) => {}
            Statement::Update(update) => {
                components.form.insert("update".to_owned());
                components.items.extend(update.assignments.iter().map(ToString::to_string));
                components.conditions(update.selection.as_ref());
            }
            Statement::Insert(insert) => {
                components.form.insert("insert".to_owned());
                components.items.extend(insert.columns.iter().map(ToString::to_string));
            }
            Statement::Delete(delete) => {
                components.form.insert("delete".to_owned());
                components.conditions(delete.selection.as_ref());
            }
            other => {
                components.form.insert(other.to_string());
            }
        }
        components
    }

    /// The share of parts that both statements have, from 0 to 1: for each kind of part that either has, shared ÷ all;
    /// then the mean over the kinds.
    pub fn overlap(&self, other: &Self) -> f64 {
        let kinds = [
            (&self.tables, &other.tables),
            (&self.items, &other.items),
            (&self.conditions, &other.conditions),
            (&self.groups, &other.groups),
            (&self.order, &other.order),
            (&self.form, &other.form),
        ];
        let shares: Vec<f64> = kinds
            .into_iter()
            .filter(|(a, b)| !a.is_empty() || !b.is_empty())
            .map(|(a, b)| a.intersection(b).count() as f64 / a.union(b).count() as f64)
            .collect();
        if shares.is_empty() { 1.0 } else { shares.iter().sum::<f64>() / shares.len() as f64 }
    }

    /// Whether an outer join is used.
    pub fn has_outer_join(&self) -> bool {
        self.form.iter().any(|form| form.ends_with("outer join"))
    }

    fn conditions(&mut self, condition: Option<&Expr>) {
        let mut all = Vec::new();
        if let Some(condition) = condition {
            canonical::flatten(condition.clone(), &BinaryOperator::And, &mut all);
        }
        self.conditions.extend(all.iter().map(ToString::to_string));
    }
}

impl Look for Components {
    fn table_factor(&mut self, factor: &TableFactor) {
        if let TableFactor::Table { name, .. } = factor {
            let name = name.to_string();
            self.tables.insert(name.split('@').next().unwrap_or(&name).to_owned());
        }
    }

    fn query(&mut self, query: &Query) {
        if let Some(order_by) = &query.order_by {
            self.order.insert(order_by.to_string());
        }
        if let Some(limit) = &query.limit_clause {
            self.order.insert(limit.to_string());
        }
        let mut body = &*query.body;
        while let SetExpr::SetOperation { left, op, set_quantifier, .. } = body {
            self.form.insert(format!("{op} {set_quantifier}"));
            body = left;
        }
        if let SetExpr::Values(values) = body {
            self.items.insert(values.to_string());
        }
    }

    fn select(&mut self, select: &Select) {
        self.items.extend(select.projection.iter().map(ToString::to_string));
        self.conditions(select.selection.as_ref());
        self.conditions(select.having.as_ref());
        if let GroupByExpr::Expressions(expressions, _) = &select.group_by {
            self.groups.extend(expressions.iter().map(ToString::to_string));
        }
        if let Some(distinct) = &select.distinct {
            self.groups.insert(distinct.to_string());
        }
        for join in select.from.iter().flat_map(|item| &item.joins) {
            let (constraint, outer) = match &join.join_operator {
                JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (c, Some("left outer join")),
                JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (c, Some("right outer join")),
                JoinOperator::FullOuter(c) => (c, Some("full outer join")),
                JoinOperator::Join(c) | JoinOperator::Inner(c) => (c, None),
                _ => continue,
            };
            self.form.extend(outer.map(str::to_owned));
            if let JoinConstraint::On(on) = constraint {
                self.conditions(Some(on));
            }
        }
    }
}
