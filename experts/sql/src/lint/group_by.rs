//! A column beside an aggregate that is not grouped by. Where every such item is a plain column and
//! some grouping is there, the columns join it: what the statement then returns is what it can only
//! have meant. Without any GROUP BY that would be a guess; and beside MIN or MAX the row with the
//! extreme may be meant, which more groups would not find.

use sqlparser::ast::{Expr, GroupByExpr, SelectItem, SetExpr, Statement};

use super::{Context, Found, code};
use crate::schema::last_part;

pub(super) fn check(context: &Context<'_>) -> Option<Found> {
    let found = context.resolved.findings.iter().find(|f| f.code == code::INCOMPLETE_GROUP_BY)?;
    match completed(context.statement) {
        Some(statement) => Found::repaired(found.message.clone(), statement),
        None => Found::new(found.message.clone()),
    }
}

/// The statement with the plain columns of its SELECT in its GROUP BY.
fn completed(statement: &Statement) -> Option<Statement> {
    let mut statement = statement.clone();
    let Statement::Query(query) = &mut statement else { return None };
    let SetExpr::Select(select) = &mut *query.body else { return None };
    let GroupByExpr::Expressions(grouped, modifiers) = &mut select.group_by else { return None };
    if grouped.is_empty() || !modifiers.is_empty() {
        return None;
    }
    let extreme = select.projection.iter().any(|item| {
        matches!(item, SelectItem::UnnamedExpr(Expr::Function(f)) | SelectItem::ExprWithAlias { expr: Expr::Function(f), .. }
            if matches!(last_part(&f.name).as_str(), "min" | "max"))
    });
    let before = grouped.len();
    for item in &select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return None };
        let plain = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if plain && !grouped.iter().any(|known| same_column(known, expr)) {
            grouped.push(expr.clone());
        }
    }
    (grouped.len() > before && !extreme).then_some(statement)
}

/// `t.a` and `a` are the same column here: both are in one SELECT, and a bare name is not ambiguous.
fn same_column(a: &Expr, b: &Expr) -> bool {
    let name = |expr: &Expr| match expr {
        Expr::Identifier(ident) => Some((None, ident.value.to_lowercase())),
        Expr::CompoundIdentifier(parts) => {
            let column = parts.last()?.value.to_lowercase();
            Some((parts.len().checked_sub(2).and_then(|i| parts.get(i)).map(|t| t.value.to_lowercase()), column))
        }
        _ => None,
    };
    match (name(a), name(b)) {
        (Some((ta, ca)), Some((tb, cb))) => ca == cb && (ta.is_none() || tb.is_none() || ta == tb),
        _ => false,
    }
}
