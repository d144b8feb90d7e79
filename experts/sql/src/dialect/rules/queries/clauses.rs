//! The clauses of one query: LIMIT, WHERE, HAVING, GROUP BY and windows.

use sqlparser::ast::{
    Expr, GroupByExpr, GroupByWithModifier, LimitClause, Offset, OffsetRows, OrderByKind, Query, Select, SelectItem,
    SetExpr, Value,
};

use super::extremes::extreme_row;
use super::from::from;
use super::groups::{complete, complete_order};
use super::order::{nulls, order_of_set, ordered_distinct};
use super::outputs::{aliases, hiding, insert_outputs};
use crate::dialect::conditions::condition;
use crate::dialect::ordering::order_item;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{aggregated, arguments, named_windows};
use crate::dialect::template::enclosed;
use crate::syntax::Dialect;

/// Rewrites the clauses around a query's body.
pub(in crate::dialect) fn query(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    limit(rewriter, query);
    if let SetExpr::Select(select) = &*query.body {
        let aliases = aliases(select);
        if let Some(order_by) = &mut query.order_by
            && let OrderByKind::Expressions(items) = &mut order_by.kind
        {
            for item in items.iter_mut() {
                // PostgreSQL knows an output's name there alone, and not within an expression.
                if !matches!(item.expr, Expr::Identifier(_)) {
                    insert_outputs(rewriter, &mut item.expr, &aliases);
                }
            }
        }
    }
    order_of_set(rewriter, query);
    ordered_distinct(rewriter, query);
    complete_order(rewriter, query);
    nulls(rewriter, query);
    extreme_row(rewriter, query);
}

/// Puts outputs in place of their names in WHERE and HAVING, before any rule looks at them.
pub(in crate::dialect) fn outputs_by_name(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let aliases = aliases(select);
    if let Some(selection) = &mut select.selection {
        insert_outputs(rewriter, selection, &aliases);
    }
    if let Some(having) = &mut select.having {
        insert_outputs(rewriter, having, &hiding(rewriter, &select.group_by, &aliases));
        insert_outputs(rewriter, having, &aliases);
    }
}

/// Rewrites the clauses of a SELECT.
pub(in crate::dialect) fn select(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    from(rewriter, select);
    let aliases = aliases(select);
    if let Some(selection) = &mut select.selection {
        condition(rewriter, selection);
    }
    if let Some(having) = &mut select.having {
        condition(rewriter, having);
    }
    having_without_groups(rewriter, select);
    if let GroupByExpr::Expressions(items, _) = &mut select.group_by {
        for item in items {
            if !matches!(item, Expr::Identifier(_)) {
                insert_outputs(rewriter, item, &aliases);
            }
        }
    }
    for window in named_windows(select) {
        window.order_by.iter_mut().for_each(|item| order_item(rewriter, item, None));
    }
    any_value(rewriter, select);
    rollup(rewriter, select);
    complete(rewriter, select);
    if select.select_modifiers.take().is_some_and(|m| m.is_any_set()) {
        rewriter.changed("select-option", "an option of another database's SELECT goes".to_owned());
    }
}

/// `LIMIT a, b`, and limits that mean none.
fn limit(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &query.limit_clause {
        let offset = Offset { value: offset.clone(), rows: OffsetRows::None };
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(limit.clone()), offset: Some(offset), limit_by: Vec::new() });
        rewriter.changed("limit", "`LIMIT a, b` is written LIMIT b OFFSET a".to_owned());
    }
    if let Some(LimitClause::LimitOffset { limit: limit @ Some(_), offset, .. }) = &mut query.limit_clause {
        let none = limit.as_ref().is_some_and(|expr| match expr {
            Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, .. } => true,
            Expr::Value(value) => {
                matches!(&value.value, Value::Number(n, _) if *n == "18446744073709551615")
            }
            _ => false,
        });
        if none {
            rewriter.changed("limit", "a LIMIT that means none goes".to_owned());
            *limit = None;
            if offset.is_none() {
                query.limit_clause = None;
            }
        }
    }
    // `FETCH`, `TOP`: SQL Server's.
    if let SetExpr::Select(select) = &mut *query.body
        && let Some(top) = select.top.take_if(|top| !top.with_ties && !top.percent)
    {
        let quantity = match top.quantity {
            Some(sqlparser::ast::TopQuantity::Constant(n)) => {
                Some(Expr::Value(Value::Number(n.to_string(), false).into()))
            }
            Some(sqlparser::ast::TopQuantity::Expr(expr)) => Some(expr),
            None => None,
        };
        if quantity.is_some() && query.limit_clause.is_none() {
            query.limit_clause = Some(LimitClause::LimitOffset { limit: quantity, offset: None, limit_by: Vec::new() });
            rewriter.changed("limit", "`TOP n` is written LIMIT n".to_owned());
        }
    }
}

/// `GROUP BY a, b WITH ROLLUP`.
fn rollup(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    if let GroupByExpr::Expressions(keys, modifiers) = &mut select.group_by
        && matches!(modifiers[..], [GroupByWithModifier::Rollup])
    {
        let sets = std::mem::take(keys).into_iter().map(|key| vec![key]).collect();
        *keys = vec![Expr::Rollup(sets)];
        modifiers.clear();
        rewriter.changed("rollup", "`WITH ROLLUP` is written ROLLUP (…)".to_owned());
    }
}

/// MySQL's ANY_VALUE is no aggregate: without groups it is each row's own value.
fn any_value(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped || rewriter.dialect != Dialect::MySql || !rewriter.certain {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
            && let Expr::Function(function) = &*expr
            && crate::syntax::last_part(&function.name) == "any_value"
            && let Some([value]) = arguments(function).as_deref()
        {
            rewriter.changed("function", "`ANY_VALUE` without groups is each row's value".to_owned());
            *expr = (*value).clone();
        }
    }
}

/// MySQL filters rows by HAVING where nothing is grouped.
fn having_without_groups(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(items, _) if items.is_empty());
    if grouped || select.having.is_none() || aggregated(select) {
        return;
    }
    let Some(having) = select.having.take() else { return };
    rewriter.changed("having", "`HAVING` without groups is written WHERE".to_owned());
    select.selection = Some(match select.selection.take() {
        None => having,
        Some(selection) => Expr::BinaryOp {
            left: Box::new(enclosed(selection)),
            op: sqlparser::ast::BinaryOperator::And,
            right: Box::new(enclosed(having)),
        },
    });
}
