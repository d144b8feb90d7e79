//! What a statement does, as far as comparing results depends on it: whether it modifies data, returns rows, orders
//! them, reads the clock.

use sqlparser::ast::{Expr, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query, SetExpr, Statement, Value};

use crate::syntax::walk::{self, Look};

/// The query with all its columns behind those of its ORDER BY, so that no ties are left.
pub(super) fn with_ties_broken(query: &Query, width: usize, descending: bool) -> Option<String> {
    let mut query = query.clone();
    let OrderByKind::Expressions(keys) = &mut query.order_by.as_mut()?.kind else { return None };
    for column in 1..=width {
        let options = OrderByOptions { sort: descending.then_some(OrderBySort::Desc), nulls_first: None };
        let expr = Expr::Value(Value::Number(column.to_string(), false).into());
        keys.push(OrderByExpr { expr, options, with_fill: None });
    }
    Some(query.to_string())
}

/// Whether a query has an ORDER BY that its rows come in.
pub(super) fn is_ordered(query: &Query) -> bool {
    query.order_by.is_some() || matches!(&*query.body, SetExpr::Query(inner) if is_ordered(inner))
}

/// Whether a statement modifies data, be it in a common table expression.
pub fn modifies_data(statement: &Statement) -> bool {
    let mut search = ModifiesData(!matches!(statement, Statement::Query(_)));
    walk::statement(statement, &mut search);
    search.0
}

struct ModifiesData(bool);

impl Look for ModifiesData {
    fn statement(&mut self, statement: &Statement) {
        self.0 |= !matches!(statement, Statement::Query(_));
    }

    fn query(&mut self, query: &Query) {
        self.0 |= body_modifies_data(&query.body);
    }
}

fn body_modifies_data(body: &SetExpr) -> bool {
    match body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::SetOperation { left, right, .. } => body_modifies_data(left) || body_modifies_data(right),
        _ => false,
    }
}

/// Whether a statement returns rows.
pub(super) fn returns_rows(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => match &*query.body {
            SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) | SetExpr::Merge(inner) => {
                returns_rows(inner)
            }
            _ => true,
        },
        Statement::Insert(insert) => insert.returning.is_some(),
        Statement::Update(update) => update.returning.is_some(),
        Statement::Delete(delete) => delete.returning.is_some(),
        _ => false,
    }
}

/// Whether a text mentions the current date or time.
pub(super) fn reads_the_clock(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["now()", "current_date", "current_time", "localtime", "clock_timestamp", "'now'", "'today'"]
        .iter()
        .any(|word| lower.contains(word))
}
