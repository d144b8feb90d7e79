//! Finds the column of a SELECT with aggregates that is neither grouped nor aggregated. It works on canonical form; as
//! in PostgreSQL, a primary key in GROUP BY covers its table.

use sqlparser::ast::{Expr, Function, GroupByExpr, Query, Select, SelectItem, Statement};

use crate::scope::Scope;
use crate::syntax::walk::{self, Look};

/// PostgreSQL's aggregate functions.
const AGGREGATES: [&str; 38] = [
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "every",
    "grouping",
    "json_agg",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_object_agg",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "variance",
    "xmlagg",
];

/// The first column in the select items, in HAVING or in `ordered` that PostgreSQL would refuse, as `table.column`.
pub fn ungrouped(select: &Select, scope: &Scope, ordered: &[&Expr]) -> Option<String> {
    let GroupByExpr::Expressions(grouped, modifiers) = &select.group_by else { return None };
    let mut keys = Vec::new();
    for expr in grouped {
        match expr {
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => keys.extend(sets.iter().flatten()),
            Expr::Tuple(parts) => keys.extend(parts),
            other => keys.push(other),
        }
    }
    if !modifiers.is_empty() {
        return None;
    }
    let wildcard = select.projection.iter().any(|item| !matches!(item, SelectItem::UnnamedExpr(_)));
    let expressions = || {
        let items = select.projection.iter().filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) => Some(expr),
            _ => None,
        });
        items.chain(&select.having).chain(ordered.iter().copied())
    };
    let mut aggregates = HasAggregate { depth: 0 };
    let aggregated = select.having.is_some() || expressions().any(|e| !walk::expr(e, &mut aggregates));
    if keys.is_empty() && !aggregated {
        return None;
    }
    let mut search = Search { keys: &keys, scope, covered: 0, found: None };
    let complete = expressions().all(|e| walk::expr(e, &mut search));
    if complete { (wildcard && keys.is_empty()).then(|| "*".to_owned()) } else { search.found }
}

/// Whether a call aggregates.
pub fn is_aggregate(function: &Function) -> bool {
    function.over.is_none() && AGGREGATES.binary_search(&function.name.to_string().to_lowercase().as_str()).is_ok()
}

/// Whether a statement groups or aggregates anywhere.
pub fn groups(statement: &Statement) -> bool {
    let mut groups = Groups(false);
    walk::statement(statement, &mut groups);
    groups.0
}

struct Groups(bool);

impl Look for Groups {
    fn select(&mut self, select: &Select) {
        self.0 |= !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        self.0 |= matches!(expr, Expr::Function(function) if is_aggregate(function));
        !self.0
    }
}

/// Ends the walk at an aggregate that belongs to this SELECT.
struct HasAggregate {
    depth: usize,
}

impl Look for HasAggregate {
    fn query(&mut self, _: &Query) {
        self.depth += 1;
    }

    fn query_end(&mut self, _: &Query) {
        self.depth -= 1;
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        self.depth > 0 || !matches!(expr, Expr::Function(function) if is_aggregate(function))
    }
}

/// Ends the walk at a column that is not covered.
struct Search<'a> {
    keys: &'a [&'a Expr],
    scope: &'a Scope,
    /// How many covered expressions and sub-queries enclose the current node.
    covered: usize,
    /// The column at which the walk ended.
    found: Option<String>,
}

impl Search<'_> {
    fn covers(&self, expr: &Expr) -> bool {
        self.keys.contains(&expr) || matches!(expr, Expr::Function(function) if is_aggregate(function))
    }

    /// A column, by the names that the statement uses.
    fn as_written(&self, table: &str, column: &str) -> String {
        let binding = self.scope.iter().find(|b| b.canonical == table);
        let known = binding.and_then(|b| b.columns.as_ref()?.iter().find(|c| c.canonical == column));
        let column = known.map_or(column, |c| c.name.as_str());
        match binding.and_then(|b| b.name.as_ref()) {
            Some(table) => format!("{table}.{column}"),
            None => column.to_owned(),
        }
    }

    /// Whether the primary key of the column's table is grouped by.
    fn key_covers(&self, table: &str) -> bool {
        let Some(binding) = self.scope.iter().find(|b| b.canonical == table) else { return true };
        let grouped = |key: &String| {
            self.keys.iter().any(|expr| match expr {
                Expr::CompoundIdentifier(parts) => {
                    parts.len() == 2 && parts[0].value == binding.canonical && parts[1].value == *key
                }
                _ => false,
            })
        };
        !binding.key.is_empty() && binding.key.iter().all(grouped)
    }
}

impl Look for Search<'_> {
    fn query(&mut self, _: &Query) {
        self.covered += 1;
    }

    fn query_end(&mut self, _: &Query) {
        self.covered -= 1;
    }

    fn expr(&mut self, expr: &Expr) -> bool {
        if self.covers(expr) {
            self.covered += 1;
        } else if self.covered == 0
            && let Expr::CompoundIdentifier(parts) = expr
            && let [table, column] = &parts[..]
            && !self.key_covers(&table.value)
        {
            self.found = Some(self.as_written(&table.value, &column.value));
            return false;
        }
        true
    }

    fn expr_end(&mut self, expr: &Expr) {
        if self.covers(expr) {
            self.covered -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_can_be_searched() {
        assert!(super::AGGREGATES.is_sorted());
    }
}
