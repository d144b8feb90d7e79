//! `SELECT *` in the outer query, which does not say which columns it returns. If they are known, they are written out.

use sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Statement, TableFactor};

use super::{Context, Found};
use crate::syntax::last_part;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::Query(query) = context.statement else { return None };
    let SetExpr::Select(select) = &*query.body else { return None };
    if !select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_))) {
        return None;
    }
    let message = "`SELECT *` does not say which columns come";
    match written_out(context) {
        Some(statement) => Found::repaired(message, statement),
        None => Found::new(message),
    }
}

/// The statement with the columns of its only table in place of the star.
fn written_out(context: &Context<'_>) -> Option<Statement> {
    let mut statement = context.statement.clone();
    let Statement::Query(query) = &mut statement else { return None };
    let SetExpr::Select(select) = &mut *query.body else { return None };
    let [item] = &select.from[..] else { return None };
    let TableFactor::Table { name, alias: None, args: None, .. } = &item.relation else { return None };
    if !item.joins.is_empty() || query.with.is_some() || select.projection.len() != 1 {
        return None;
    }
    let columns = context.catalog.table(&last_part(name))?.column_names.as_ref()?;
    // A name that PostgreSQL would fold or refuse would need the quotes that it has in the schema.
    if !columns.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')) {
        return None;
    }
    let item = |column: &String| SelectItem::UnnamedExpr(Expr::Identifier(Ident::new(column.clone())));
    select.projection = columns.iter().map(item).collect();
    Some(statement)
}
