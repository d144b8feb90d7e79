//! `GROUP BY BINARY name`, `SELECT DISTINCT name COLLATE utf8mb4_bin`: outputs and keys that are told apart
//! by their bytes. They bear PostgreSQL's collation "C" until the rules for groups, sets and orders have
//! seen it; then it goes, since PostgreSQL's equality of texts is that of their bytes anyway.

use sqlparser::ast::{Expr, GroupByExpr, Query, Select, SelectItem, SetExpr};

use crate::catalog::ValueKind;
use crate::dialect::collations::{bare, is_binary};
use crate::dialect::rewriter::Rewriter;
use crate::dialect::template::build;
use crate::syntax::Dialect;

/// Marks them, before what is inside of them is rewritten.
pub(in crate::dialect) fn mark(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    if !rewriter.certain || rewriter.dialect == Dialect::Postgres {
        return;
    }
    let outputs = select.projection.iter_mut().filter_map(output);
    for expr in outputs.chain(keys(&mut select.group_by)) {
        let inner = bare(expr);
        if is_binary(expr)
            && matches!(rewriter.scopes.kind(&inner), None | Some(ValueKind::Text))
            && let Some(marked) = build("$1 COLLATE \"C\"", &[&inner])
        {
            rewriter.changed("collation", format!("{inner} is told apart by its bytes"));
            *expr = marked;
        }
    }
}

/// Once keys have been looked at.
pub(in crate::dialect) fn keys_end(select: &mut Select) {
    keys(&mut select.group_by).for_each(strip);
}

/// Once the order and what is made of several queries have been looked at.
pub(in crate::dialect) fn outputs_end(query: &mut Query) {
    let mut bodies = vec![&mut *query.body];
    while let Some(body) = bodies.pop() {
        match body {
            SetExpr::Select(select) => select.projection.iter_mut().filter_map(output).for_each(strip),
            SetExpr::SetOperation { left, right, .. } => bodies.extend([&mut **left, &mut **right]),
            _ => {}
        }
    }
}

fn output(item: &mut SelectItem) -> Option<&mut Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn keys(group_by: &mut GroupByExpr) -> std::slice::IterMut<'_, Expr> {
    match group_by {
        GroupByExpr::Expressions(keys, _) => keys.iter_mut(),
        GroupByExpr::All(_) => [].iter_mut(),
    }
}

fn strip(expr: &mut Expr) {
    if let Expr::Collate { expr: inner, collation } = expr
        && collation.to_string() == "\"C\""
    {
        *expr = (**inner).clone();
    }
}
