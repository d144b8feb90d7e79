//! Names of outputs where PostgreSQL knows only columns: in WHERE, HAVING, GROUP BY and within expressions of
//! ORDER BY.

use sqlparser::ast::{Expr, GroupByExpr, Query, Select, SelectItem};

use super::extremes::extreme_of;
use crate::dialect::rewriter::Rewriter;
use crate::dialect::syntax::{brief, holds_aggregate, same};
use crate::dialect::template::enclosed;
use crate::grouping::is_aggregate;
use crate::syntax::Dialect;
use crate::syntax::walk::{self, Edit};

/// Names of outputs and what they stand for.
pub(super) fn aliases(select: &Select) -> Vec<(String, Expr)> {
    let named = select.projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.to_lowercase(), expr.clone())),
        _ => None,
    });
    named.collect()
}

/// The outputs whose names HAVING means though columns have them as well: in MySQL all that is not
/// grouped by, in SQLite none, where a column beside its own MAX or MIN is that of its row.
pub(super) fn hiding(
    rewriter: &Rewriter<'_>,
    group_by: &GroupByExpr,
    aliases: &[(String, Expr)],
) -> Vec<(String, Expr)> {
    let GroupByExpr::Expressions(keys, _) = group_by else { return Vec::new() };
    let is_key = |name: &str| {
        keys.iter().any(|key| match key {
            Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case(name),
            Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|p| p.value.eq_ignore_ascii_case(name)),
            _ => false,
        })
    };
    let only = aliases.iter().filter(|(_, expr)| holds_aggregate(expr)).count() == 1;
    let own_extreme = |name: &str, expr: &Expr| {
        only && extreme_of(expr).is_some_and(|value| match value {
            Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case(name),
            Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|p| p.value.eq_ignore_ascii_case(name)),
            _ => false,
        })
    };
    let meant = aliases.iter().filter(|(name, expr)| match rewriter.dialect {
        Dialect::MySql => !is_key(name),
        _ => own_extreme(name, expr),
    });
    meant.map(|(name, expr)| (HIDING.to_owned() + name, expr.clone())).collect()
}

/// Marks a name among the outputs that hides a column's.
const HIDING: &str = "\0";

/// Puts outputs in place of their names where PostgreSQL knows only columns.
pub(super) fn insert_outputs(rewriter: &mut Rewriter<'_>, expr: &mut Expr, aliases: &[(String, Expr)]) {
    struct Insert<'a, 'r, 'n> {
        rewriter: &'a mut Rewriter<'n>,
        aliases: &'r [(String, Expr)],
        depth: usize,
        /// Depth within aggregates, which are of columns.
        aggregates: usize,
    }
    impl Edit for Insert<'_, '_, '_> {
        fn query(&mut self, _: &mut Query) {
            self.depth += 1;
        }

        fn query_end(&mut self, _: &mut Query) {
            self.depth -= 1;
        }

        fn expr(&mut self, expr: &mut Expr) {
            self.aggregates += usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
        }

        fn expr_end(&mut self, expr: &mut Expr) {
            self.aggregates -= usize::from(matches!(expr, Expr::Function(f) if is_aggregate(f)));
            if self.depth > 0 {
                return;
            }
            let Expr::Identifier(ident) = expr else { return };
            let name = ident.value.to_lowercase();
            let output = self.aliases.iter().find(|(alias, _)| match alias.strip_prefix(HIDING) {
                Some(alias) => *alias == name && self.aggregates == 0,
                None => *alias == name && !self.rewriter.is_column(ident),
            });
            if let Some((_, output)) = output
                && !same(output, &Expr::Identifier(ident.clone()))
            {
                let what = format!("`{}` stands for {} there", ident.value, brief(output));
                self.rewriter.changed("output-name", what);
                *expr = enclosed(output.clone());
            }
        }
    }
    if !aliases.is_empty() {
        walk::edit(expr, &mut Insert { rewriter, aliases, depth: 0, aggregates: 0 });
    }
}
