//! ORDER BY beside DISTINCT, over set operators, and where NULL sorts.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, OrderByExpr, OrderByKind, OrderBySort, Query, SelectItem, SetExpr, Statement,
    TableFactor,
};

use super::outputs::aliases;
use crate::dialect::names::plain;
use crate::dialect::ordering::{order_item, place_of_null};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{aggregated, number, same};
use crate::dialect::template::build;
use crate::dialect::values::enums;
use crate::syntax::statement;

/// `… UNION … ORDER BY name COLLATE NOCASE`: by more than an output's name PostgreSQL sorts the rows of a
/// query alone.
pub(super) fn order_of_set(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let Some(order_by) = &query.order_by else { return };
    let OrderByKind::Expressions(items) = &order_by.kind else { return };
    let is_plain = |item: &OrderByExpr| matches!(item.expr, Expr::Identifier(_) | Expr::Value(_));
    if !matches!(&*query.body, SetExpr::SetOperation { .. }) || items.iter().all(is_plain) {
        return;
    }
    let Ok(Statement::Query(mut whole)) = statement::parse_one("SELECT * FROM (SELECT 1) AS whole") else { return };
    let SetExpr::Select(select) = &mut *whole.body else { return };
    let names = set_outputs(rewriter, &query.body);
    if names.iter().all(|(name, _)| !name.is_empty()) {
        let column = |(name, _): &(String, bool)| Expr::Identifier(plain(&Ident::new(name.clone())));
        select.projection = names.iter().map(|name| SelectItem::UnnamedExpr(column(name))).collect();
    }
    if let Some(TableFactor::Derived { subquery, .. }) = select.from.first_mut().map(|item| &mut item.relation) {
        std::mem::swap(&mut subquery.body, &mut query.body);
        query.body = whole.body;
        rewriter.changed("order-of-set", "the rows of several queries are sorted as those of one".to_owned());
    }
}

/// `SELECT DISTINCT a … ORDER BY b`: PostgreSQL wants `b` among the outputs. Groups say the same.
pub(super) fn ordered_distinct(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    if !matches!(select.distinct, Some(Distinct::Distinct)) {
        return;
    }
    let Some(order_by) = &mut query.order_by else { return };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    let outputs: Vec<Expr> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
            _ => None,
        })
        .collect();
    let named = aliases(select);
    let is_output = |expr: &Expr| {
        matches!(expr, Expr::Value(_))
            || outputs.iter().any(|output| same(output, expr))
            || matches!(expr, Expr::Identifier(ident) if named.iter().any(|(name, _)| *name == ident.value.to_lowercase()))
    };
    // An ENUM that is put out is sorted by its number, which is not.
    let numbered = |item: &OrderByExpr| rewriter.certain && enums::is_reordered(rewriter, &item.expr);
    if outputs.len() != select.projection.len() || items.iter().all(|item| is_output(&item.expr) && !numbered(item)) {
        return;
    }
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped {
        // Groups whose keys are all put out are distinct already.
        if let GroupByExpr::Expressions(keys, _) = &select.group_by
            && keys.iter().all(|key| outputs.iter().any(|output| same(output, key)))
        {
            rewriter.changed("distinct", "`DISTINCT` of groups by all their keys goes".to_owned());
            select.distinct = None;
        }
        return;
    }
    if aggregated(select) {
        return;
    }
    rewriter.changed("distinct", "`DISTINCT` ordered by something else is written GROUP BY".to_owned());
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(outputs.clone(), Vec::new());
    for item in items.iter_mut().filter(|item| !is_output(&item.expr)) {
        let down = matches!(item.options.sort, Some(OrderBySort::Desc));
        let template = if down { "MAX($1)" } else { "MIN($1)" };
        if let Some(extreme) = build(template, &[&item.expr]) {
            item.expr = extreme;
        }
    }
}

/// NULL comes first in ascending order there, and last in PostgreSQL.
pub(super) fn nulls(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let outputs: Vec<Option<Expr>> = match &*query.body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let named = match &*query.body {
        SetExpr::Select(select) => aliases(select),
        _ => Vec::new(),
    };
    let whole: Vec<(String, bool)> = match &*query.body {
        SetExpr::SetOperation { .. } => set_outputs(rewriter, &query.body),
        _ => Vec::new(),
    };
    let Some(order_by) = &mut query.order_by else { return };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    for item in items {
        // Of several queries' rows, the outputs alone can be named.
        let output = match &item.expr {
            Expr::Value(value) => number(value).and_then(|n| usize::try_from(n - 1).ok()).and_then(|n| whole.get(n)),
            Expr::Identifier(ident) => whole.iter().find(|(name, _)| *name == ident.value.to_lowercase()),
            _ => None,
        };
        if let Some((_, not_null)) = output {
            if !not_null {
                place_of_null(rewriter, item);
            }
            continue;
        }
        let stands_for = match &item.expr {
            Expr::Value(value) => {
                let position = number(value).and_then(|n| usize::try_from(n - 1).ok());
                position.and_then(|p| outputs.get(p).cloned().flatten())
            }
            Expr::Identifier(ident) => {
                named.iter().find(|(name, _)| *name == ident.value.to_lowercase()).map(|(_, expr)| expr.clone())
            }
            _ => None,
        };
        order_item(rewriter, item, stands_for.as_ref());
    }
}

/// The outputs of a set operation: their names in lower case, and whether no part of it gives NULL there.
fn set_outputs(rewriter: &Rewriter<'_>, body: &SetExpr) -> Vec<(String, bool)> {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            let right = set_outputs(rewriter, right);
            let left = set_outputs(rewriter, left).into_iter().enumerate();
            left.map(|(n, (name, never))| (name, never && right.get(n).is_some_and(|(_, never)| *never))).collect()
        }
        SetExpr::Query(query) => set_outputs(rewriter, &query.body),
        SetExpr::Select(select) => {
            let mut scopes = rewriter.scopes.clone();
            scopes.enter_select(select);
            let outputs = select.projection.iter().map(|item| match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = match expr {
                        Expr::Identifier(ident) => ident.value.to_lowercase(),
                        Expr::CompoundIdentifier(parts) => {
                            parts.last().map_or_else(String::new, |part| part.value.to_lowercase())
                        }
                        _ => String::new(),
                    };
                    (name, scopes.known(expr).is_some_and(|known| known.not_null))
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    (alias.value.to_lowercase(), scopes.known(expr).is_some_and(|known| known.not_null))
                }
                _ => (String::new(), false),
            });
            outputs.collect()
        }
        _ => Vec::new(),
    }
}
