//! ORDER BY and set operators.

use sqlparser::ast::{GroupByExpr, OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, SetQuantifier};

use super::keys::output_of;
use crate::dialect::collations::{bare, is_binary};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, same};
use crate::dialect::template::build;
use crate::dialect::values::letter_case::{Decides, compared, decides, lower, unequal_but_for_case};
use crate::syntax::Dialect;

/// `ORDER BY name COLLATE utf8mb4_bin`, `ORDER BY BINARY name`: by the bytes, which PostgreSQL's "C" does.
pub(in crate::dialect) fn binary_order(rewriter: &mut Rewriter<'_>, item: &mut OrderByExpr) {
    if rewriter.dialect == Dialect::MySql
        && rewriter.certain
        && is_binary(&item.expr)
        && let Some(bytes) = build("$1 COLLATE \"C\"", &[&bare(&item.expr)])
    {
        rewriter.changed("collation", format!("{} is sorted by its bytes", brief(&item.expr)));
        item.expr = bytes;
    }
}

/// ORDER BY, and set operators that drop what repeats.
pub(in crate::dialect) fn query(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    let Some(order_by) = &mut query.order_by else { return set_operator(rewriter, &query.body) };
    let OrderByKind::Expressions(items) = &mut order_by.kind else { return };
    let SetExpr::Select(select) = &*query.body else {
        set_operator(rewriter, &query.body);
        return set_order(rewriter, &query.body, items);
    };
    for item in items {
        order_item(rewriter, select, item);
    }
}

/// The order of a set operation's rows: only its outputs can be named there, and not within LOWER.
fn set_order(rewriter: &mut Rewriter<'_>, body: &SetExpr, items: &[OrderByExpr]) {
    let mut first = body;
    let select = loop {
        match first {
            SetExpr::SetOperation { left, .. } => first = left,
            SetExpr::Query(query) => first = &query.body,
            SetExpr::Select(select) => break select,
            _ => return,
        }
    };
    let mut scopes = rewriter.scopes.clone();
    scopes.enter_select(select);
    for item in items {
        let value = output_of(&select.projection, &item.expr).unwrap_or_else(|| item.expr.clone());
        if compared(&scopes, rewriter.dialect, &value).is_some_and(|found| found.texts.has_letters()) {
            return rewriter.notes_case(&value);
        }
    }
}

fn order_item(rewriter: &mut Rewriter<'_>, select: &Select, item: &mut OrderByExpr) {
    let stands_for = output_of(&select.projection, &item.expr);
    let value = stands_for.as_ref().unwrap_or(&item.expr).clone();
    // By a group's key, which is in lower case by now.
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        let lowered = build("LOWER($1)", &[&value]);
        if lowered.is_some_and(|lowered| keys.iter().any(|key| same(key, &lowered))) {
            let mut value = value;
            lower(&mut value);
            item.expr = value;
            return;
        }
    }
    match rewriter.order_of(&value) {
        Decides::No => {}
        Decides::Yes if select.distinct.is_none() => {
            rewriter.passes_over_case(&value);
            let mut value = value;
            lower(&mut value);
            item.expr = value;
        }
        _ => rewriter.notes_case(&value),
    }
}

/// `UNION` without ALL, EXCEPT, INTERSECT of texts.
fn set_operator(rewriter: &mut Rewriter<'_>, body: &SetExpr) {
    let SetExpr::SetOperation { set_quantifier, left, right, .. } = body else { return };
    if matches!(set_quantifier, SetQuantifier::All) || rewriter.dialect != Dialect::MySql {
        return;
    }
    let SetExpr::Select(select) = &**left else { return };
    // Texts of both sides that are shown to be one there.
    if let SetExpr::Select(other) = &**right {
        for (item, other_item) in select.projection.iter().zip(&other.projection) {
            let of = |select: &Select, item: &SelectItem| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    let mut scopes = rewriter.scopes.clone();
                    scopes.enter_select(select);
                    compared(&scopes, Dialect::MySql, expr)
                }
                _ => None,
            };
            let (a, b) = (of(select, item), of(other, other_item));
            let among = [(&a, &b), (&a, &a), (&b, &b)]
                .into_iter()
                .any(|(a, b)| decides(Dialect::MySql, a.as_ref(), b.as_ref(), unequal_but_for_case) == Decides::Yes);
            if among {
                let why = format!("texts of {item} that differ in case alone are one row of the set in MySQL");
                return rewriter.refuse("case-in-set", why);
            }
        }
    }
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            let mut scopes = rewriter.scopes.clone();
            scopes.enter_select(select);
            if compared(&scopes, rewriter.dialect, expr).is_some_and(|found| found.texts.has_letters()) {
                rewriter.notes_case(expr);
                return;
            }
        }
    }
}
