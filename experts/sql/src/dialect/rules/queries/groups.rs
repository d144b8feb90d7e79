//! GROUP BY that says less than PostgreSQL asks for. SQLite and MySQL take a column that is neither
//! grouped nor aggregated from some row of the group. Where every row of a group has the same value
//! there, as a key or the record's own rows prove, the column joins GROUP BY; where one row is meant,
//! the one with the highest or lowest value, that row is asked for. Otherwise the value is any row's,
//! and no statement of PostgreSQL's means the same: nothing joins on a guess.

use sqlparser::ast::{Expr, GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Statement};

use super::extremes::is_extreme;
use super::fixed::{Joined, bare_columns, covered, fixed_columns, place};
use crate::dialect::names::Names;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{aggregated, brief, holds_aggregate, number, outputs};
use crate::dialect::values::dependencies::determines;
use crate::syntax::Dialect;
use crate::syntax::walk::{self, Edit};

/// Adds what is neither grouped nor aggregated to GROUP BY.
pub(super) fn complete(rewriter: &mut Rewriter<'_>, select: &mut Select) {
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if keys.is_empty() || !modifiers.is_empty() || keys.iter().any(is_of_sets) {
        return;
    }
    // `GROUP BY 1` and `GROUP BY name_of_an_output` stand for outputs.
    let all: Vec<&Expr> = outputs(select).collect();
    let mut known: Vec<Expr> = keys.clone();
    for key in keys {
        if let Expr::Value(value) = key
            && let Some(position) = number(value).and_then(|n| usize::try_from(n - 1).ok())
            && let Some(output) = all.get(position)
        {
            known.push((*output).clone());
        }
        if let Expr::Identifier(ident) = key {
            let named = select.projection.iter().find_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&ident.value) => {
                    Some(expr)
                }
                _ => None,
            });
            known.extend(named.cloned());
        }
    }
    let mut missing: Vec<Expr> = Vec::new();
    for output in outputs(select).chain(&select.having) {
        bare_columns(output, &known, &mut missing);
    }
    let joined = Joined::of(rewriter, select);
    missing.retain(|column| !covered(rewriter, column, &known) && !is_outer(rewriter, column));
    if missing.is_empty() {
        return;
    }
    let extreme = outputs(select).filter(|output| is_extreme(output)).count();
    let aggregates = outputs(select).filter(|output| holds_aggregate(output)).count();
    let dependent = missing.iter().all(|column| depends(rewriter, column, &known, &joined));
    let one_row = extreme == 1 && aggregates == 1 && select.having.is_none() && select.distinct.is_none();
    if !dependent && one_row && !rewriter.ordered() && rewriter.dialect == Dialect::Sqlite {
        // The row with the extreme is meant, not one more group: see `extreme_row`.
        return;
    }
    if !dependent && let Some(column) = missing.iter().find(|column| !proven(rewriter, column, &known, &joined)) {
        refuse(rewriter, column);
        return;
    }
    let list: Vec<String> = missing.iter().map(brief).collect();
    rewriter.changed(
        if dependent { "incomplete-group-by" } else { "guessed-group-by" },
        format!("{} joins GROUP BY", list.join(", ")),
    );
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.extend(missing);
    }
}

/// The same for ORDER BY, which stands outside of the SELECT.
pub(super) fn complete_order(rewriter: &mut Rewriter<'_>, query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    let Some(order_by) = &query.order_by else { return };
    let OrderByKind::Expressions(items) = &order_by.kind else { return };
    let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else { return };
    if !modifiers.is_empty() || keys.iter().any(is_of_sets) || (keys.is_empty() && !aggregated(select)) {
        return;
    }
    let mut missing = Vec::new();
    let mut known: Vec<Expr> = keys.clone();
    known.extend(outputs(select).cloned());
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            known.push(Expr::Identifier(alias.clone()));
        }
    }
    for item in items {
        bare_columns(&item.expr, &known, &mut missing);
    }
    missing.retain(|column| !covered(rewriter, column, keys));
    if missing.is_empty() {
        return;
    }
    if keys.is_empty() {
        rewriter.changed("order-of-one-row", "the order of a single row goes".to_owned());
        query.order_by = None;
        return;
    }
    let joined = Joined::of(rewriter, select);
    let keys = keys.clone();
    let dependent = missing.iter().all(|column| depends(rewriter, column, &keys, &joined));
    if !dependent && let Some(column) = missing.iter().find(|column| !proven(rewriter, column, &keys, &joined)) {
        refuse(rewriter, column);
        return;
    }
    let list: Vec<String> = missing.iter().map(brief).collect();
    let rule = if dependent { "incomplete-group-by" } else { "guessed-group-by" };
    rewriter.changed(rule, format!("{} joins GROUP BY", list.join(", ")));
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        keys.extend(missing);
    }
}

/// `ROLLUP (…)` and the like: several groupings at once.
fn is_of_sets(key: &Expr) -> bool {
    matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_))
}

/// Whether a column is of a query around this one: within it, it has one value.
fn is_outer(rewriter: &Rewriter<'_>, column: &Expr) -> bool {
    let Expr::CompoundIdentifier(parts) = column else { return false };
    let [.., qualifier, _] = &parts[..] else { return false };
    let qualifier = qualifier.value.to_lowercase();
    rewriter.scopes.innermost().is_some_and(|scope| !scope.has(&qualifier)) && rewriter.scopes.known(column).is_some()
}

/// Whether the column has one value in each group: a key of its table is fixed by the group's own
/// columns and what they are joined with.
fn depends(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr], joined: &Joined) -> bool {
    let Some((relation, _, name)) = place(rewriter, column) else { return false };
    fixed_columns(rewriter, keys, joined).contains(&(relation, name))
}

fn refuse(rewriter: &mut Rewriter<'_>, column: &Expr) {
    let why = format!(
        "`{}` is neither in GROUP BY nor inside an aggregate, and its group may have several values of it",
        brief(column)
    );
    rewriter.refuse("incomplete-group-by", why);
}

/// Whether the column has one value in each group of the record's own rows, though no key says so.
/// A column that joined the groups without that would make more of them, which COUNT, SUM, HAVING
/// and ORDER BY look at.
fn proven(rewriter: &Rewriter<'_>, column: &Expr, keys: &[Expr], joined: &Joined) -> bool {
    let Some((relation, table, name)) = place(rewriter, column) else { return false };
    let fixed = fixed_columns(rewriter, keys, joined);
    if fixed.contains(&(relation.clone(), name.clone())) {
        return true;
    }
    let fixed: Vec<&str> = fixed.iter().filter(|(r, _)| *r == relation).map(|(_, c)| c.as_str()).collect();
    determines(rewriter.tables, &table, &fixed, &name) == Some(true)
}

/// The statement with its groups complete, as far as a key or the schema's own rows say what belongs
/// to each; `None` where nothing is missing or something is not proved.
pub(crate) fn completed_groups(statement: &Statement, tables: &[Statement]) -> Option<Statement> {
    struct Complete<'r, 'n>(&'r mut Rewriter<'n>);
    impl Edit for Complete<'_, '_> {
        fn query(&mut self, query: &mut Query) {
            self.0.scopes.enter_query(query);
        }

        fn query_end(&mut self, query: &mut Query) {
            complete_order(self.0, query);
            self.0.scopes.leave();
        }

        fn select(&mut self, select: &mut Select) {
            self.0.scopes.enter_select(select);
        }

        fn select_end(&mut self, select: &mut Select) {
            complete(self.0, select);
            self.0.scopes.leave();
        }
    }
    let names = Names::of(tables);
    let mut rewriter = Rewriter::new(Dialect::Postgres, true, tables, &names);
    let mut statement = statement.clone();
    walk::edit(&mut statement, &mut Complete(&mut rewriter));
    (rewriter.refused.is_none() && !rewriter.changes.is_empty()).then_some(statement)
}
