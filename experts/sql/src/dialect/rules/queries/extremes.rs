//! `SELECT name, MAX(age) FROM t`, where SQLite returns the row that has the extreme.
//! <https://www.sqlite.org/lang_select.html#bareagg>

use sqlparser::ast::{
    Expr, Function, GroupByExpr, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query,
    SelectItem, SetExpr, Value,
};

use super::fixed::{bare_columns, covered};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{arguments, brief, holds_aggregate, outputs};
use crate::syntax::Dialect;
use crate::syntax::last_part;

/// What an expression is the highest or lowest of.
pub(super) fn extreme_of(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Nested(inner) => extreme_of(inner),
        Expr::Function(function) => extreme(function).map(|(_, value)| value),
        _ => None,
    }
}

/// MAX or MIN of one value, alone.
pub(super) fn is_extreme(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if extreme(function).is_some())
}

fn extreme(function: &Function) -> Option<(bool, Expr)> {
    let name = last_part(&function.name);
    if !matches!(name.as_str(), "max" | "min") || function.over.is_some() {
        return None;
    }
    match &arguments(function)?[..] {
        [one] => Some((name == "max", (*one).clone())),
        _ => None,
    }
}

/// `SELECT name, MAX(age) FROM t`: SQLite gives the row that has the extreme.
/// <https://www.sqlite.org/lang_select.html#bareagg>
pub(super) fn extreme_row(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if rewriter.dialect != Dialect::Sqlite || query.limit_clause.is_some() || query.order_by.is_some() {
        return;
    }
    let SetExpr::Select(select) = &mut *query.body else { return };
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if !modifiers.is_empty() || select.having.is_some() || select.distinct.is_some() {
        return;
    }
    let keys = keys.clone();
    let mut found = None;
    let mut missing = Vec::new();
    for output in outputs(select) {
        match output {
            Expr::Function(function) if extreme(function).is_some() => {
                if found.is_some() {
                    return;
                }
                found = extreme(function);
            }
            other if holds_aggregate(other) => return,
            other => bare_columns(other, &keys, &mut missing),
        }
    }
    missing.retain(|column| !covered(rewriter, column, &keys));
    let Some((most, value)) = found else { return };
    if missing.is_empty() || outputs(select).count() != select.projection.len() {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
            && is_extreme(expr)
        {
            *expr = value.clone();
        }
    }
    let by = |expr: Expr, down: bool, nulls_first| OrderByExpr {
        expr,
        options: OrderByOptions { sort: down.then_some(OrderBySort::Desc), nulls_first },
        with_fill: None,
    };
    let what = if keys.is_empty() { "the row" } else { "each group's row" };
    rewriter.changed(
        "row-of-extreme",
        format!("{what} with the {} {} is meant", if most { "highest" } else { "lowest" }, brief(&value)),
    );
    let mut order: Vec<OrderByExpr> = keys.iter().map(|key| by(key.clone(), false, None)).collect();
    // NULL is no extreme.
    order.push(by(value, most, most.then_some(false)));
    query.order_by = Some(OrderBy { kind: OrderByKind::Expressions(order), interpolate: None });
    if keys.is_empty() {
        let one = Expr::Value(Value::Number("1".to_owned(), false).into());
        query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(one), offset: None, limit_by: Vec::new() });
    } else {
        select.distinct = Some(sqlparser::ast::Distinct::On(keys));
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    }
}
